"""Points with their labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Split:
    """Points with their class.

    Attributes:
        x: coordinates, float32, shape (n, columns).
        y: the class of each, from 0, int64, shape (n,).
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]

    def __post_init__(self) -> None:
        x, y = np.asarray(self.x), np.asarray(self.y)
        if x.ndim != 2 or x.shape[1] == 0:
            raise ValueError(f"x must be points in rows, shape (n, columns), got {x.shape}")
        if x.dtype.kind not in "fiu" or not np.isfinite(x).all():
            raise ValueError(f"x must be finite numbers, got {_example(x, ~_finite(x))}")
        if y.shape != (len(x),):
            raise ValueError(f"y must have one label for each of {len(x)} points, got {y.shape}")
        if y.dtype.kind not in "biuf" or not (right := _labels(y)).all():
            wrong = ~right if y.dtype.kind in "biuf" else np.zeros(y.shape, dtype=bool)
            raise ValueError(f"y must be labels 0, 1, 2, ..., got {_example(y, wrong)}")
        object.__setattr__(self, "x", x.astype(np.float32, copy=False))
        object.__setattr__(self, "y", y.astype(np.int64, copy=False))

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        """Short: nobody reads thousands of points."""
        return f"Split({len(self)} points)"


def _labels(y: NDArray[np.generic]) -> NDArray[np.bool_]:
    whole = np.isfinite(y) & (y == np.floor(y.astype(np.float64)))
    right: NDArray[np.bool_] = whole & (y.astype(np.float64) >= 0)
    return right


def _finite(x: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.isfinite(x) if x.dtype.kind in "fiu" else np.zeros(x.shape, dtype=bool)


def _example(values: NDArray[np.generic], wrong: NDArray[np.bool_]) -> str:
    return f"{values[wrong].flat[0]!r}" if wrong.any() else f"values of type {values.dtype}"
