"""Where each study stands: its trials by state, best, median and top five."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.words import with_error
from study.record.clocks import Clocks
from study.record.columns import STATES, State
from study.record.configs import distinct_configs
from study.record.results import StudyResults

TOP = 5
TELLING = (
    "exact_excess_nll",
    "fresh_excess_nll",
    "test_excess_nll",
    "fresh_energy_distance",
    "test_energy_distance",
)
MEANS = ("_points", "_draws")  # columns that say how a figure was taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One study's results by one metric; complete trials alone are ranked.

    Attributes:
        name: what the study is called.
        states: trials in each state that occurs.
        epochs: of all trials.
        clocks: how long its parts took; None where no trial has a time.
        top: the rows of the best distinct configs, best first; as many as `TOP`.
        best: the best one's value, NaN where there is none.
        median: of the complete trials.
        reported: the best trial's figures on test and fresh data, which it was not chosen by.
    """

    name: str
    states: dict[State, int]
    epochs: int
    clocks: Clocks | None
    top: pd.DataFrame
    best: float
    median: float
    reported: dict[str, float]

    @property
    def best_trial(self) -> int | None:
        """The best complete trial's number."""
        return int(self.top["trial"].iloc[0]) if len(self.top) else None

    def reported_with_error(self, figure: str) -> str:
        """A reported figure in words, with its standard error where the tables have it."""
        if figure not in self.reported:
            return "-"
        return with_error(self.reported[figure], self.reported.get(f"{figure}_se"))


def ranked(study: StudyResults, metric: str) -> pd.DataFrame:
    """Complete trials with a finite value of the metric, best first."""
    complete = study.in_state("complete")
    finite = complete[np.isfinite(complete[metric].astype(float))]
    return finite.sort_values([metric, "trial"], kind="stable")


def standing(name: str, study: StudyResults, metric: str) -> Standing:
    """Where a study stands by a metric."""
    complete = ranked(study, metric)
    counts = study.trials["state"].value_counts()
    values = complete[metric].to_numpy(dtype=float)
    return Standing(
        name=name,
        states={state: int(counts[state]) for state in STATES if state in counts},
        epochs=int(study.trials["epochs"].fillna(0).sum()),
        clocks=Clocks.of(study.trials, study.manifest),
        top=distinct_configs(complete, metric).head(TOP),
        best=float(values[0]) if len(values) else float("nan"),
        median=float(np.median(values)) if len(values) else float("nan"),
        reported=_reported(complete),
    )


def telling_figure(standings: Sequence[Standing]) -> str | None:
    """Of the figures that say how well a model generates, the first that every study has."""
    shared = (f for f in TELLING if all(f in own.reported for own in standings))
    return next(shared, None)


def _reported(complete: pd.DataFrame) -> dict[str, float]:
    if complete.empty:
        return {}
    columns = [
        column
        for column in map(str, complete.columns)
        if column.startswith(("test_", "fresh_", "exact_")) and not column.endswith(MEANS)
    ]
    values = pd.to_numeric(complete.iloc[0][columns], errors="coerce").dropna()
    return {str(column): float(value) for column, value in values.items()}
