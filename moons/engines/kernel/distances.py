"""Distances between all points of two samples, as one compiled function."""

import math
from typing import Any

import numpy as np
from numba import types

from moons.engines.kernel.lanes import LANES, load, root, spread, total

F = np.float32
ZERO = F(0)


def sum_distances(points: Any, others: Any, sums: Any) -> None:
    """For each point the sum of its distances to all others.

    Args:
        points: shape (m, d), float32, as all of these.
        others: a coordinate a row, shape (d, n).
        sums: takes the sums, shape (m,).
    """
    dimensions, n = others.shape
    whole = n - n % LANES
    flat = others.reshape(-1)
    for i in range(points.shape[0]):
        summed = spread(ZERO)
        for k in range(0, whole, LANES):
            squared = spread(ZERO)
            for d in range(dimensions):
                miss = load(flat, d * n + k) - points[i, d]
                squared = squared + miss * miss
            summed = summed + root(squared)
        rest = ZERO
        for k in range(whole, n):
            square = ZERO
            for d in range(dimensions):
                off = others[d, k] - points[i, d]
                square += off * off
            rest += F(math.sqrt(square))
        sums[i] = total(summed) + rest


_MATRIX = types.float32[:, ::1]
SUM_DISTANCES = types.void(_MATRIX, _MATRIX, types.float32[::1])
