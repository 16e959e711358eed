"""Two moons: two half circles with Gaussian noise."""

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from moons.density import draw_exact, moon_log_densities, turned
from moons.sources.names import NAMED
from moons.sources.quadrature import REACH, near
from moons.sources.source import Floats, Source
from moons.split import Split


class TwoMoons(Source):
    """scikit-learn's `make_moons`; the upper one has label 0."""

    name = "moons"
    columns, classes = NAMED["moons"].columns, NAMED["moons"].classes

    @override
    def draw(self, n: int, noise: float, seed: int) -> Split:
        # Bit by bit what `sklearn.datasets.make_moons` draws, without half a second of import in
        # every process that draws.
        rng, upper = np.random.RandomState(seed), n // 2
        y = np.repeat([0, 1], [upper, n - upper])
        angle = np.concatenate([np.linspace(0, np.pi, upper), np.linspace(0, np.pi, n - upper)])
        arcs = np.cos(angle), np.sin(angle)
        clean = np.where(y == 0, arcs, (1 - arcs[0], 1 - arcs[1] - 0.5)).T
        order = np.arange(n)
        rng.shuffle(order)
        x = clean[order] + (rng.normal(scale=noise, size=(n, 2)) if noise else 0.0)
        return Split(x.astype(np.float32), y[order].astype(np.int64))

    @override
    def draw_fresh(self, n: int, noise: float, seed: int, y: ArrayLike | None = None) -> Split:
        return draw_exact(n, noise, seed, y)

    @override
    def log_densities(self, x: ArrayLike, noise: float) -> Floats | None:
        return moon_log_densities(x, noise) if noise > 0 else None

    @override
    def grid(self, noise: float, steps: float) -> Floats:
        step = noise / steps
        t = np.linspace(0.0, np.pi, int(np.ceil(2 * np.pi / step)) + 1)
        upper = np.stack([np.cos(t), np.sin(t)], axis=1)
        return near(np.concatenate([upper, turned(upper)]), step, REACH * noise)

    @override
    def known(self, noise: float) -> bool:
        return noise > 0
