"""Winners retrained under fresh seeds: their means, spread and intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.folder import StudyResults
from analysis.leaderboard import mean_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """A trial's configuration under fresh seeds.

    Attributes:
        trial: whose configuration it is.
        mean, std: of the metric over seeds; `std` is NaN for one seed.
        low, high: ends of the mean's 95 % interval, as on the leaderboard; None for one seed.
        searched: the metric that the search had given.
        values: the metric, one a seed.
    """

    trial: int
    n_seeds: int
    mean: float
    std: float
    low: float | None
    high: float | None
    searched: float
    values: tuple[float, ...]

    @property
    def luck(self) -> float:
        """What the search's run scored below the mean; below 0 where it had bad luck."""
        return self.mean - self.searched


def fresh_reruns(results: StudyResults) -> pd.DataFrame | None:
    """The retrainings on fresh seeds; None where nothing was retrained.

    Audits of pruned trials are another matter. Where a seed also drew other data in some of them,
    only those on the study's own data are left: they alone compare with the search.
    """
    runs = results.reruns
    if runs is None:
        return None
    for column, kept in (("purpose", "rerun"), ("vary", "init")):
        if column in runs and (runs[column] == kept).any():
            runs = runs[runs[column] == kept]
    return runs


def retrained(results: StudyResults, metric: str | None = None) -> tuple[Retrained, ...]:
    """Every configuration with retrainings whose metric is known, best mean first.

    As on the leaderboard, one that lost seeds comes after all that did not.

    Args:
        results: a study's.
        metric: a column of both tables; by default what the study minimises.
    """
    metric = metric or results.manifest.metric
    reruns = fresh_reruns(results)
    if reruns is None or metric not in reruns:
        return ()
    searched = results.trials.set_index("trial")[metric]
    tried = reruns.groupby("trial").size()
    if "state" in reruns:
        reruns = reruns[reruns["state"] == "complete"]
    configs = []
    for number, runs in reruns.dropna(subset=[metric]).groupby("trial"):
        trial, values = int(str(number)), runs[metric]
        interval = mean_interval(values.to_numpy(dtype=np.float64))
        several = len(values) > 1
        configs.append(
            Retrained(
                trial=trial,
                n_seeds=len(values),
                mean=interval.mean,
                std=float(values.std()),
                low=interval.low if several else None,
                high=interval.high if several else None,
                searched=float(searched.get(trial, float("nan"))),
                values=tuple(values.astype(float)),
            )
        )
    return tuple(sorted(configs, key=lambda c: (tried[c.trial] > c.n_seeds, c.mean)))
