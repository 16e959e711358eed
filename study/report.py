"""What a study and its retrainings end with: all that `study` asks of `analysis`."""

import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from moons.evaluated import column_types
from moons.terminal import console, say, say_whole, show_table
from moons.words import duration
from study.errors import NO_RESULT, StudyError
from study.plan import Plan
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.own_model import report_command
from study.record.parquet import read_table, write_table
from study.training.job import OwnModel


def describe(plan: Plan) -> None:
    """Baselines where the metric compares with them, and the report where it is wanted."""
    if set(plan.space.metrics) & set(column_types()):
        from analysis.baselines import write_baselines

        write_baselines(plan.folder)
    if plan.report:
        from analysis.report import write_report

        began = time.monotonic()
        page = write_report(plan.folder, model=plan.space.model)
        print(f"report {duration(time.monotonic() - began)}: {page}")


def write_leaderboard(folder: Path, trials: pd.DataFrame, metric: str) -> dict[str, pd.DataFrame]:
    """Writes `leaderboard.parquet`: a leaderboard for each option of `--vary` that was used."""
    from analysis.leaderboard import leaderboard

    place = StudyFolder(folder)
    reruns = read_table(place.reruns)
    boards = {
        str(kind): leaderboard(reruns, trials, metric, str(kind), folder)
        for kind in set(reruns["vary"])
    }
    write_table(
        pd.concat([boards[kind] for kind in sorted(boards, reverse=True)]), place.leaderboard
    )
    return boards


def show_leaderboard(folder: Path, trials: pd.DataFrame, metric: str, vary: str) -> None:
    """Writes `leaderboard.parquet` and prints the one for `vary`; the path comes last."""
    from analysis.board_tables import board_table, held_out_table

    place = StudyFolder(folder)
    board = write_leaderboard(folder, trials, metric)[vary]
    screen = console()
    show_table(screen, board_table(board, metric).rich(f"{metric} on fresh seeds"))
    if (beside := held_out_table(board)) is not None:
        show_table(screen, beside.rich("the same on what chose nothing"))
    if place.report.exists():
        say_whole(
            screen, f"for the report: {report_command(folder, Manifest.read(place.manifest))}"
        )
    say_whole(screen, str(place.leaderboard))


def show_audit(
    folder: Path, trials: pd.DataFrame, metric: str, rungs: Sequence[int], seed: int
) -> None:
    """Prints what pruning cost; the path comes last."""
    from analysis.audit import audit

    audited = read_table(StudyFolder(folder).audit)
    screen = console()
    for sentence in audit(audited, trials, metric, rungs, seed).sentences():
        say(screen, sentence)
    say_whole(screen, str(folder / "audit.parquet"))


def export(
    folder: Path, out: Path, metric: str, vary: str, *, refitted: bool, own: OwnModel | None
) -> None:
    """Writes the winner as a folder that others can use, and prints its path last.

    Args:
        folder: the study's.
        out: the folder to make.
        metric: what the configs were ordered by.
        vary: which retrainings count.
        refitted: trains it on training and validation points together.
        own: the model, where it is one of somebody's own.

    Raises:
        StudyError: there is no winner.
    """
    from analysis.export import export_winner

    try:
        notes = export_winner(folder, out, metric, vary, refitted=refitted, own=own)
    except ValueError as error:
        raise StudyError(str(error), NO_RESULT) from None
    screen = console()
    for note in notes:
        say(screen, note)
    say_whole(screen, str(out))
