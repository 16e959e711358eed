"""Expectations under an exact density, as sums over nodes, and what follows from them."""

import itertools
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from moons.sources.source import Floats, Source

STEPS = 2.0  # nodes to a standard deviation of the noise
REACH = 6.0  # standard deviations around curves and blobs that the nodes cover
LEFT_OUT = 1e-7  # of the probability: where the density is least, a third of the nodes go
MOST_COLUMNS = 2  # in three dimensions a grid has too many nodes
DRAWN = 20_000  # points that say where the density of somebody's own source is
SIDES = (64, 128, 256, 512)  # nodes along an axis, tried in turn
MOST_NODES, MOST_OF_OWN = 200_000, 40_000
WHOLE = 1e-4  # how far from 1 the integral of a density may be


class Quadrature(NamedTuple):
    """Nodes and weights: E_p*[f(x, y)] is the sum of weight * f over the nodes.

    Attributes:
        x: points, shape (m, columns).
        y: the class that a node is of, shape (m,); 0 where the label is not given.
        weight: sums to 1, shape (m,).
        log_density: log p*(x), or log p*(x|y), in nats, shape (m,).
    """

    x: Floats
    y: NDArray[np.int64]
    weight: Floats
    log_density: Floats


def log_density(
    source: Source, x: ArrayLike, noise: float, y: ArrayLike | None = None
) -> Floats | None:
    """The exact log p*(x), or log p*(x|y) where labels are given; None where it is unknown.

    Args:
        source: the data.
        x: points, shape (n, columns).
        noise: standard deviation of the noise, in the data's own unit.
        y: labels, shape (n,).

    Returns:
        Shape (n,), in nats.
    """
    of_class = source.log_densities(x, noise)
    if of_class is None:
        return None
    if y is None:
        return _mixed(of_class)
    of_label: Floats = of_class[np.arange(len(of_class)), np.asarray(y, dtype=np.int64)]
    return of_label


def bayes_label(source: Source, x: ArrayLike, noise: float) -> NDArray[np.int64] | None:
    """The class that each point most probably came from, shape (n,); None as `log_density`."""
    of_class = source.log_densities(x, noise)
    return None if of_class is None else of_class.argmax(axis=1).astype(np.int64)


@lru_cache(maxsize=32)
def quadrature(
    source: Source, noise: float, given_label: bool = False, steps: float = STEPS
) -> Quadrature | None:
    """A rule for expectations under p*(x), or under p*(x|y) with all classes alike.

    The nodes are a square grid, `steps` to a standard deviation of the noise, and their weights are
    the density: the trapezoidal rule, whose error vanishes faster than any power of the step for
    what is as smooth as noise makes it. For two moons of noise 0.15 some 1,800 nodes (2,400 given
    the label) give the entropy to 1e-6 nats, and the excess of models to 1e-4.

    Returns:
        None where the density is unknown, has more than two columns, or is too fine for a grid.
    """
    if len(source.columns) > MOST_COLUMNS or not source.known(noise):
        return None
    grid = source.grid(noise, steps)
    grid = _around_draws(source, noise) if grid is None else grid
    if grid is None or len(grid) > MOST_NODES:
        return None
    of_class = source.log_densities(grid, noise)
    assert of_class is not None
    parts = [_likely(grid, each) for each in (of_class.T if given_label else [_mixed(of_class)])]
    x, log_p = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    y = np.repeat(range(len(parts)), [len(nodes) for nodes, _ in parts])
    weight = np.exp(log_p)
    return Quadrature(x, y, weight / weight.sum(), log_p)


def entropy(source: Source, noise: float, given_label: bool = False) -> float:
    """H(x), or H(x|y), in nats: what the best possible model's negative log likelihood is."""
    rule = quadrature(source, noise, given_label)
    assert rule is not None
    return float(-rule.weight @ rule.log_density)


@lru_cache(maxsize=32)
def bayes_accuracy(source: Source, noise: float) -> float:
    """The share of points whose Bayes label is their own, which no classifier exceeds.

    Deterministic: the mean of max_y p*(y|x) over `quadrature`, exact within 0.0005.
    """
    rule = quadrature(source, noise)
    assert rule is not None
    of_class = source.log_densities(rule.x, noise)
    assert of_class is not None
    highest = of_class.max(axis=1)
    return float(rule.weight @ (1.0 / np.exp(of_class - highest[:, None]).sum(axis=1)))


def near(spine: Floats, step: float, reach: float) -> Floats:
    """The points of a square grid that are within `reach` of a point of the spine.

    Args:
        spine: shape (n, 2); no two neighbours are further apart than half a step.
        step: of the grid.
        reach: in the same unit.

    Returns:
        Shape (m, 2).
    """
    places = np.unique(np.round(spine / step).astype(np.int64), axis=0)
    size = int(np.ceil(reach / step))
    side = np.arange(-size, size + 1)
    around = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    around = around[np.hypot(*around.T) * step <= reach]
    # One number for each point: places of two numbers take far longer to tell apart.
    row = 4 * int(np.abs(places).max() + size)
    found = np.unique(places @ [1, row] + (around @ [1, row])[:, None])
    below = (found + row // 2) // row
    return np.stack([found - below * row, below], axis=1) * np.float64(step)


def _mixed(of_class: Floats) -> Floats:
    """The log of the classes' mean density, shape (n,)."""
    mixed: Floats = np.logaddexp.reduce(of_class, axis=1) - np.log(float(of_class.shape[1]))
    return mixed


def _around_draws(source: Source, noise: float) -> Floats | None:
    """The coarsest grid around draws over which the density sums to 1, where one is coarse enough.

    No sharper check is at hand for a density that is known by its values alone.
    """
    x = source.draw_fresh(DRAWN, noise, 0).x.astype(np.float64)
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.25 * (high - low)
    for side in SIDES if x.shape[1] == 2 else (*SIDES, *(s * SIDES[-1] for s in SIDES)):
        axes = [np.linspace(a, b, side) for a, b in zip(low - margin, high + margin, strict=True)]
        grid = np.array(list(itertools.product(*axes)))
        of_class = source.log_densities(grid, noise)
        assert of_class is not None
        cell = float(np.prod([axis[1] - axis[0] for axis in axes]))
        sums = np.exp(of_class).sum(axis=0) * cell
        if (np.abs(sums - 1.0) < WHOLE).all():
            kept, _ = _likely(grid, of_class.max(axis=1))
            return kept if len(kept) <= MOST_OF_OWN else None
    return None


def _likely(grid: Floats, log_p: Floats) -> tuple[Floats, Floats]:
    """Nodes and their log densities, without those of least density that hold `LEFT_OUT`."""
    order = np.argsort(-log_p)
    held = np.cumsum(np.exp(log_p[order]))
    kept = order[: 1 + int(np.searchsorted(held, (1 - LEFT_OUT) * held[-1]))]
    return grid[kept], log_p[kept]
