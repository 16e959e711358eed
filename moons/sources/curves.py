"""Curves with Gaussian noise: circles and spirals."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from moons.seeds import derive_seed
from moons.sources.names import NAMED
from moons.sources.quadrature import REACH, near
from moons.sources.source import Floats, Source
from moons.split import Split

PANEL, PANEL_WEIGHTS = np.polynomial.legendre.leggauss(20)
NODES = 4.0  # along a standard deviation of the noise: log densities are exact within 1e-6 nats
LEAST_NODES = 200
BLOCK = 256  # points times nodes stay in a core's cache
UNDERFLOW = -700.0  # exp of less is subnormal, ten times slower, and adds nothing
TABLE = 8192  # angles between which lengths along a curve are interpolated

Curve = Callable[[Floats], Floats]  # angles (n,) to places in the plane (n, 2)


class Curves(Source):
    """Points that lie evenly along curves, one a class, with isotropic Gaussian noise.

    p*(x|y) = int N(x; m_y(t), noise^2 I) |m_y'(t)| dt / length, by Gauss and Legendre's rule in
    panels.

    Args:
        name: in `NAMED`, which has names for as many classes.
        curves: one for each class.
        ends: the first and the last angle of all of them.
    """

    def __init__(self, name: str, curves: tuple[Curve, ...], ends: tuple[float, float]) -> None:
        self.name = name
        self.columns, self.classes = NAMED[name].columns, NAMED[name].classes
        self._curves = curves
        self._angles = np.linspace(*ends, TABLE)
        self._lengths = [_lengths(curve(self._angles)) for curve in curves]

    @override
    def draw(self, n: int, noise: float, seed: int) -> Split:
        labels = np.arange(n, dtype=np.int64) % len(self.classes)
        return self.draw_fresh(n, noise, seed, labels)

    @override
    def draw_fresh(self, n: int, noise: float, seed: int, y: ArrayLike | None = None) -> Split:
        rng = np.random.default_rng(derive_seed(seed, self.name))
        share = rng.uniform(size=n)
        drawn = rng.integers(0, len(self.classes), n)
        labels = drawn if y is None else np.asarray(y, dtype=np.int64)
        x = noise * rng.standard_normal((n, 2))
        for label in range(len(self.classes)):
            x[labels == label] += self._at(label, share[labels == label])
        return Split(x.astype(np.float32), labels)

    @override
    def log_densities(self, x: ArrayLike, noise: float) -> Floats | None:
        if not noise > 0:
            return None
        points = np.asarray(x, dtype=np.float64)
        found = np.empty((len(points), len(self.classes)))
        for label, lengths in enumerate(self._lengths):
            share, weights = _rule(lengths[-1], noise)
            places = self._at(label, share)
            for start in range(0, len(points), BLOCK):
                rows = slice(start, start + BLOCK)
                found[rows, label] = _log_mean(points[rows], places, weights, noise)
        return found

    @override
    def grid(self, noise: float, steps: float) -> Floats:
        step = noise / steps
        spine = [
            self._at(label, np.linspace(0.0, 1.0, int(np.ceil(2 * lengths[-1] / step)) + 1))
            for label, lengths in enumerate(self._lengths)
        ]
        return near(np.concatenate(spine), step, REACH * noise)

    @override
    def known(self, noise: float) -> bool:
        return noise > 0

    def _at(self, label: int, share: Floats) -> Floats:
        """Places on a class's curve, (n, 2), at these shares of its length from its beginning."""
        lengths = self._lengths[label]
        return self._curves[label](np.interp(share * lengths[-1], lengths, self._angles))


def circle(radius: float) -> Curve:
    """A circle about 0."""
    return lambda t: radius * np.stack([np.cos(t), np.sin(t)], axis=1)


def spiral(turned: float) -> Curve:
    """A spiral of Archimedes, whose radius grows by 0.22 a radian, turned by an angle."""
    return lambda t: 0.22 * t[:, None] * np.stack([np.cos(t + turned), np.sin(t + turned)], axis=1)


def circles() -> Curves:
    """Two circles about 0, with radii 1 and 0.5."""
    return Curves("circles", (circle(1.0), circle(0.5)), (0.0, 2 * np.pi))


def spirals() -> Curves:
    """Two spirals around each other, a turn and a half each, 0.69 apart."""
    return Curves("spirals", (spiral(0.0), spiral(np.pi)), (1.0, 1.0 + 3 * np.pi))


def _lengths(places: Floats) -> Floats:
    """The length of a curve up to each of its places, shape (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])


def _rule(length: float, noise: float) -> tuple[Floats, Floats]:
    """Shares of a length in (0, 1) and their weights, which sum to 1."""
    nodes = max(LEAST_NODES, int(np.ceil(NODES * length / noise)))
    panels = -(-nodes // len(PANEL))
    shares = (np.arange(panels)[:, None] + (PANEL + 1) / 2) / panels
    return shares.ravel(), np.tile(PANEL_WEIGHTS / (2 * panels), panels)


def _log_mean(x: Floats, places: Floats, weights: NDArray[np.float64], noise: float) -> Floats:
    """The log of the mean of Gaussians about the places, shape (n,)."""
    squared = (x**2).sum(axis=1)[:, None] + (places**2).sum(axis=1) - 2 * x @ places.T
    nearest = squared.min(axis=1)
    exponent = np.maximum((nearest[:, None] - squared) / (2 * noise**2), UNDERFLOW)
    log_normal = -nearest / (2 * noise**2) - np.log(2 * np.pi * noise**2)
    found: Floats = np.log(np.exp(exponent) @ weights) + log_normal
    return found
