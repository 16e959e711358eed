"""Command lines read into dataclasses, with what is wrong in one sentence."""

import contextlib
import inspect
import io
import shutil
import textwrap
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro
from tyro.conf import arg
from tyro.constructors import PrimitiveConstructorSpec

T = TypeVar("T")


def opt(metavar: str, default: str) -> object:
    """How `--help` shows an option whose default is None."""
    return arg(metavar=metavar, help_behavior_hint=f"(default: {default})")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"must be a whole number, got {text!r}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"must be a number, got {text!r}") from None


def one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    """Reads one of some names."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}, got {text!r}")
        return text

    return read


def read_path(text: str) -> Path:
    """Reads a path; `~` is one's home also where no shell says so, as in `--out=~/x`."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"must be a path, got {text!r}, whose home is not known") from None


def read_by(read: Callable[[str], object]) -> PrimitiveConstructorSpec[Any]:
    """How to read a word; by itself tyro takes the word None for an option that was left out."""
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="INT",
        instance_from_str=lambda words: read(words[0]),
        is_instance=lambda value: True,
        str_from_instance=lambda value: [str(value)],
    )


Text = Annotated[str | None, read_by(str)]
AnyText = Annotated[str, read_by(str)]
OptionalPath = Annotated[Path | None, read_by(read_path)]
AnyPath = Annotated[Path, read_by(read_path)]
Number = Annotated[float | None, read_by(_number)]
Whole = Annotated[int | None, read_by(_whole)]
Count = Annotated[int, read_by(_whole)]


def read_command_line(
    kind: type[T], words: Sequence[str] | None, prog: str, description: str | None = None
) -> T:
    """The options of a command line as a value of `kind`.

    Args:
        kind: a dataclass whose fields' docstrings describe the options.
        words: of the command line; by default those of this process.
        prog: the command as it is typed.
        description: of the command; by default the docstring of `kind`.

    Raises:
        ValueError: an option or its value cannot be read; one sentence.
        SystemExit: `--help` was asked for and answered.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            about = wrapped(description or kind.__doc__ or "")
            return tyro.cli(kind, args=words, prog=prog, description=about)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise ValueError(one_line(said.getvalue())) from None


def wrapped(text: str) -> str:
    """Paragraphs broken between words, to fit the terminal, as tyro does with all but these.

    It would join the lines of a paragraph again, unless they begin with a space.
    """
    width = shutil.get_terminal_size().columns
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        textwrap.fill(" ".join(part.split()), width, subsequent_indent=" ") for part in paragraphs
    )


def one_line(boxed: str) -> str:
    """The message of a boxed, wrapped parser error, without its title and its appendix."""
    sections: list[list[str]] = [[]]  # above the message, the message, what follows
    for raw in boxed.splitlines():
        line = raw.strip("│ ")
        if line.startswith(("╭", "╰", "──", "--------")):  # dashes: a terminal without boxes
            sections.append([])
        else:
            sections[-1].append(line)
    message = " ".join(takewhile(bool, sections[min(1, len(sections) - 1)]))
    return f"{message or 'the command line could not be read'} (see --help)"
