"""A leaderboard as two tables: by the metric that chose the configs, and by what chose nothing."""

import math
from typing import Any

import pandas as pd

from analysis.leaderboard import basis_in_words, held_out, verdicts
from analysis.words import alike, ends, listed
from moons.layout import Table
from study.record.labels import label

POINTS = {
    "init": "the validation split that chose the configurations",
    "split": "validation points that each seed drew anew from those that are not the test's",
    "data": "validation splits of data that each seed drew anew",
}
METHOD = (
    "Intervals are 95 %: the bootstrap's, and Student's for fewer than five seeds; the first's "
    "reaches further up, as it came first among all. Verdicts are t tests paired by seed, "
    "corrected for all pairs (Holm)."
)


def board_table(board: pd.DataFrame, metric: str) -> Table:
    """Configurations under fresh seeds, best validation mean first.

    Args:
        board: a leaderboard.
        metric: what the study minimises.
    """
    paired = verdicts(board, metric)
    columns = ["config", "seeds", "mean", "95 % interval", "in the search", "optimism"]
    rows = [
        [
            row["config"],
            f"{row['seeds']}" + (f" ({row['lost']} lost)" if row["lost"] else ""),
            *_mean_and_ends(row, metric),
            _known(row["search_score"]),
            _known(row["optimism"], _half(row, metric)),
            "" if row["rank"] == 1 else str(against),
        ]
        for row, against in zip(_rows(board), paired, strict=True)
    ]
    note = (
        f"The metric is {label(metric)}, on {POINTS[board['vary'].iloc[0]]}, over "
        f"{basis_in_words(board, metric)}. Optimism is the mean less what the search had. {METHOD}"
    )
    return Table((*columns, "against the first"), tuple(map(tuple, rows)), note)


def held_out_table(board: pd.DataFrame) -> Table | None:
    """The same configurations by figures that chose nothing; None where none was measured."""
    figures = held_out(board)
    if not figures:
        return None
    columns, cells, notes = ["config"], [board["config"].tolist()], []
    for figure in figures:
        found = [_mean_and_ends(row, figure) for row in _rows(board)]
        columns += [label(figure), "95 % interval", "against the first"]
        said = ["", *map(str, verdicts(board, figure)[1:])]
        cells += [[mean for mean, _ in found], [interval for _, interval in found], said]
        notes.append((label(figure).partition(" (")[0], basis_in_words(board, figure)))
    over = [
        f"{listed([name for name, other in notes if other == basis])} over {basis}"
        for basis in dict.fromkeys(basis for _, basis in notes)
    ]
    note = f"The first is the leaderboard's. Intervals and verdicts: {'; '.join(over)}."
    return Table(tuple(columns), tuple(zip(*cells, strict=True)), note)


def _rows(board: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in board.to_dict("records")]


def _half(row: dict[str, Any], figure: str) -> float:
    return float(row[f"{figure}_high"] - row[f"{figure}_low"]) / 2


def _mean_and_ends(row: dict[str, Any], figure: str) -> tuple[str, str]:
    interval = ends(row[f"{figure}_low"], row[f"{figure}_high"])
    return _known(row[figure], _half(row, figure)), interval


def _known(value: float | None, error: float = math.nan) -> str:
    return "-" if value is None or pd.isna(value) else alike(error, float(value))[0]
