"""The two-moons data and their split."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from moons.seeds import derive_seed

TRAIN_SHARE, VAL_SHARE = 0.6, 0.2  # the rest is the test split


@dataclass(frozen=True, slots=True)
class Split:
    """Points with their moon.

    Attributes:
        x: coordinates, float32, shape (n, 2).
        y: 0 for the upper moon, 1 for the lower one, int64, shape (n,).
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True)
class Moons:
    """A drawn data set, split 60:20:20 within each moon."""

    train: Split
    val: Split
    test: Split


def draw_moons(n_samples: int, noise: float, seed: int) -> Split:
    """Draws both moons together, not scaled and not split.

    Args:
        n_samples: points of both moons.
        noise: standard deviation of the isotropic Gaussian noise, in the data's own unit.
        seed: in [0, 2**32).
    """
    from sklearn.datasets import make_moons  # dear to import, and a worker is sent its data

    x, y = make_moons(n_samples=n_samples, noise=noise or None, random_state=seed)
    return Split(x.astype(np.float32), y.astype(np.int64))


@lru_cache(maxsize=32)  # a worker sees the same few data sets in every trial
def load_moons(n_samples: int, noise: float, seed: int) -> Moons:
    """Draws two moons and splits them, the same for the same arguments."""
    drawn = draw_moons(n_samples, noise, seed)
    rng = np.random.default_rng(derive_seed(seed, "split"))
    parts: tuple[list[NDArray[np.intp]], ...] = ([], [], [])
    for moon in (0, 1):
        members = rng.permutation(np.flatnonzero(drawn.y == moon))
        n_train = round(TRAIN_SHARE * len(members))
        n_val = round(VAL_SHARE * len(members))
        for part, indices in zip(parts, np.split(members, [n_train, n_train + n_val]), strict=True):
            part.append(indices)
    return Moons(*(_take(drawn, part) for part in parts))


def _take(drawn: Split, indices: Sequence[NDArray[np.intp]]) -> Split:
    chosen = np.concatenate(indices)
    split = Split(drawn.x[chosen], drawn.y[chosen])
    split.x.setflags(write=False)  # shared by every trial of a worker
    split.y.setflags(write=False)
    return split
