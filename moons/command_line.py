"""Command lines read into dataclasses, with what is wrong in one sentence."""

import contextlib
import io
from collections.abc import Sequence
from itertools import takewhile
from typing import TypeVar

import tyro

T = TypeVar("T")


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
            return tyro.cli(kind, args=words, prog=prog, description=description)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise ValueError(one_line(said.getvalue())) from None


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
