"""Bad input: one line, exit code 2, nothing written. Good input: as it was said."""

import contextlib
import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from search_spaces.load import space_names
from study.cpus import usable_cpus
from study.errors import StudyError
from study.options import NAME, Options, parse
from study.run import main

# A command line takes the parser 20 ms.
FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = {
    "--trials": (1, 1_000_000),
    "--max-epochs": (1, 1_000_000),
    "--grace": (1, 1_000_000),
    "--reduction": (2, 100),
    "--workers": (1, 100_000),
    "--seed": (0, 2**32 - 1),
}


@pytest.fixture(autouse=True)
def in_an_empty_folder_without_ray(tmp_path, monkeypatch):
    def start(*_):
        pytest.fail("a study was begun")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("study.execute.connected", start)


def refusal(*words: str) -> str:
    """The one line that the command answers; checks all that holds for every bad command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    assert code == 2
    assert out.getvalue() == ""
    said = err.getvalue()
    assert said.startswith("study.run: ")
    assert said.endswith("\n")
    assert len(said.splitlines()) == 1
    assert os.listdir() == []
    return said.strip()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["--space is missing", "--list-spaces"]),
        (["--space", "gan"], ["--space", "'gan'", ", ".join(space_names())]),
        (["--space", "gone.py"], ["--space", "not there", "gone.py"]),
        (["--space", "two\nlines.py"], ["--space", "not there"]),
        (["--trials", "many"], ["--trials", "'many'", "whole number"]),
        (["--trials", "1.5"], ["--trials", "'1.5'", "whole number"]),
        (["--trials", "None"], ["--trials", "'None'", "whole number"]),
        (["--trials"], ["--trials", "Missing value"]),
        (["--time-budget", "0"], ["--time-budget", "above 0", "got 0"]),
        (["--time-budget", "-5"], ["--time-budget", "above 0", "got -5"]),
        (["--time-budget", "nan"], ["--time-budget", "above 0", "got nan"]),
        (["--time-budget", "inf"], ["--time-budget", "above 0", "got inf"]),
        (["--time-budget", "soon"], ["--time-budget", "a number", "'soon'"]),
        (["--metric", "accuracy"], ["metric", "'accuracy'", "val_mse", "val_excess_nll"]),
        (["--metric", "val_mse,val_mse"], ["metric", "'val_mse,val_mse'"]),
        (["--sampler", "cma"], ["--sampler", "'cma'", "tpe, random, grid, gp, cmaes, qmc"]),
        (["--sampler", "None"], ["--sampler", "'None'", "tpe, random, grid, gp, cmaes, qmc"]),
        (["--sampler", "grid"], ["lr must be a Choice, as the sampler is a grid"]),
        (["--scheduler", "pbt"], ["--scheduler", "'pbt'", "asha, median, hyperband, none"]),
        (["--engine", "cuda"], ["--engine", "'cuda'", "auto", "fused", "torch"]),
        (["--address", "ray://host:1"], ["--address", "ray://host:1", "ray job submit"]),
        (["--address", "ray://two\nlines:1"], ["--address", "HOST:PORT"]),
        (["--address", "host"], ["--address", "'host'", "auto or HOST:PORT"]),
        (["--address", "host:0"], ["--address", "'host:0'"]),
        (["--address", "host:65536"], ["--address", "'host:65536'"]),
        (["--address", ":6379"], ["--address", "':6379'"]),
        (["--trails", "5"], ["--trails"]),
        (["cvae"], ["cvae"]),
        (["--smoke", "yes"], ["yes"]),
        (["--resume", "gone"], ["--resume", "gone"]),
        (["--warm-start", "gone"], ["--warm-start", "gone"]),
    ],
    ids=" ".join,
)
def test_a_bad_option_is_answered_in_one_line_that_names_it(words, parts):
    usual = [] if "--space" in words or not words or "--resume" in words else ["--space", "vae"]
    line = refusal(*usual, *words)
    for part in parts:
        assert part in line


@pytest.mark.parametrize("flag", NUMBERS)
@FEW
@given(data=st.data())
def test_a_number_beyond_its_range_is_refused_with_the_range(flag, data):
    low, high = NUMBERS[flag]
    value = data.draw(st.integers(max_value=low - 1) | st.integers(min_value=high + 1))
    line = refusal("--space", "vae", f"{flag}={value}")
    assert f"{flag} must be a whole number in [{low}, {high}], got {value}" in line


@pytest.mark.parametrize("flag", NUMBERS)
def test_the_ends_of_a_number_s_range_are_taken(flag):
    field = flag[2:].replace("-", "_")
    for value in NUMBERS[flag]:
        assert getattr(parse([flag, str(value)]), field) == value


@FEW
@given(st.text().filter(lambda name: not NAME.fullmatch(name)))
@example("")
@example("..")
@example("../elsewhere")
@example("a/b")
@example("a\\b")
@example(".hidden")
@example("-dash")
@example("two words")
@example("trailing\n")
@example("x" * 65)
@example("\x00")
@example("naïve")
@example("①")
def test_a_bad_name_is_refused_before_anything_is_written(name):
    line = refusal("--space", "vae", f"--name={name}")
    assert f"--name must match {NAME.pattern}, got {name!r}" in line


@FEW
@given(st.from_regex(NAME, fullmatch=True))
@example("None")
@example("a_b-c.d")
@example("0")
@example("x" * 64)
def test_a_good_name_is_taken_to_the_letter(name):
    assert parse(["--name", name]).name == name


@pytest.mark.parametrize("points", ["1", "20", "22"])
def test_a_grid_has_as_many_trials_as_points(points):
    line = refusal("--space", "data", "--trials", points)
    assert f"--trials must be left out, as data is a grid of 21 points, got {points}" in line


def test_a_mistake_in_a_space_of_one_s_own_is_one_line_too(tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "mine.py"
    path.write_text("raise ValueError('one\\ntwo')\n")
    assert refusal("--space", str(path)).endswith(f"{path}: one two")


def test_a_study_of_that_name_is_refused_and_nothing_is_changed(tmp_path, capsys):
    folder = tmp_path / "results" / "mine"
    folder.mkdir(parents=True)
    (folder / "study.json").write_text("{}")
    assert main(["--space", "vae", "--name", "mine"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "results/mine is there already; give another --name" in said.err
    assert "--resume" in said.err
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == [
        "results",
        "results/mine",
        "results/mine/study.json",
    ]
    assert (folder / "study.json").read_text() == "{}"


def test_without_options_the_study_is_the_one_of_the_plan():
    assert parse(["--space", "cvae"]) == Options(space="cvae", given=frozenset({"space"}))
    options = Options()
    assert (options.trials, options.max_epochs, options.seed) == (None, None, 42)
    assert (options.scheduler, options.grace, options.reduction) == (None, None, 4)
    assert options.results == Path("results")


def test_what_was_said_is_told_apart_from_what_is_the_default():
    assert parse(["--max-epochs=1000", "--smoke", "--seed", "42"]).given == {
        "max_epochs",
        "smoke",
        "seed",
    }
    assert parse([]).given == frozenset()


def test_help_names_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(["--help"])
    assert stopped.value.code == 0
    text = re.sub(r"[\s│]+", " ", capsys.readouterr().out)
    for field in Options.__dataclass_fields__:
        if field != "given":
            assert f"--{field.replace('_', '-')}" in text
    for default in (
        "100; a grid: its points",
        "the space's, 1000 or 160",
        "the space's",
        "42",
        "every CPU",
        "results",
    ):
        assert f"(default: {default})" in text


def test_an_error_carries_its_exit_code():
    assert StudyError("a sentence").code == 2
    assert StudyError("another driver", 3).code == 3


def test_the_workers_are_the_cpus_that_the_process_may_use():
    assert 1 <= usable_cpus() <= (os.cpu_count() or 1)
