"""How draws of a model differ from draws of the data, by samples alone."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from moons.data import Origin
from moons.engines.cache import compiled
from moons.engines.kernel.distances import SUM_DISTANCES, sum_distances
from moons.evaluated import SampleFigures, mean_figures
from moons.seeds import derive_seed
from moons.sources.quadrature import bayes_label

NEIGHBOURS = 5  # Naeem et al. recommend it; 1 - 2^-5 = 0.97 of the points are then covered
PROJECTIONS = 50  # directions
TOLD_APART = 1000  # draws, and as many exact ones, that a classifier is to tell apart

Points = NDArray[np.float32]


@dataclass(frozen=True)
class Real:
    """Points of the data, with what all models that are compared with them share.

    Attributes:
        points: shape (n, columns).
        seed: of the directions that they are projected on.
    """

    points: Points
    seed: int = 0

    @cached_property
    def spread(self) -> float:
        """E|Y - Y'|."""
        return _mean_distance(self.points, self.points)

    @property
    def neighbours(self) -> int:
        """Whose distance is looked at: the fifth, or the last where there are fewer."""
        return min(NEIGHBOURS, len(self.points) - 1)

    @cached_property
    def radius(self) -> NDArray[np.float64]:
        """The distance of each point to its fifth neighbour."""
        near = cKDTree(self.points).query(self.points, k=self.neighbours + 1)[0]
        return np.asarray(near, dtype=np.float64)[:, -1]

    @cached_property
    def directions(self) -> Points:
        """Random unit vectors, shape (directions, columns)."""
        rng, columns = np.random.default_rng(self.seed), self.points.shape[1]
        if columns == 2:  # half a circle of them is all
            angle = rng.uniform(0.0, np.pi, PROJECTIONS)
            return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
        drawn = rng.standard_normal((PROJECTIONS, columns))
        lengths = np.linalg.norm(drawn, axis=1, keepdims=True)
        return np.asarray(drawn / lengths, dtype=np.float32)

    @cached_property
    def projected(self) -> Points:
        """The points on each direction, in order, shape (directions, n)."""
        return np.sort(self.directions @ self.points.T, axis=1)


def sample_figures(
    drawn: Sequence[Points], fresh: Sequence[Real], shares: Sequence[float | None], seed: int
) -> tuple[SampleFigures, SampleFigures]:
    """The means over pairs of sets of all figures, and their standard errors.

    Args:
        drawn: sets of draws, each of shape (n, columns).
        fresh: as many independent sets of exact draws.
        shares: the `label_share` of each set of draws.
        seed: of the classifiers' splits.
    """
    found = []
    for i, (ours, real, share) in enumerate(zip(drawn, fresh, shares, strict=True)):
        coverage, density = coverage_and_density(ours, real)
        accuracy = two_sample_accuracy(
            ours[:TOLD_APART], real.points[:TOLD_APART], derive_seed(seed, "two samples", i)
        )
        figures = SampleFigures(
            energy_distance=energy_distance(ours, real),
            sliced_wasserstein=sliced_wasserstein(ours, real),
            coverage=coverage,
            density=density,
            two_sample_accuracy=accuracy,
            label_share=share,
        )
        found.append(figures)
    return mean_figures(found)


def energy_distance(x: Points, y: Points | Real) -> float:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'|, in the data's unit; 0 for a sample and itself.

    Means over all pairs, a point and itself among them, so that it is never negative; two samples
    of n points of one distribution differ by about 2 E|X - X'| / n.
    Source: Szekely and Rizzo 2013, "Energy statistics", J. Stat. Plan. Inference 143.
    """
    real = y if isinstance(y, Real) else Real(y)
    return 2 * _mean_distance(x, real.points) - _mean_distance(x, x) - real.spread


def mean_energy_distance(drawn: Sequence[Points], real: Real) -> tuple[float, float]:
    """The mean over sets of draws and its standard error, the data's points being given."""
    found = [energy_distance(ours, real) for ours in drawn]
    return statistics.fmean(found), statistics.stdev(found) / math.sqrt(len(found))


def sliced_wasserstein(x: Points, y: Real) -> float:
    """The root of the mean over random directions of the squared Wasserstein-2 distance.

    In the data's unit; for samples of one size, whose projections pair in their order.
    Source: Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters".
    """
    projected = np.sort(y.directions @ x.T, axis=1)
    return float(np.sqrt(np.square(projected - y.projected).mean()))


def coverage_and_density(drawn: Points, real: Real) -> tuple[float, float]:
    """Shares of real points near a draw, and of draws near real points.

    Near a real point is within the distance to its fifth neighbour among the real points.
    Coverage is the share of real points with a draw near them; density counts how many real
    points a draw is near, over five. Source: Naeem et al. 2020, arXiv:2002.09797.
    """
    near = cKDTree(drawn).query_ball_point(real.points, real.radius, return_length=True)
    return float((near > 0).mean()), float(near.sum() / (real.neighbours * len(drawn)))


def two_sample_accuracy(x: Points, y: Points, seed: int) -> float:
    """The held-out accuracy of a classifier that tells the samples apart; chance is 0.5.

    Trained on half of both and tested on the other half: a vote of the k nearest, where k is the
    root of the training points. Source: Lopez-Paz and Oquab 2017, arXiv:1610.06545.
    """
    order = np.random.default_rng(seed).permutation(len(x) + len(y))
    points = np.concatenate([x, y])[order]
    origin = np.repeat([0, 1], [len(x), len(y)])[order]
    half = len(order) // 2
    _, near = cKDTree(points[:half]).query(points[half:], k=int(np.sqrt(half)))
    votes = origin[:half][near].mean(axis=1) > 0.5
    return float((votes == origin[half:]).mean())


def label_share(drawn: Points, asked: ArrayLike | None, origin: Origin) -> float | None:
    """The share of draws whose exact Bayes label is the label asked for.

    None where no labels were asked for, or the density of the data is unknown.
    """
    likely = None if asked is None else bayes_label(origin.source, drawn, origin.noise)
    return None if likely is None else float((likely == np.asarray(asked)).mean())


def _mean_distance(x: Points, y: Points) -> float:
    ours, across = (np.ascontiguousarray(part, dtype=np.float32) for part in (x, y.T))
    sums = np.empty(len(x), dtype=np.float32)
    compiled(sum_distances, SUM_DISTANCES)(ours, across, sums)
    return float(sums.sum(dtype=np.float64)) / (len(x) * len(y))
