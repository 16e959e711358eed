"""Ordered settings as axes from 0 to 1, for samplers that move through a space."""

import math
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Number = FloatDistribution | IntDistribution


def ordered(domain: BaseDistribution) -> bool:
    """Whether it has at least two values, and they have an order."""
    if isinstance(domain, CategoricalDistribution):
        return len(domain.choices) > 1 and all(type(c) in (int, float) for c in domain.choices)
    return not domain.single()


def steps(domain: BaseDistribution) -> int:
    """How many equal steps there are from its first value to its last; 0 on a continuous axis."""
    if isinstance(domain, CategoricalDistribution):
        return len(domain.choices) - 1
    assert isinstance(domain, Number)
    if domain.log or domain.step is None:
        return 0
    return round((domain.high - domain.low) / domain.step)


def value_at(domain: BaseDistribution, place: float) -> Any:
    """The value at a place of the axis; what lies beyond its ends is the end."""
    place, n = min(max(place, 0.0), 1.0), steps(domain)
    if isinstance(domain, CategoricalDistribution):
        return sorted(domain.choices)[round(place * n)]  # type: ignore[type-var]
    assert isinstance(domain, Number)
    low, high = _ends(domain)
    if n:
        found = domain.low + round(place * n) * (domain.step or 0)
    elif domain.log:
        found = math.exp(low + place * (high - low))
    else:
        found = low + place * (high - low)
    found = min(max(found, domain.low), domain.high)
    return round(found) if isinstance(domain, IntDistribution) else found


def place_of(domain: BaseDistribution, value: Any) -> float:
    """The place of a value on the axis, in [0, 1]."""
    if isinstance(domain, CategoricalDistribution):
        return sorted(domain.choices).index(value) / steps(domain)  # type: ignore[type-var]
    assert isinstance(domain, Number)
    low, high = _ends(domain)
    return float(((math.log(value) if domain.log else value) - low) / (high - low))


def _ends(domain: Number) -> tuple[float, float]:
    """Where the axis begins and ends; a whole number has half a step on either side of it."""
    if not domain.log:
        return domain.low, domain.high
    half = 0.5 if isinstance(domain, IntDistribution) else 0.0
    return math.log(domain.low - half), math.log(domain.high + half)
