"""Luck told apart from quality: the best configurations retrained on fresh seeds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.comparison.superiority import Estimate, estimate
from analysis.folder import StudyResults

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Retrained:
    """A study's best configuration under fresh seeds.

    Attributes:
        trial: the configuration's trial: of those retrained, the one with the least mean.
        values: the metric, one a fresh seed, shape (n,).
        mean: over the seeds.
        luck: what the trial itself scored better than `mean`; below 0 where it had bad luck.
    """

    trial: int
    values: Floats
    mean: Estimate
    luck: float


def retrained(study: StudyResults, metric: str, seed: int = 0) -> Retrained | str:
    """The best retrained configuration, or a sentence where there is none to compare by."""
    table = study.reruns
    if table is None or table.empty:
        return "nothing was retrained on fresh seeds."
    if metric not in table:
        return f"{study.folder.reruns.name} has no {metric}."
    known = table[np.isfinite(pd.to_numeric(table[metric], errors="coerce"))]
    if known.empty:
        return "no retraining came to an end."
    trial = int(known.groupby("trial")[metric].mean().idxmin())
    values = known[known["trial"] == trial][metric].to_numpy(dtype=float)
    mean = estimate(np.mean, values, seed=seed)
    own = study.trials[study.trials["trial"] == trial][metric]
    luck = mean.value - float(own.iloc[0]) if len(own) else float("nan")
    return Retrained(trial, values, mean, luck)
