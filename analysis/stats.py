"""How sure a mean, a difference, a rank correlation and a verdict are.

Scores are one a seed, shape (n,), or losses, shape (n, points): the loss of every seed's training
at points that all of them share. Such points are as random as the seeds, and their error does not
average out over seeds; with losses, intervals and p-values count both.
`python -m tests.benchmarks.coverage` simulates how often each of them is right.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit  # scipy.stats takes a second to import

CONFIDENCE = 0.95
RESAMPLES = 4999
LEAST = 5  # scores: fewer have too few resamples, and two have none but without spread
ROUNDING = 1e-9  # relative; differences that are so much alike are one and the same
UNKNOWN = float("nan")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % interval, whose ends are NaN where nothing is known of them."""

    value: float
    low: float = UNKNOWN
    high: float = UNKNOWN


@dataclass(frozen=True, slots=True)
class _Spread:
    """A mean's variance in its parts, and how many seeds and points they come from.

    `of_points` is 0 for scores. What seeds and points do together is part of `of_seeds`.
    """

    mean: float
    of_seeds: float
    of_points: float
    n: int
    points: int = 1

    @classmethod
    def of(cls, losses: Floats) -> "_Spread":
        scores = losses if losses.ndim == 1 else losses.mean(axis=1)
        n, mean = len(scores), float(scores.mean())
        of_seeds = float(scores.var(ddof=1)) / n if n > 1 else UNKNOWN
        if losses.ndim == 1:
            return cls(mean, of_seeds, 0.0, n)
        by_point = losses.mean(axis=0)
        of_points = _of_points(by_point, _interaction(losses, scores, by_point))
        return cls(mean, of_seeds, of_points, n, len(by_point))

    @property
    def error(self) -> float:
        return float(np.sqrt(self.of_seeds + self.of_points))

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the error (Satterthwaite 1946)."""
        parts = self.of_seeds**2 / (self.n - 1) + self.of_points**2 / max(self.points - 1, 1)
        return float(self.error**4 / parts)


def _interaction(losses: Floats, scores: Floats, by_point: Floats) -> float:
    """The variance of the mean that comes from seeds and points together."""
    n, points = losses.shape
    if n < 2:
        return 0.0
    rest = losses - scores[:, None] - by_point + scores.mean()
    return float((rest**2).sum() / ((n - 1) * (points - 1) * n * points))


def _of_points(by_point: Floats, interaction: float) -> float:
    return max(float(by_point.var(ddof=1)) / len(by_point) - interaction, 0.0)


def widened(scores: Floats, reused: float) -> Floats:
    """Scores whose spread also counts that they are on points drawn again and again from the same.

    A mean over random splits has a variance of (1 / n + validation points / training points) times
    that of a score, since no two splits are without common points (Nadeau and Bengio 2003,
    "Inference for the generalization error", section 5).

    Args:
        scores: one a split, shape (n,).
        reused: validation points for one training point.
    """
    return np.asarray(scores.mean() + np.sqrt(1 + len(scores) * reused) * (scores - scores.mean()))


def mean_interval(losses: Floats, seed: int = 0, among: int = 1) -> Interval:
    """The mean over seeds with its 95 % interval.

    The bootstrap of Student's statistic over seeds, with the points' part drawn from a normal law.
    It covers better than percentiles at 20 scores and fewer (Efron and Tibshirani 1993, section
    12.5). Its tails are smaller by 2 / n, as a resample of few scores has fewer distinct ones
    still, and no end is nearer than that of Student's interval, which fewer than `LEAST` scores
    have. Scores that are all alike have no width; one score, or none, says nothing of its error.

    The least mean of several is low by luck as well, so that the upper tail is divided by their
    number (Bonferroni). That holds by whatever figure of the same trainings it was chosen.

    Args:
        losses: scores or losses, finite.
        seed: of the resampling; the same scores always give the same interval.
        among: of how many this is the one that came first.
    """
    n = len(losses)
    if n < 2:
        return Interval(float(losses.mean()) if n else UNKNOWN)
    spread = _Spread.of(losses)
    mean, error = spread.mean, spread.error
    scores = losses if losses.ndim == 1 else losses.mean(axis=1)
    if np.ptp(scores) == 0 and spread.of_points == 0:
        return Interval(mean, mean, mean)
    tail = (1 - CONFIDENCE) / 2
    low = mean + float(stdtrit(spread.freedom, tail)) * error
    high = mean - float(stdtrit(spread.freedom, tail / among)) * error
    if n < LEAST:
        return Interval(mean, low, high)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(scores, (RESAMPLES, n))
    shift = drawn.mean(axis=1) - mean
    if spread.of_points:
        shift += rng.normal(0.0, np.sqrt(spread.of_points), RESAMPLES)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = shift / np.sqrt(drawn.var(axis=1, ddof=1) / n + spread.of_points)
    t = t[np.isfinite(t)]  # a draw of one score n times over has no spread
    tail *= (n - 2) / n
    least, most = map(float, np.quantile(t, [tail / among, 1 - tail]))
    return Interval(mean, min(low, mean - most * error), max(high, mean - least * error))


def paired_p(first: Floats, other: Floats) -> float:
    """Two-sided p-value that two configs have the same mean, from the same seeds and points.

    Student's test of the differences, by seeds and points where both have losses; 1 where all
    differences are zero, or there is but one seed.
    """
    differences = other - first
    if len(differences) < 2 or not differences.any():
        return 1.0
    spread = _Spread.of(differences)
    if spread.error <= ROUNDING * abs(spread.mean):
        return 0.0
    return float(2 * stdtr(spread.freedom, -abs(spread.mean) / spread.error))


def difference(
    first: Floats, second: Floats, among: tuple[int, int] = (1, 1)
) -> tuple[Interval, float]:
    """The first's mean less the second's, from other seeds, with its interval and p-value (Welch).

    The best of several that are equally good is best by luck, and looks better than a single one.
    So either side's tail is divided by how many the better one was chosen among (Bonferroni): that
    the best of k lies so far below any one of the others has at most k times the chance that a
    given one does.

    Args:
        first: scores or losses.
        second: likewise, with the same points where both have losses.
        among: of how many each is the one with the least mean, by these very scores.

    Returns:
        Ends and p are NaN where either has fewer than two seeds.
    """
    ours, theirs = _Spread.of(first), _Spread.of(second)
    gap = ours.mean - theirs.mean
    if min(ours.n, theirs.n) < 2:
        return Interval(gap), UNKNOWN
    of_points = ours.of_points + theirs.of_points
    if first.ndim == second.ndim == 2:
        both = [(part, part.mean(axis=1), part.mean(axis=0)) for part in (first, second)]
        twice = sum(_interaction(*part) for part in both)
        of_points = _of_points(both[0][2] - both[1][2], twice)
    of_seeds = (ours.of_seeds, theirs.of_seeds)
    error = float(np.sqrt(sum(of_seeds) + of_points))
    if error <= ROUNDING * abs(gap) or error == 0:
        return Interval(gap, gap, gap), 1.0 if gap == 0 else 0.0
    points = max(ours.points, theirs.points, 2)
    parts = zip((*of_seeds, of_points), (ours.n, theirs.n, points), strict=True)
    freedom = error**4 / sum(part**2 / (n - 1) for part, n in parts)
    tail = (1 - CONFIDENCE) / 2
    up, down = (float(-stdtrit(freedom, tail / k)) for k in among)
    p = 2 * float(stdtr(freedom, -abs(gap) / error)) * among[0 if gap < 0 else 1]
    return Interval(gap, gap - down * error, gap + up * error), min(p, 1.0)


def holm(p_values: Floats) -> Floats:
    """p-values corrected for their number, never below the raw ones (Holm 1979)."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return corrected


