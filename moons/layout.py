"""One table of text, and how it is shown: on a terminal, in Markdown, in a report."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a report needs no terminal
    from rich.table import Table as RichTable


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of text.

    Attributes:
        note: what to know of it, in sentences.
        words: how many of the first columns hold words; the others are numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    words: int = 1

    def rich(self, title: str | None = None) -> "RichTable":
        """For a terminal."""
        from rich import box
        from rich.table import Table as RichTable

        table = RichTable(box=box.SIMPLE, title=title, pad_edge=False, header_style="dim")
        table.caption, table.caption_justify = self.note or None, "left"
        for place, name in enumerate(self.columns):
            heading = name.replace("_", "_\n")  # names of columns are long, their numbers short
            table.add_column(
                heading, justify="left" if place < self.words else "right", overflow="fold"
            )
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """For a README."""
        rule = ["---" if place < self.words else "---:" for place in range(len(self.columns))]
        lines = (self.columns, tuple(rule), *self.rows)
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
