"""Configs against the first of them, from scores on the same seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.intervals import CONFIDENCE, Scores

ROUNDING = 1e-9  # relative; differences that are so much alike are one and the same


@dataclass(frozen=True, slots=True)
class Paired:
    """A config against the first.

    Attributes:
        difference: the mean over common seeds of its score less the first's; NaN without any.
        p: corrected; NaN with fewer than two seeds in common.
    """

    difference: float
    p: float

    @property
    def tie(self) -> bool:
        """Whether the seeds do not tell them apart; False where nothing can be said."""
        return self.p >= 1 - CONFIDENCE

    @property
    def word(self) -> Literal["tie", "worse", "better"] | None:
        """The verdict on the config, as smaller scores are better; None where there is none."""
        if np.isnan(self.p):
            return None
        return "tie" if self.tie else "worse" if self.difference > 0 else "better"

    def __str__(self) -> str:
        """The verdict with its p-value."""
        return "too few seeds" if self.word is None else f"{self.word}, p = {self.p:.2g}"


def against_first(scores: "Mapping[str, pd.Series[float]]") -> list[Paired]:
    """Each config against the first, which is a tie with itself.

    The first may be so by these very scores. Correcting for it alone would call too many others
    worse, hence Holm's correction over all pairs.

    Args:
        scores: of each config, by seed, in their order.
    """
    raw, gaps = {}, {}
    for one, other in combinations(scores, 2):
        both = pd.concat([scores[one], scores[other]], axis=1, join="inner").to_numpy()
        gaps[one, other] = float((both[:, 1] - both[:, 0]).mean()) if len(both) else float("nan")
        if len(both) > 1:
            raw[one, other] = paired_p(both[:, 0], both[:, 1])
    p_values = dict(zip(raw, holm(np.array(list(raw.values()), dtype=np.float64)), strict=True))
    first, *others = scores
    pairs = [(first, other) for other in others]
    return [
        Paired(0.0, 1.0),
        *(Paired(gaps[pair], float(p_values.get(pair, float("nan")))) for pair in pairs),
    ]


def holm(p_values: Scores) -> Scores:
    """p-values corrected for their number, never below the raw ones (Holm 1979)."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return corrected


def paired_p(first: Scores, other: Scores) -> float:
    """Two-sided p-value that two configs have the same mean, from scores on the same seeds.

    Student's test of the differences; 1 where they are all zero, or there is but one.
    """
    differences = other - first
    if len(differences) < 2 or not differences.any():
        return 1.0
    if np.ptp(differences) <= ROUNDING * abs(differences.mean()):
        return 0.0
    return float(stats.ttest_1samp(differences, 0.0).pvalue)
