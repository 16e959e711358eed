"""What `study.rerun` prints: the leaderboard, or what pruning cost."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from moons.files import appearing
from study.final_table import WIDTH

POINTS = {
    "init": "the validation points that chose",
    "data": "validation points drawn anew with each seed",
}


def show_leaderboard(folder: Path, trials: pd.DataFrame, metric: str, vary: str) -> None:
    """Writes `leaderboard.parquet` and prints it; the path comes last.

    The file holds a leaderboard for each of the options of `--vary` that was used.
    """
    from analysis.leaderboard import held_out, leaderboard

    reruns = pd.read_parquet(folder / "reruns.parquet")
    boards = {
        str(kind): leaderboard(reruns, trials, metric, str(kind)) for kind in set(reruns["vary"])
    }
    with appearing(folder / "leaderboard.parquet") as draft:
        pd.concat([boards[kind] for kind in sorted(boards, reverse=True)]).to_parquet(
            draft, index=False
        )
    board = boards[vary]
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    console.print(board_table(board, metric, vary))
    if held_out(board):
        console.print(held_out_table(board))
    if (folder / "report.html").exists():
        console.print(f"for the report: python -m analysis.report {folder}", soft_wrap=True)
    console.print(str(folder / "leaderboard.parquet"), soft_wrap=True)


def board_table(board: pd.DataFrame, metric: str, vary: str) -> Table:
    """The leaderboard for a terminal: means with their 95 % intervals."""
    from analysis.leaderboard import verdicts

    table = Table(title=f"{metric} on fresh seeds, on {POINTS[vary]}", box=box.SIMPLE)
    heads = ("rank", "config", "seeds", f"mean {metric} [95 %]", "search said", "optimism")
    for head in (*heads, "against the first"):
        table.add_column(head, justify="right")
    for row, against in zip(board.to_dict("records"), verdicts(board, metric), strict=True):
        lost = f" ({row['lost']} lost)" if row["lost"] else ""
        table.add_row(
            str(row["rank"]),
            row["config"],
            f"{row['seeds']}{lost}",
            _interval(row, metric),  # type: ignore[arg-type]
            _known(row["search_score"], ".4g"),
            _known(row["optimism"], "+.2g"),
            "" if row["rank"] == 1 else str(against),
        )
    return table


def held_out_table(board: pd.DataFrame) -> Table:
    """The same configs by figures that chose nothing."""
    from analysis.leaderboard import held_out, verdicts

    table = Table(title="the same on points that chose nothing", box=box.SIMPLE)
    table.add_column("config", justify="right")
    columns = [board["config"].tolist()]
    for figure in held_out(board):
        table.add_column(f"{figure} [95 %]", justify="right")
        table.add_column("against the first", justify="right")
        columns.append([_interval(row, figure) for row in board.to_dict("records")])  # type: ignore[arg-type]
        columns.append(["", *map(str, verdicts(board, figure)[1:])])
    for cells in zip(*columns, strict=True):
        table.add_row(*cells)
    return table


def _interval(row: dict[str, float], figure: str) -> str:
    mean, low, high = (row[f"{figure}{end}"] for end in ("", "_low", "_high"))
    ends = "" if math.isnan(low) else f" [{low:.4g}, {high:.4g}]"
    return f"{_known(mean, '.4g')}{ends}"


def _known(value: float, how: str) -> str:
    return "-" if math.isnan(value) else format(value, how)


def show_audit(
    folder: Path, trials: pd.DataFrame, metric: str, rungs: Sequence[int], seed: int
) -> None:
    """Prints what pruning cost; the path comes last."""
    from analysis.audit import audit

    audited = pd.read_parquet(folder / "audit.parquet")
    console = Console(highlight=False, soft_wrap=True)
    for sentence in audit(audited, trials, metric, rungs, seed).sentences():
        console.print(sentence)
    console.print(str(folder / "audit.parquet"))
