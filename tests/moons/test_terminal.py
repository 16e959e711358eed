"""What is printed at 50, 80 and 120 columns: every number whole, every bracket a bracket."""

import os
import pty
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich import box
from rich.console import Console
from rich.table import Table

from moons.command_line import read_path
from moons.terminal import say, say_whole, show_table
from moons.words import shell

ROOT = Path(__file__).parents[2]
COLUMNS = ("trial", "val_mse", "best_epoch", "epochs", "lr", "batch_size", "encoder_hidden")
ROW = ("1234", "0.01938271", "1,000", "1,000", "0.00012345", "256", "[128, 64]")
CODE = """
from moons.terminal import console, say, say_whole, show_table
from tests.moons.test_terminal import table
screen = console()
show_table(screen, table())
say(screen, "best val_mse 0.01938271: trial 1234 with lr 0.00012345, encoder_hidden [128, 64]")
say_whole(screen, "/tmp/runs[v2]/x[/y]/a-folder-whose-name-is-longer-than-fifty-columns/study-1")
"""


def table():
    made = Table(title="the best", box=box.SIMPLE)
    for name in COLUMNS:
        made.add_column(name.replace("_", "_\n"), justify="right", no_wrap=True)
    made.add_row(*ROW)
    return made


def without_styles(text):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def on_a_tty(columns, **more):
    parent, child = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-c", CODE], stdout=child, stderr=child, cwd=ROOT,
        env=env | {"COLUMNS": str(columns), "TERM": "xterm-256color"} | more,
    )  # fmt: skip
    os.close(child)
    said = b""
    try:
        while part := os.read(parent, 4096):
            said += part
    except OSError:  # how Linux says that nobody writes any more
        pass
    os.close(parent)
    assert process.wait() == 0, said
    return said.decode().replace("\r\n", "\n")


def in_a_pipe(columns):
    env = os.environ | ({"COLUMNS": str(columns)} if columns else {})
    return subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout


def assert_nothing_is_cut(said, columns):
    words = without_styles(said).split()
    for cell in ROW:
        assert set(cell.split()) <= {word.strip(",") for word in words} | set(words)
    assert "…" not in said
    assert "runs[v2]/x[/y]" in said
    lines = without_styles(said).splitlines()[:-1]
    assert max(map(len, lines[:-1])) <= columns


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_no_number_is_cut_on_a_terminal_of_any_width(columns):
    assert_nothing_is_cut(on_a_tty(columns), columns)


@pytest.mark.parametrize("columns", [50, None])
def test_no_number_is_cut_in_a_pipe(columns):
    said = in_a_pipe(columns)
    assert "\x1b" not in said
    assert_nothing_is_cut(said, columns or 120)


def test_without_colour_the_words_are_the_same():
    assert "\x1b[3" in on_a_tty(80)
    plain = on_a_tty(80, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", plain)
    assert without_styles(plain) == without_styles(on_a_tty(80))


WORDS = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=12)


@given(st.integers(40, 130), st.lists(st.lists(WORDS, min_size=2, max_size=9), min_size=1))
def test_whatever_a_table_holds_every_word_of_it_is_printed_whole(width, rows):
    columns = min(map(len, rows))
    made = Table(box=box.SIMPLE)
    for place in range(columns):
        made.add_column(f"name_{place}", overflow="fold")
    for row in rows:
        made.add_row(*row[:columns])
    screen = Console(width=width, file=StringIO(), markup=False, highlight=False)
    show_table(screen, made)
    printed = screen.file.getvalue().split()
    found = {*printed, *(word.removesuffix(",") for word in printed)}
    assert {word for row in rows for word in row[:columns]} <= found


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "x[/y]", ":smile: [red]"])
def test_what_looks_like_markup_is_printed_as_it_is(text):
    screen = Console(width=80, file=StringIO(), markup=False)
    say(screen, text)
    say_whole(screen, text)
    assert screen.file.getvalue() == f"{text}\n" * 2


def test_a_command_can_be_pasted_whatever_its_paths_hold():
    assert shell("python", "-m", "study.run", "--resume", Path("a b/c'd[1]")) == (
        "python -m study.run --resume 'a b/c'\"'\"'d[1]'"
    )


def test_a_tilde_is_one_s_home_also_where_no_shell_says_so(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert read_path("~/x") == Path("/home/somebody/x")
    assert read_path("a/~/x") == Path("a/~/x")
    with pytest.raises(ValueError, match="must be a path, got '~nobody-of-that-name/x'"):
        read_path("~nobody-of-that-name/x")


def test_help_breaks_its_description_between_words(monkeypatch, capsys):
    from analysis.compare import main

    monkeypatch.setenv("COLUMNS", "50")
    with pytest.raises(SystemExit):
        main(["--help"])
    above, _, _ = capsys.readouterr().out.partition("╭")
    about = above.partition("\n\n")[2].splitlines()
    assert len(about) > 3
    assert all(len(line) <= 50 for line in about)
