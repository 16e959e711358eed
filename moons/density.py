"""The exact density of two moons with noise, and independent draws of it."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from moons.seeds import derive_seed
from moons.split import Split

# Nodes along an arc, times 1 / noise, and at least: log densities within twenty standard deviations
# of an arc are exact within 1e-10 nats.
ARC_NODES, LEAST_NODES = 20, 100
PANEL, PANEL_WEIGHTS = np.polynomial.legendre.leggauss(20)
UNDERFLOW = -700.0  # exp of less is subnormal, ten times slower, and adds nothing
BLOCK = 64  # points times nodes of float64 stay in a core's second-level cache

Floats = NDArray[np.float64]


def log_density(
    x: ArrayLike, noise: float, y: ArrayLike | None = None, nodes: int | None = None
) -> Floats:
    """The exact log p*(x), or log p*(x|y) where labels are given, in nats.

    p*(x|y) = 1/pi int_0^pi N(x; m_y(t), noise^2 I) dt over the arcs m_0(t) = (cos t, sin t) and
    m_1(t) = (1 - cos t, 1/2 - sin t), by Gauss and Legendre's rule in panels; p*(x) is the mean of
    both moons.

    Args:
        x: points, shape (n, 2).
        noise: standard deviation of the noise, in the data's own unit.
        y: moon labels, shape (n,).
        nodes: along each arc, rounded up to whole panels; by default as many as the noise asks for.

    Returns:
        Shape (n,).

    Raises:
        ValueError: the noise is not above 0: points on a curve have no density.
    """
    _check(noise)
    points = np.asarray(x, dtype=np.float64)
    if y is None:
        both = moon_log_densities(points, noise, nodes)
        marginal: Floats = np.logaddexp(both[:, 0], both[:, 1]) - np.log(2.0)
        return marginal
    lower = (np.asarray(y) == 1)[:, None]
    return _log_upper(np.where(lower, turned(points), points), noise, nodes)


def moon_log_densities(x: ArrayLike, noise: float, nodes: int | None = None) -> Floats:
    """The exact log p*(x|y) of both moons, shape (n, 2); arguments as in `log_density`."""
    _check(noise)
    points = np.asarray(x, dtype=np.float64)
    moons = (_log_upper(points, noise, nodes), _log_upper(turned(points), noise, nodes))
    return np.stack(moons, axis=1)


def draw_exact(n: int, noise: float, seed: int, y: ArrayLike | None = None) -> Split:
    """Independent draws of p*(x, y), or of p*(x|y) where labels are given.

    `make_moons` spaces its points evenly along the arcs, so that two of its data sets are nearer to
    each other than independent draws are; a perfect model could not reach such a floor.

    Args:
        n: how many points.
        noise: standard deviation of the noise; 0 is allowed.
        seed: in [0, 2**32).
        y: the labels to draw for, shape (n,).
    """
    rng = np.random.default_rng(derive_seed(seed, "exact draws"))
    angle = rng.uniform(0.0, np.pi, n)
    arc = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    labels = rng.integers(0, 2, n) if y is None else np.asarray(y, dtype=np.int64)
    clean = np.where((labels == 1)[:, None], turned(arc), arc)
    x = clean + noise * rng.standard_normal((n, 2))
    return Split(x.astype(np.float32), labels)


def nodes_for(noise: float) -> int:
    """How many nodes along an arc are fine enough for the noise around it."""
    return max(LEAST_NODES, int(np.ceil(ARC_NODES / noise)))


@lru_cache(maxsize=32)
def along_arc(nodes: int) -> tuple[Floats, Floats]:
    """Angles in (0, pi) and weights that sum to 1."""
    panels = -(-nodes // len(PANEL))
    t = (np.arange(panels)[:, None] + (PANEL + 1) / 2) * np.pi / panels
    return t.ravel(), np.tile(PANEL_WEIGHTS / (2 * panels), panels)


def _check(noise: float) -> None:
    if not noise > 0:
        raise ValueError(
            f"noise must be above 0 for two moons to have a density, got {noise!r}; "
            "ask for a sample-based figure instead"
        )


def turned(x: Floats) -> Floats:
    """Turns the plane by half a circle about (1/2, 1/4), which swaps the moons."""
    return np.array([1.0, 0.5]) - x


def _log_upper(x: Floats, noise: float, nodes: int | None) -> Floats:
    # |x - m(t)|^2 = |x|^2 + 1 - 2 x.m(t), and x.m(t) is largest at the arc's nearest point, where
    # it is |x| above the axis and |x_0| at the arc's ends: subtracting it keeps exp in range.
    t, weights = along_arc(nodes or nodes_for(noise))
    arc = np.stack([np.cos(t), np.sin(t)]) / noise**2  # (2, nodes)
    radius = np.hypot(x[:, 0], x[:, 1])
    peak = np.where(x[:, 1] >= 0, radius, np.abs(x[:, 0])) / noise**2
    mean = np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        block = slice(start, start + BLOCK)
        exponent = x[block] @ arc
        exponent -= peak[block, None]
        np.maximum(exponent, UNDERFLOW, out=exponent)
        mean[block] = np.exp(exponent, out=exponent) @ weights
    log_normal = -(radius**2 + 1) / (2 * noise**2) - np.log(2 * np.pi * noise**2)
    density: Floats = peak + np.log(mean) + log_normal
    return density