@dataclass(frozen=True, slots=True)
class Paired:
    """A config against the first.

    Attributes:
        difference: the mean over common seeds of its score less the first's; NaN without any.
        p: corrected; NaN where nothing can be said.
    """

    difference: float
    p: float

    @property
    def tie(self) -> bool:
        """Whether the two are not told apart; False where nothing can be said."""
        return self.p >= 1 - CONFIDENCE

    @property
    def word(self) -> Literal["tie", "worse", "better"] | None:
        """The verdict on the config, as smaller scores are better; None where there is none."""
        if np.isnan(self.p):
            return None
        return "tie" if self.tie else "worse" if self.difference > 0 else "better"

    def __str__(self) -> str:
        """The verdict with its p-value."""
        return "no verdict" if self.word is None else f"{self.word}, p = {self.p:.2g}"


def spearman_interval(correlation: float, n: int) -> Interval:
    """Spearman's rank correlation with its 95 % interval, on Fisher's scale.

    Source: Bonett and Wright 2000, Psychometrika 65:23.
    """
    if n < 4 or not np.isfinite(correlation):
        return Interval(correlation)
    middle = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12))
    half = ndtri((1 + CONFIDENCE) / 2) * np.sqrt((1 + correlation**2 / 2) / (n - 3))
    low, high = np.tanh([middle - half, middle + half])
    return Interval(correlation, min(float(low), correlation), max(float(high), correlation))


def share_in_range(n: int) -> float:
    """How probable it is that one more repetition lies between the least and greatest of n.

    Exact for any continuous law: the next of n + 1 values is as likely to have any rank.
    """
    return (n - 1) / (n + 1)
