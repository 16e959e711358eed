"""Trials at equal budgets: their values at a rung, the epochs that pruning saved, busy workers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.words import count
from study.record.manifest import Dimension
from study.record.results import StudyResults
from study.record.rungs import rungs_table

ENOUGH = 50  # trials for an estimate over a search space of five dimensions


@dataclass(frozen=True, slots=True)
class Budget:
    """What trials are compared at: an epoch, or their end where `epoch` is None."""

    epoch: int | None
    metric: str

    def __str__(self) -> str:
        return "the end" if self.epoch is None else f"epoch {self.epoch}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Trials at the same budget.

    Attributes:
        trials: rows of the results' `trials`, with the column `value` besides.
    """

    budget: Budget
    trials: pd.DataFrame

    def __str__(self) -> str:
        return f"{self.budget} ({count(len(self.trials), self.noun)})"

    @property
    def noun(self) -> str:
        """What is compared: only complete trials have an end to compare."""
        return "complete trial" if self.budget.epoch is None else "trial"


@dataclass(frozen=True, slots=True)
class Savings:
    """Epochs that were trained, and an estimate of those that pruning left out.

    Attributes:
        spent: of all trials together.
        usual: what one trial takes to its end, the median over complete trials, or the largest
            number of epochs where no trial completed.
        saved: `usual` less what each pruned trial took, summed.
        measured: whether `usual` comes from complete trials.
    """

    spent: int
    usual: int
    saved: int
    measured: bool

    @property
    def share(self) -> float:
        """Saved epochs of all that would have been trained without pruning, in [0, 1]."""
        return self.saved / (self.spent + self.saved) if self.saved else 0.0


def reached(results: StudyResults) -> pd.DataFrame:
    """What each trial reported at each rung it reached, as the scheduler saw it.

    Every figure and finding takes it from here who reached a rung: trials that reported there,
    however they ended later. Interrupted trials ran again under another number and do not count.

    Returns:
        Indexed by trial, one column a rung, labelled by its epoch as a string; NaN where the trial
        did not reach it.
    """
    trials = results.trials[results.trials["state"] != "interrupted"].set_index("trial")
    column = trials["rungs"] if "rungs" in trials else pd.Series(None, trials.index, dtype=object)
    return rungs_table(column, results.manifest.rungs)


def values_at(results: StudyResults, budget: Budget) -> "pd.Series[float]":
    """The value of each trial that reached the rung, or of each complete one, by trial number."""
    if budget.epoch is not None:
        return reached(results)[str(budget.epoch)].dropna()
    values: pd.Series[float] = results.complete.set_index("trial")[budget.metric]
    return values.sort_index()


def rung_values(results: StudyResults) -> pd.DataFrame:
    """`reached`, and besides in the column `end` the metric of complete trials."""
    end = values_at(results, Budget(None, results.manifest.metric)).rename("end")
    return reached(results).dropna(how="all").join(end, how="outer")


def compared_at(results: StudyResults, budget: Budget) -> Comparison:
    """The trials that reached the budget, with their `value` at it."""
    values = values_at(results, budget)
    trials = results.trials.set_index("trial", drop=False).loc[values.index]
    return Comparison(budget, trials.assign(value=values))


def comparisons(results: StudyResults, enough: int = ENOUGH) -> tuple[Comparison, ...]:
    """The two budgets worth comparing trials at, or the one where they coincide.

    The first rung, which nearly every trial reached, so that no good or bad ones are missing; and
    the largest budget that enough trials reached. Without rungs trials compare at their end.
    """
    metric = results.manifest.metric
    budgets = [Budget(rung, metric) for rung in results.manifest.rungs]
    reached = [compared_at(results, budget) for budget in (*budgets, Budget(None, metric))]
    first = next((c for c in reached if len(c.trials)), reached[-1])
    last = next((c for c in reversed(reached) if len(c.trials) >= enough), first)
    return (first,) if first is last else (first, last)


def varied(results: StudyResults, trials: pd.DataFrame) -> tuple[Dimension, ...]:
    """The searched hyperparameters that have at least two values among these trials."""
    return tuple(
        dimension
        for dimension in results.manifest.searched
        if dimension.name in trials and trials[dimension.name].astype(str).nunique() > 1
    )


def savings(results: StudyResults) -> Savings:
    """What pruning saved, in epochs."""
    spent = int(results.trials["epochs"].sum())
    complete = results.in_state("complete")["epochs"]
    measured = len(complete) > 0
    usual = int(complete.median()) if measured else results.manifest.max_epochs
    pruned = results.in_state("pruned")["epochs"]
    return Savings(spent, usual, int((usual - pruned).clip(lower=0).sum()), measured)


def timed_trials(results: StudyResults) -> pd.DataFrame:
    """Every trial with a start, in seconds since the study's.

    Returns:
        Columns `trial`, `state`, `worker`, `start_s` and `end_s`. Where the end is not on record,
        an interrupted trial ends when it had computed for as long as is known of it, a running
        one with the study's last event.
    """
    trials = results.trials.dropna(subset=["start_s"])
    last = trials[["start_s", "end_s"]].max().max()
    computed = trials["train_s"].fillna(0.0) + trials["eval_s"].fillna(0.0)
    cut_off = (trials["start_s"] + computed).where(trials["state"] == "interrupted")
    end = trials["end_s"].fillna(cut_off).fillna(last)
    worker = trials["worker"].fillna("unknown")
    timed = trials[["trial", "state", "start_s"]].assign(worker=worker, end_s=end)
    return timed.reset_index(drop=True)


def utilisation(results: StudyResults, n_bins: int = 200) -> pd.DataFrame:
    """How many workers trained at a time, averaged over equal bins of the study's seconds.

    Returns:
        Columns `start_s`, `end_s`, `busy` (workers, a mean over the bin) and `workers` (how many
        there were); no rows where no trial has a start and an end.
    """
    timed = timed_trials(results)
    timed = timed[timed["end_s"] > timed["start_s"]]
    if timed.empty:
        return pd.DataFrame(columns=["start_s", "end_s", "busy", "workers"], dtype=float)
    edges = np.linspace(0.0, timed["end_s"].max(), n_bins + 1)
    started, ended = (np.sort(timed[c].to_numpy(dtype=float)) for c in ("start_s", "end_s"))
    trained = _seconds_since(started, edges) - _seconds_since(ended, edges)
    busy = np.diff(trained) / np.diff(edges)
    at_start = np.searchsorted(started, started, "right") - np.searchsorted(ended, started, "right")
    workers = results.manifest.workers or int(at_start.max())
    return pd.DataFrame(
        {"start_s": edges[:-1], "end_s": edges[1:], "busy": busy, "workers": float(workers)}
    )


def _seconds_since(moments: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the sorted moments of the seconds from each to each edge, where it is past."""
    past = np.searchsorted(moments, edges, "right")
    sums = np.concatenate([np.zeros(1), np.cumsum(moments)])
    return np.asarray(past * edges - sums[past])
