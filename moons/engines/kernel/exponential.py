"""Exponential and logarithm of float32 lanes."""

import math
from typing import Any

import numpy as np

from moons.engines.kernel.lanes import clip, exponent, inlined, nearest, power_of_two

F = np.float32
ONE, TWO = F(1), F(2)
ROOT_2 = F(math.sqrt(2))
LOG2_E, LOG_2 = F(1 / math.log(2)), math.log(2)
LOG_2_HIGH = F(round(LOG_2 * 2**12) / 2**12)  # few enough bits that its multiples are exact
LOG_2_LOW = F(LOG_2 - float(LOG_2_HIGH))
TAYLOR = tuple(F(1 / math.factorial(k)) for k in range(8))
E7, E6, E5, E4, E3, E2 = TAYLOR[:1:-1]
L9, L7, L5, L3 = (F(1 / k) for k in (9, 7, 5, 3))  # atanh's series


@inlined
def exp(value: Any) -> Any:
    """The exponential of each lane: 2 ** n times a Taylor series on [-log(2) / 2, log(2) / 2].

    Relative error about 1e-7; the argument is clipped to what float32 can hold, and the square of
    the largest result is infinite, as it has to be for a loss that overflows.
    """
    value = clip(value, F(-87.0), F(88.0))
    n = nearest(value * LOG2_E)
    r = value - n * LOG_2_HIGH - n * LOG_2_LOW
    series = (((((E7 * r + E6) * r + E5) * r + E4) * r + E3) * r + E2) * r * r + r + ONE
    return series * power_of_two(n)


@inlined
def log(value: Any) -> Any:
    """The logarithm of each lane, a positive number m 2 ** n, by atanh of (m - 1) / (m + 1)."""
    n = exponent(ROOT_2 * value)
    m = value * power_of_two(F(0) - n)  # in [1 / sqrt(2), sqrt(2))
    s = (m - ONE) / (m + ONE)
    t = s * s
    return n * F(LOG_2) + TWO * s * ((((L9 * t + L7) * t + L5) * t + L3) * t + ONE)
