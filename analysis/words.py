"""Numbers and lists as a sentence holds them."""

import math
from collections.abc import Sequence

from study.record.columns import STATES
from study.record.results import StudyResults


def count(n: int, noun: str) -> str:
    """`1 trial`, `2,000 trials`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([*([", ".join(parts[:-1])] if parts[:-1] else []), *parts[-1:]])


def number(value: float) -> str:
    """Four significant digits, without an exponent where that reads well."""
    if not math.isfinite(value):
        return "unknown"
    if value == round(value) and abs(value) < 1e6:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """A share in [0, 1]: `12 %`, and `0.4 %` or `99.6 %` where whole numbers would hide it."""
    near_end = 0 < share < 0.01 or 0.99 < share < 1
    return f"{100 * share:.1f} %" if near_end else f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """`8.3 s`, `12 min`, `3.4 h`."""
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def state_counts(results: StudyResults) -> str:
    """How many trials ended how: `10 complete, 88 pruned and 2 diverged`."""
    counts = results.trials["state"].value_counts()
    return listed([f"{counts[state]:,} {state}" for state in STATES if state in counts])


def value_in_words(value: object) -> str:
    """A hyperparameter's value; numbers rounded, all else as it is."""
    return number(float(value)) if isinstance(value, float) else str(value)
