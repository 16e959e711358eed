"""Gaussian blobs, straight or twisted: their densities have a closed form."""

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from moons.seeds import derive_seed
from moons.sources.names import NAMED
from moons.sources.quadrature import REACH, near
from moons.sources.source import Floats, Source
from moons.split import Split

RADIAL = 0.3  # standard deviation of a pinwheel's arm along the radius
TWIST = 1.3  # radians by which an arm is turned far out; a third of them at radius 1


class Blobs(Source):
    """As many Gaussian blobs as classes, evenly around the unit circle, each twisted by its radius.

    A point (r, t) of a blob at angle 0 is N(1, along^2) by N(0, noise^2). It is then turned by the
    blob's angle and by twist * (1 - exp(-radius^2 / 2)). Turning keeps areas, so the density is
    that of the Gaussian at the point turned back.

    Args:
        name: in `NAMED`, which has names for as many classes.
        along: standard deviation along the radius; None for the noise.
        twist: in radians, far out.
    """

    def __init__(self, name: str, along: float | None = None, twist: float = 0.0) -> None:
        self.name = name
        self.columns, self.classes = NAMED[name].columns, NAMED[name].classes
        self._along, self._twist = along, twist
        self._angles = 2 * np.pi * np.arange(len(self.classes)) / len(self.classes)

    @override
    def draw(self, n: int, noise: float, seed: int) -> Split:
        labels = np.arange(n, dtype=np.int64) % len(self.classes)
        return self.draw_fresh(n, noise, seed, labels)

    @override
    def draw_fresh(self, n: int, noise: float, seed: int, y: ArrayLike | None = None) -> Split:
        rng = np.random.default_rng(derive_seed(seed, self.name))
        drawn = rng.integers(0, len(self.classes), n)
        labels = drawn if y is None else np.asarray(y, dtype=np.int64)
        x = self._spread(noise) * rng.standard_normal((n, 2)) + [1.0, 0.0]
        return Split(self._turned(x, self._angles[labels], 1.0).astype(np.float32), labels)

    @override
    def log_densities(self, x: ArrayLike, noise: float) -> Floats | None:
        if not noise > 0:
            return None
        points, spread = np.asarray(x, dtype=np.float64), self._spread(noise)
        found = np.empty((len(points), len(self.classes)))
        for label, angle in enumerate(self._angles):
            z = (self._turned(points, np.full(len(points), angle), -1.0) - [1.0, 0.0]) / spread
            found[:, label] = -0.5 * (z**2).sum(axis=1) - np.log(2 * np.pi * spread.prod())
        return found

    @override
    def grid(self, noise: float, steps: float) -> Floats:
        # A twisted arm is narrower across than the noise, which asks for a finer grid.
        along, across = self._spread(noise)
        finest = min(along, across) / (1.4 if self._twist else 1.0)
        reach = REACH * across
        ends = 1.0 - REACH * along, 1.0 + REACH * along
        radii = np.arange(*ends, finest / steps / 4) if along > across else np.ones(1)
        on_arm = np.stack([radii, np.zeros_like(radii)], axis=1)
        spine = [self._turned(on_arm, np.full(len(radii), a), 1.0) for a in self._angles]
        return near(np.concatenate(spine), finest / steps, reach)

    @override
    def known(self, noise: float) -> bool:
        return noise > 0

    def _spread(self, noise: float) -> Floats:
        return np.array([noise if self._along is None else self._along, noise])

    def _turned(self, x: Floats, angle: Floats, sign: float) -> Floats:
        """Points turned about 0 by an angle and by their radius; back where the sign is -1."""
        by = sign * (angle + self._twist * (1.0 - np.exp(-0.5 * (x**2).sum(axis=1))))
        cos, sin = np.cos(by), np.sin(by)
        return np.stack([cos * x[:, 0] - sin * x[:, 1], sin * x[:, 0] + cos * x[:, 1]], axis=1)


def gaussians() -> Blobs:
    """Eight round blobs around the unit circle, whose standard deviation is the noise."""
    return Blobs("gaussians")


def pinwheel() -> Blobs:
    """Five arms, long along the radius, bent by their radius, as wide as the noise."""
    return Blobs("pinwheel", RADIAL, TWIST)
