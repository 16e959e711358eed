"""Sums of Gaussians around many centres, at many points of the plane, as one compiled function."""

from typing import Any

import numpy as np
from numba import types

from moons.engines.kernel.exponential import exp
from moons.engines.kernel.lanes import LANES, inlined, least, load, spread, total

F = np.float32
ZERO = F(0)
NEGLIGIBLE = F(25)  # exp(-25) of the largest term: ten thousand of them are float32's rounding


@inlined
def _squared_distance(centres: Any, k: int, x: Any, y: Any) -> Any:
    right, up = load(centres, k) - x, load(centres, centres.shape[1] + k) - y
    return right * right + up * up


@inlined
def _block_at(centres: Any, x: Any) -> int:
    """Where the first block begins that does not end before x, or else the last block."""
    first, last = 0, centres.shape[1] // LANES - 1
    while first < last:
        middle = (first + last) // 2
        if centres[0, middle * LANES + LANES - 1] >= x:
            last = middle
        else:
            first = middle + 1
    return first * LANES


@inlined
def _gap(centres: Any, k: int, x: Any) -> Any:
    """What the first coordinate alone makes of a squared distance."""
    across = centres[0, k] - x
    return across * across


def sum_gaussians(points: Any, centres: Any, half_precision: Any, nearest: Any, sums: Any) -> None:
    """For each point the least |x - c|^2, and sum_c exp(-half_precision (|x - c|^2 - least)).

    As the centres are sorted, both look no further left and right of a point than matters.

    Args:
        points: shape (m, 2), float32, as all of these.
        centres: first and then second coordinates, shape (2, n), n a multiple of `LANES`, in
            ascending order of the first.
        half_precision: 1 / (2 sigma^2).
        nearest: takes the least squared distances, shape (m,).
        sums: takes the sums, shape (m,).
    """
    n = centres.shape[1]
    for i in range(points.shape[0]):
        here, x, y = points[i, 0], spread(points[i, 0]), spread(points[i, 1])
        middle = _block_at(centres, here)
        base = least(_squared_distance(centres, middle, x, y))
        k = middle
        while k > 0 and _gap(centres, k - 1, here) < base:
            k -= LANES
            base = min(base, least(_squared_distance(centres, k, x, y)))
        k = middle + LANES
        while k < n and _gap(centres, k, here) < base:
            base = min(base, least(_squared_distance(centres, k, x, y)))
            k += LANES

        reach = base + NEGLIGIBLE / half_precision
        k = middle
        while k > 0 and _gap(centres, k - 1, here) <= reach:
            k -= LANES
        summed = spread(ZERO)
        while k <= middle or (k < n and _gap(centres, k, here) <= reach):
            beyond = _squared_distance(centres, k, x, y) - base
            summed = summed + exp(beyond * -half_precision)
            k += LANES
        nearest[i] = base
        sums[i] = total(summed)


_MATRIX, _VECTOR = types.float32[:, ::1], types.float32[::1]
SUM_GAUSSIANS = types.void(_MATRIX, _MATRIX, types.float32, _VECTOR, _VECTOR)
