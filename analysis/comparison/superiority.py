"""How probable it is that one study beats another, and by how much, each with its interval."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.comparison.convergence import INTERVAL, Search
from moons.seeds import derive_seed

RESAMPLES = 2000
LEAST = 5  # values: resampling fewer gives an interval that is too short to mean anything
BLOCK = 2_000_000  # numbers drawn at once

Floats = NDArray[np.float64]
UNKNOWN = float("nan")
Z = 1.959964  # standard normal: 95 % lie within


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval, whose ends are NaN where it has none."""

    value: float
    low: float = UNKNOWN
    high: float = UNKNOWN

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


def estimate(statistic: Callable[..., Any], *samples: Floats, seed: int = 0) -> Estimate:
    """A statistic of one or more samples; each is resampled on its own for the interval.

    Args:
        statistic: of the samples' last axis, or of the one named by `axis`.
        samples: of shapes (n,), (m,), ...; with fewer than `LEAST` values there is no interval.
        seed: of the resamples.
    Source: Efron 1979, the percentile bootstrap.
    """
    value = float(statistic(*samples))
    if min(map(len, samples)) < LEAST:
        return Estimate(value)
    from scipy.stats import bootstrap

    drawn = bootstrap(
        samples,
        statistic,
        n_resamples=RESAMPLES,
        batch=max(1, BLOCK // sum(map(len, samples))),
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(derive_seed(seed, "bootstrap")),
    )
    low, high = drawn.confidence_interval
    return Estimate(value, float(low), float(high))


def probability_better(first: Floats, second: Floats) -> Estimate:
    """P(a random value of `first` is below one of `second`), ties counted half.

    The interval is by inverted scores, not by the bootstrap, which would call samples that do not
    overlap certain, however few.

    Args:
        first: finite values, shape (n,), not empty.
        second: likewise, shape (m,).
    Source: Newcombe 2006, Statistics in Medicine 25:559, method 5, on Mann and Whitney's U / (nm).
    """
    from scipy.optimize import brentq

    ordered = np.sort(second)
    below, not_above = (np.searchsorted(ordered, first, side=s) for s in ("left", "right"))
    above = len(ordered) - not_above
    chance = float((above + 0.5 * (not_above - below)).mean() / len(ordered))
    n_pairs, others = len(first) * len(second), (len(first) + len(second)) / 2 - 1

    def beyond(theta: float, z: float) -> float:
        inflation = 1 + others * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return chance - theta - z * math.sqrt(theta * (1 - theta) * inflation / n_pairs)

    tiny = 1e-12  # at 0 and 1 the score has a second root, without any spread
    low = 0.0 if chance == 0 else brentq(beyond, 0.0, min(chance, 1 - tiny), args=(Z,))
    high = 1.0 if chance == 1 else brentq(beyond, max(chance, tiny), 1.0, args=(-Z,))
    return Estimate(chance, float(low), float(high))


def median_difference(first: Floats, second: Floats, axis: int = -1) -> Floats:
    """The first's median less the second's, along an axis."""
    return np.asarray(np.median(first, axis=axis) - np.median(second, axis=axis))


def mean_difference(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """The first's mean less the second's, with Welch's interval, for the few values of seeds."""
    from scipy.stats import ttest_ind

    value = float(np.mean(first) - np.mean(second))
    if min(len(first), len(second)) < 2:
        return Estimate(value)
    interval = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    return Estimate(value, float(interval.low), float(interval.high))


@dataclass(frozen=True, slots=True)
class BestAgainstBest:
    """Two searches' bests; differences are the first's less the second's.

    Attributes:
        observed: over all their trials.
        equal: over resampled searches of `n_trials` each, `observed` where both had so many, else
            the median; NaN where either search has fewer than `LEAST` complete trials.
        chance: in how many of these the first's best is the better one, ties counted half.
        n_trials: of the shorter search: the best of more trials is better by luck alone.
    """

    observed: float
    equal: Estimate
    chance: float
    n_trials: int


def best_against_best(
    first: Search, second: Search, seed: int = 0, resamples: int = RESAMPLES
) -> BestAgainstBest:
    """Resamples both searches' trials, pruned and diverged ones with them, and takes the bests.

    Args:
        first: a search with a complete trial.
        second: likewise.
        seed: of the resamples.
        resamples: how many.
    """
    observed = float(first.value.min() - second.value.min())
    n_trials = min(len(first), len(second))
    if min(np.isfinite(search.value).sum() for search in (first, second)) < LEAST:
        return BestAgainstBest(observed, Estimate(UNKNOWN), UNKNOWN, n_trials)
    rng = np.random.default_rng(derive_seed(seed, "best against best"))
    ours, theirs = (
        resampled_bests(search.value, n_trials, rng, resamples) for search in (first, second)
    )
    chance = float(np.mean((ours < theirs) + 0.5 * (ours == theirs)))
    # A search that found nothing lost by more than can be said: its gap counts as infinite.
    found = np.isfinite(ours) | np.isfinite(theirs)
    gap = ours[found] - theirs[found]
    low, middle, high = np.quantile(gap, (INTERVAL[0], 0.5, INTERVAL[1]), method="inverted_cdf")
    value = observed if len(first) == len(second) else float(middle)
    return BestAgainstBest(observed, Estimate(value, float(low), float(high)), chance, n_trials)


def resampled_bests(
    values: Floats, n_trials: int, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Floats:
    """The least of `n_trials` values drawn with replacement, `resamples` times over."""
    rows = max(1, BLOCK // n_trials)
    parts = [
        values[rng.integers(len(values), size=(min(rows, resamples - start), n_trials))].min(axis=1)
        for start in range(0, resamples, rows)
    ]
    return np.concatenate(parts)
