"""Sums of Gaussians around many centres, at many points of the plane, as one compiled function."""

from typing import Any

import numpy as np
from numba import types

from moons.engines.kernel.exponential import exp
from moons.engines.kernel.lanes import LANES, inlined, least, load, lower, spread, total

F = np.float32
ZERO = F(0)


@inlined
def _squared_distance(centres: Any, k: int, n: int, x: Any, y: Any) -> Any:
    right, up = load(centres, k) - x, load(centres, n + k) - y
    return right * right + up * up


def sum_gaussians(points: Any, centres: Any, half_precision: Any, nearest: Any, sums: Any) -> None:
    """For each point the least |x - c|^2, and sum_c exp(-half_precision (|x - c|^2 - least)).

    Args:
        points: shape (m, 2), float32, as all of these.
        centres: first and then second coordinates, shape (2, n), n a multiple of `LANES`.
        half_precision: 1 / (2 sigma^2).
        nearest: takes the least squared distances, shape (m,).
        sums: takes the sums, shape (m,).
    """
    n = centres.shape[1]
    for i in range(points.shape[0]):
        x, y = spread(points[i, 0]), spread(points[i, 1])
        closest = _squared_distance(centres, 0, n, x, y)
        for k in range(LANES, n, LANES):
            closest = lower(closest, _squared_distance(centres, k, n, x, y))
        base = least(closest)
        summed = spread(ZERO)
        for k in range(0, n, LANES):
            beyond = _squared_distance(centres, k, n, x, y) - base
            summed = summed + exp(beyond * -half_precision)
        nearest[i] = base
        sums[i] = total(summed)


_MATRIX, _VECTOR = types.float32[:, ::1], types.float32[::1]
SUM_GAUSSIANS = types.void(_MATRIX, _MATRIX, types.float32, _VECTOR, _VECTOR)
