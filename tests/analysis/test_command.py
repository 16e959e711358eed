"""What goes wrong in a command of `analysis` is one line on stderr, and a status that says what."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from analysis.command import run_command
from study.record.damage import DamagedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Does a thing so many times."""

    times: int = 1
    """How many."""


def failing(error: Exception) -> Callable[[Options], int]:
    def do(options: Options) -> int:
        raise error

    return do


def run(do: Callable[[Options], int], *words: str) -> int:
    return run_command(do, Options, "python -m thing", words, "Things: one, two.")


def test_the_status_is_that_of_the_work() -> None:
    assert run(lambda options: options.times, "--times", "6") == 6
    assert run(lambda options: options.times - 1) == 0


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("--times must be few, got\nmany"), 2, "--times must be few, got many"),
        (DamagedRecord("study.json is damaged"), 4, "study.json is damaged"),
        (OSError(28, "No space left", "here"), 5, "cannot use here: No space left"),
    ],
)
def test_an_error_is_one_line_and_a_status(
    error: Exception, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(failing(error)) == status
    assert capsys.readouterr() == ("", f"{said}\n")


def test_an_option_that_cannot_be_read_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda options: 0, "--times", "few") == 2
    said = capsys.readouterr()
    assert "few" in said.err
    assert said.err.count("\n") == 1


def test_the_help_describes_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run(lambda options: 0, "--help")
    said = capsys.readouterr().out
    assert "Does a thing so many times." in said
    assert "Things: one, two." in said
