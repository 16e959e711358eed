"""`python -m study.record.document`: the tables of columns in `results/README.md`."""

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from moons.column import Column
from moons.evaluated import ERRORS, FLOOR, figure_of
from moons.files import write_whole
from study.record import columns

README = Path(__file__).parents[2] / "results" / "README.md"
TABLES: dict[str, Callable[[], Iterable[Column]]] = {
    "trials": lambda: columns.TRIALS,
    "settings": columns.settings,
    "evaluation": lambda: _one_a_figure(columns.evaluation()),
    "epochs": lambda: columns.EPOCHS,
    "reruns": lambda: columns.RERUNS,
    "baselines": lambda: columns.BASELINES,
    "comparison": lambda: columns.COMPARISON,
    "ablation": lambda: columns.ABLATION,
}
PLACE = re.compile(r"(<!-- columns: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def documented(text: str) -> str:
    """The text with its tables as the columns are now."""
    return PLACE.sub(lambda found: found[1] + _table(TABLES[found[2]]()) + found[3], text)


def _table(rows: Iterable[Column]) -> str:
    lines = ["| column | type | unit | better | what |", "|---|---|---|---|---|"]
    for column in rows:
        what = column.what.replace("|", r"\|")
        names = ", ".join(f"`{name}`" for name in column.name.split())
        lines.append(
            f"| {names} | {column.kind} | {column.unit} | {column.better or ''} | {what} |"
        )
    return "\n".join(lines) + "\n"


def _one_a_figure(all_columns: Iterable[Column]) -> list[Column]:
    """One row a figure, with the columns of all splits; errors and floors are left out."""
    found: dict[str, Column] = {}
    for column in all_columns:
        if column.name.endswith((*ERRORS, FLOOR)):
            continue
        of = figure_of(column.name)
        key = column.name if of is None else of[1].name
        if key not in found:
            found[key] = column
        else:
            names = f"{found[key].name} {column.name}"
            found[key] = replace(found[key], name=names)
    return list(found.values())


def main() -> int:
    """The command; 0."""
    write_whole(README, documented(README.read_text()))
    print(README)
    return 0


if __name__ == "__main__":
    sys.exit(main())
