"""How sure a mean over seeds is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 9999
LEAST = 5  # scores: fewer have too few resamples, and two have none but without spread
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its interval, whose ends are NaN where nothing is known of them."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


def mean_interval(scores: Scores, seed: int = 0) -> Interval:
    """The mean of scores over seeds with its 95 % interval.

    The bootstrap of Student's statistic, which covers better than percentiles at 20 scores and
    fewer (Efron and Tibshirani 1993, section 12.5). Resampling is seeded, so the same scores
    always give the same interval. Fewer than `LEAST` scores have Student's own interval; scores
    that are all alike have no width, and one score, or none, says nothing of its error.

    Args:
        scores: one a seed, shape (n,), finite.
        seed: of the resampling.
    """
    n = len(scores)
    mean = float(scores.mean()) if n else float("nan")
    if n < 2:
        return Interval(mean, float("nan"), float("nan"))
    if np.ptp(scores) == 0:
        return Interval(mean, mean, mean)
    error = scores.std(ddof=1) / np.sqrt(n)
    if n < LEAST:
        low, high = stats.t.interval(CONFIDENCE, n - 1, mean, error)
        return Interval(mean, float(low), float(high))
    drawn = np.random.default_rng(seed).choice(scores, (RESAMPLES, n))
    spread = drawn.std(axis=1, ddof=1) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (drawn.mean(axis=1) - mean) / spread
    t = t[np.isfinite(t)]  # a draw of one score n times over has no spread
    low, high = np.quantile(t, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(mean, float(mean - high * error), float(mean - low * error))
