"""What a study prints at its end: the best trials, what pruning saved, where everything is."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from moons.layout import Table
from moons.terminal import console, say, show_table
from moons.words import count, percent, with_error
from study.monitoring.tally import Tally
from study.plan import Plan
from study.record.chosen import on_front
from study.record.clocks import Clocks
from study.record.configs import distinct_configs
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.measured import error_of
from study.record.parquet import read_table

TOP = 5


def show_summary(
    plan: Plan, tally: Tally, manifest: Manifest, confirmed: Sequence[str] = ()
) -> None:
    """Prints the summary.

    Args:
        plan: what was run.
        tally: what has come of it, by all drivers together.
        manifest: as the study ended.
        confirmed: what fresh seeds say of the answer, in sentences.
    """
    screen = console()
    trials = read_table(StudyFolder(plan.folder).trials)
    complete = trials[trials["state"] == "complete"]
    if len(complete):
        show_table(screen, top_table(complete, plan).rich(top_title(complete, plan)))
        say(screen, best_sentence(complete, plan), style="bold")
    for sentence in confirmed:
        say(screen, sentence, style="bold")
    say(screen, saved_by_pruning(trials, plan))
    say(screen, f"{count(tally.finished, 'trial')}, {count(tally.epochs, 'epoch')}")
    if (clocks := Clocks.of(trials, manifest)) is not None:
        say(screen, str(clocks))


def top_table(complete: pd.DataFrame, plan: Plan) -> Table:
    """The best configs by the study's metric, each by its best trial, or the front of its two."""
    best = distinct_configs(_candidates(complete, plan), plan.space.metrics[0])
    columns = ["trial", *plan.space.metrics, "best_epoch", "epochs", *plan.space.searched]
    if (best["trials_of_config"] > 1).any():
        columns.append("trials_of_config")
    rows = [tuple(_cell(row, name) for name in columns) for _, row in best.head(TOP).iterrows()]
    return Table(tuple(columns), tuple(rows), words=0)


def top_title(complete: pd.DataFrame, plan: Plan) -> str:
    """What the table of the best configs shows."""
    first, *others = plan.space.metrics
    if not others:
        return f"the best configs, each by its best complete trial, by {first}"
    n = count(len(_candidates(complete, plan)), "trial")
    return f"the Pareto front of {' and '.join(plan.space.metrics)}: {n}"


def _candidates(complete: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    metrics = list(plan.space.metrics)
    return complete if len(metrics) == 1 else complete[on_front(complete[metrics])]


def best_sentence(complete: pd.DataFrame, plan: Plan) -> str:
    """The best value of the study's metric, and the config that has it."""
    metric = plan.space.metrics[0]
    best = complete.nsmallest(1, metric).iloc[0]
    config = ", ".join(f"{name} {_cell(best, name)}" for name in plan.space.searched)
    return f"best {metric} {_cell(best, metric)}: trial {best['trial']} with {config}"


def _cell(row: "pd.Series[Any]", column: str) -> str:
    value = row[column]
    return with_error(value, error_of(row, column)) if isinstance(value, float) else str(value)


def saved_by_pruning(trials: pd.DataFrame, plan: Plan) -> str:
    """One sentence: how many trials were stopped early, and the epochs that saved."""
    pruned = trials[trials["state"] == "pruned"]
    complete = trials[trials["state"] == "complete"]
    if not len(pruned) or not len(complete):
        return f"{count(len(pruned), 'trial')} pruned"
    # What a pruned trial would have needed is not known; complete trials are the best guess.
    usual = complete["epochs"].median()
    saved = (usual - pruned["epochs"]).clip(lower=0).sum()
    share = saved / (saved + trials["epochs"].sum())
    return (
        f"{count(len(pruned), 'trial')} pruned after {pruned['epochs'].median():.0f} epochs in the "
        f"median, where a complete one took {usual:.0f}: about {percent(share)} of the epochs "
        "saved"
    )
