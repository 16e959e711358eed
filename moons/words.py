"""Numbers and lists as sentences and tables hold them, for terminals, reports and figures."""

import math
import shlex
from collections.abc import Sequence
from pathlib import Path

UNTIMED = 1e-6  # s: no clock tells so little from what sums are rounded by
UNSEEN = 0.005  # of a value: less than what rounding to three digits may take away


def count(n: int, noun: str) -> str:
    """`1 trial`, `2,000 trials`, `2 repetitions of a search`."""
    first, of, rest = noun.partition(" of ")
    return f"{n:,} {first}{'' if n == 1 else 's'}{of}{rest}"


def one_line(text: str) -> str:
    """The text in one line that every terminal can show, whatever it quotes."""
    return " ".join(text.splitlines()).encode(errors="backslashreplace").decode()


def shell(*words: object) -> str:
    """A command as it is typed, whatever its paths hold."""
    return shlex.join(map(str, words))


def as_typed(path: str) -> str:
    """A path as it is typed here: relative below the working directory, else absolute."""
    whole = Path(path).absolute()
    try:
        short = str(whole.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere, or the working directory is gone
        return str(whole)
    return f"./{short}" if short.startswith("-") else short


def tables_command(folder: object) -> str:
    """What to type to derive a study's tables again."""
    return shell("python", "-m", "analysis.tables", folder)


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([*([", ".join(parts[:-1])] if parts[:-1] else []), *parts[-1:]])


def number(value: float) -> str:
    """Three significant digits, and whole numbers whole, without an exponent up to a million."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) < 1e6 and (value == round(value) or abs(value) >= 999.5):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def alike(error: float, *values: float) -> list[str]:
    """Values to the decimal at which their error has two significant digits.

    `alike(0.007651, 1.405)` is `["1.4050"]`; without an error that is known and not 0, `number`.
    """
    if not math.isfinite(error) or error <= 0:
        return [number(value) for value in values]
    decimals = 1 - int(f"{error:.1e}".partition("e")[2])
    return [
        f"{round(value, decimals):,.{max(decimals, 0)}f}" if math.isfinite(value) else "no bound"
        for value in values
    ]


def with_error(value: float, error: float | None) -> str:
    """`1.4050 ± 0.0077`; the value alone where no error is known, or one that it does not show."""
    if error is None or not math.isfinite(error) or not math.isfinite(value):
        return number(value)
    if 0 < error < UNSEEN * abs(value):
        return number(value)
    return " ± ".join(alike(error, value, error))


def ends(low: float, high: float, between: str = " to ") -> str:
    """`0.0121 to 0.0148`; a dash where nothing is known of the ends."""
    if math.isnan(low):
        return "-"
    return between.join(alike((high - low) / 2, low, high))


def with_interval(value: float, low: float | None, high: float | None) -> str:
    """`0.0134 [0.0121, 0.0148]`; the value alone where it has no interval."""
    if low is None or high is None or math.isnan(low):
        return "-" if math.isnan(value) else number(value)
    half = (high - low) / 2
    return f"{alike(half, value)[0]} [{ends(low, high, ', ')}]"


def percent(share: float) -> str:
    """A share in [0, 1]: `12 %`, and `0.4 %` or `99.6 %` where whole numbers would hide it."""
    near_end = 0 < share < 0.01 or 0.99 < share < 1
    return f"{100 * share:.1f} %" if near_end else f"{100 * share:.0f} %"


def duration(seconds: float | None) -> str:
    """`8.3 s`, `12 min`, `3.4 h`; `?` where nothing is known yet."""
    if seconds is None:
        return "?"
    if abs(seconds) < UNTIMED:
        return "0 s"
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
