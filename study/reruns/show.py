"""What `study.rerun` prints: the leaderboard, or what pruning cost."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from moons.files import appearing
from study.summary import WIDTH


def show_leaderboard(folder: Path, trials: pd.DataFrame, metric: str, vary: str) -> None:
    """Writes `leaderboard.parquet` and prints it; the path comes last."""
    from analysis.leaderboard import leaderboard

    board = leaderboard(pd.read_parquet(folder / "reruns.parquet"), trials, metric, vary)
    with appearing(folder / "leaderboard.parquet") as draft:
        board.to_parquet(draft, index=False)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    console.print(board_table(board, metric, vary))
    console.print(str(folder / "leaderboard.parquet"), soft_wrap=True)


def board_table(board: pd.DataFrame, metric: str, vary: str) -> Table:
    """The leaderboard for a terminal: means with 95 % bootstrap intervals."""
    table = Table(
        title=f"{metric} on fresh seeds (varying {vary}), chosen on validation", box=box.SIMPLE
    )
    test = [c for c in ("test_excess_nll", "fresh_excess_nll") if c in board]
    heads = ["rank", "config", "seeds", f"mean {metric} [95 %]", "search said", "optimism"]
    for head in [*heads, "against the first", *(f"{c} [95 %]" for c in test)]:
        table.add_column(head, justify="right")
    for row in board.to_dict("records"):
        lost = f" ({row['lost']} lost)" if row["lost"] else ""
        table.add_row(
            str(row["rank"]),
            str(row["config"]),
            f"{row['seeds']}{lost}",
            _interval(row, metric),  # type: ignore[arg-type]
            f"{row['search_score']:.4g}",
            f"{row['optimism']:+.2g}",
            _verdict(row),  # type: ignore[arg-type]
            *(_interval(row, column) for column in test),  # type: ignore[arg-type]
        )
    return table


def _verdict(row: dict[str, float]) -> str:
    if row["rank"] == 1:
        return ""
    if math.isnan(row["p_holm"]):
        return "too few seeds"
    return f"{'tie' if row['tie'] else 'worse'}, p = {row['p_holm']:.2g}"


def _interval(row: dict[str, float], column: str) -> str:
    return f"{row[column]:.4g} [{row[f'{column}_low']:.4g}, {row[f'{column}_high']:.4g}]"


def show_audit(folder: Path, trials: pd.DataFrame, metric: str, rungs: Sequence[int]) -> None:
    """Prints what pruning cost; the path comes last."""
    from analysis.audit import audit

    audited = pd.read_parquet(folder / "audit.parquet")
    epochs = pd.read_parquet(folder / "epochs.parquet")
    console = Console(highlight=False, soft_wrap=True)
    for sentence in audit(audited, trials, epochs, metric, rungs).sentences():
        console.print(sentence)
    console.print(str(folder / "audit.parquet"))
