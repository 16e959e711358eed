"""What a data set offers: points to draw, names, and its exact density where that is known."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from moons.code import SpaceCode
from moons.split import Split

Floats = NDArray[np.float64]
ATTEMPTS = 100  # rounds of draws in which every label has to come up often enough


class Source:
    """A data set.

    One of your own derives from this class, names its columns and classes, and has `draw`; with
    `log_densities` models are measured against its exact density too.

    Attributes:
        name: what configs and tables call it.
        columns: names of a point's coordinates, at least one and at most 64.
        classes: names of the labels 0, 1, ...; a single one where there are none to tell apart.
        endless: whether it can be drawn from again and again; a file cannot.
        code: of the space file that has it; set by the project.
    """

    name: str = ""
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ("all",)
    endless: bool = True
    code: SpaceCode | None = None

    def draw(self, n: int, noise: float, seed: int) -> Split:
        """`n` points with their labels, to be split; the same for the same arguments.

        Args:
            n: `n_samples` of the config.
            noise: standard deviation of the noise, likewise; a source without noise ignores it.
            seed: in [0, 2**32), the config's `data_seed`.
        """
        raise NotImplementedError

    def draw_fresh(self, n: int, noise: float, seed: int, y: ArrayLike | None = None) -> Split:
        """`n` independent draws, for the labels `y` of shape (n,) where they are given.

        By default from `draw`, which is asked for points until there are enough of each label.
        """
        if y is None:
            return self.draw(n, noise, seed)
        labels = np.asarray(y, dtype=np.int64)
        wanted = np.bincount(labels, minlength=len(self.classes))
        x = np.empty((n, len(self.columns)), dtype=np.float32)
        found = [x[:0]] * len(wanted)
        for attempt in range(ATTEMPTS):
            drawn = self.draw(max(n, 20), noise, (seed + attempt) % 2**32)
            found = [
                np.concatenate([ours, drawn.x[drawn.y == label]])[:count]
                for label, (ours, count) in enumerate(zip(found, wanted, strict=True))
            ]
            if all(len(ours) == count for ours, count in zip(found, wanted, strict=True)):
                break
        else:
            raise ValueError(f"the data {self.name} hardly ever draw one of their labels")
        for label, ours in enumerate(found):
            x[labels == label] = ours
        return Split(x, labels)

    def log_densities(self, x: ArrayLike, noise: float) -> Floats | None:
        """The exact log p(x|y) of every class, in nats; None where it is unknown.

        Classes are equally likely where a density is known.

        Args:
            x: points, shape (n, columns).
            noise: as in `draw`.

        Returns:
            Shape (n, classes).
        """
        return None

    def grid(self, noise: float, steps: float) -> Floats | None:
        """Nodes of a square grid that covers the density, to sum over, shape (m, columns).

        None leaves it to `moons.sources.quadrature` to find one.

        Args:
            noise: as in `draw`.
            steps: nodes to the finest standard deviation that the density has.
        """
        return None

    def known(self, noise: float) -> bool:
        """Whether the density is known with this noise."""
        return self.log_densities(self.draw(20, noise, 0).x[:1], noise) is not None
