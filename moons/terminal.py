"""What commands print: texts as they are, and tables that show every number whole."""

import os
import re
from io import StringIO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 120  # where there is no terminal to ask


def console(*, stderr: bool = False) -> Console:
    """A console that takes brackets for brackets, as wide as its terminal.

    A pipe is as wide as COLUMNS says, or 120.
    """
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPE_WIDTH
    return made


def say(on: Console, sentence: str, style: str = "") -> None:
    """Prints a sentence, broken between words; in a pipe that has no width, in one line."""
    endless = not on.is_terminal and "COLUMNS" not in os.environ
    on.print(Text(sentence, style=style), soft_wrap=endless)


def say_whole(on: Console, line: str) -> None:
    """Prints a path or a command, which nothing may break."""
    on.print(Text(line), soft_wrap=True)


def show_table(on: Console, table: Table) -> None:
    """Prints a table, or, where it is too wide to show every word whole, a row after the other."""
    on.print(table if _is_whole(table, on.width) else stacked(table))


def stacked(table: Table) -> RenderableType:
    """The rows as lines of `column value`, to be broken between those alone."""
    lines: list[Text] = []
    if table.title:
        lines.append(Text(str(table.title), style="italic"))
    names = [_one_line(str(column.header)) for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        filled = [(name, str(cell)) for name, cell in zip(names, cells, strict=True) if str(cell)]
        parts = [f"{name} {cell}".strip() for name, cell in filled]
        lines.append(Text("- " + ", ".join(parts)))
    if table.caption:
        lines.append(Text(str(table.caption)))
    return Text("\n").join(lines)


def _is_whole(table: Table, width: int) -> bool:
    """Whether no word of the table is cut, broken or left out at that width."""
    paper = Console(width=width, file=StringIO(), color_system=None, force_terminal=False)
    with paper.capture() as capture:
        paper.print(table)
    printed = set(capture.get().split())
    texts = [str(part) for c in table.columns for part in (c.header, *c.cells)]
    return all(word in printed for text in texts for word in text.split())


def _one_line(header: str) -> str:
    return re.sub(r"(?<=_)\n", "", header).replace("\n", " ")
