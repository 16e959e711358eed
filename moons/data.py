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

    def __post_init__(self) -> None:
        x, y = np.asarray(self.x), np.asarray(self.y)
        if x.ndim != 2 or x.shape[1] != 2:
            raise ValueError(f"x must be points of two coordinates, shape (n, 2), got {x.shape}")
        if x.dtype.kind not in "fiu" or not np.isfinite(x).all():
            raise ValueError(f"x must be finite numbers, got {_example(x, ~_finite(x))}")
        if y.shape != (len(x),):
            raise ValueError(f"y must have one label for each of {len(x)} points, got {y.shape}")
        if y.dtype.kind not in "biuf" or not np.isin(y, (0, 1)).all():
            raise ValueError(f"y must be the moons 0 and 1, got {_example(y, ~np.isin(y, (0, 1)))}")
        object.__setattr__(self, "x", x.astype(np.float32, copy=False))
        object.__setattr__(self, "y", y.astype(np.int64, copy=False))

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        """Short: nobody reads thousands of points."""
        return f"Split({len(self)} points)"


@dataclass(frozen=True, slots=True)
class Moons:
    """A drawn data set, split 60:20:20 within each moon."""

    train: Split
    val: Split
    test: Split

    def __post_init__(self) -> None:
        for name in ("train", "val", "test"):
            if not isinstance(split := getattr(self, name), Split):
                raise ValueError(f"{name} must be a moons.data.Split, got {type(split).__name__}")


def _finite(x: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.isfinite(x) if x.dtype.kind in "fiu" else np.zeros(x.shape, dtype=bool)


def _example(values: NDArray[np.generic], wrong: NDArray[np.bool_]) -> str:
    return f"{values[wrong].flat[0]!r}" if wrong.any() else f"values of type {values.dtype}"


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
