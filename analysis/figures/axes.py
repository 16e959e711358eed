"""Axes of figures: where values stand, their scales and ticks, and what is written at them."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from analysis.figures.style import GREY
from study.record.labels import label
from study.record.manifest import Dimension

Which = Literal["x", "y"]
MOST_TICKS = 5  # on an axis of powers of ten


def positions(values: "pd.Series[Any]", dimension: Dimension) -> NDArray[np.float64]:
    """Where hyperparameter values stand on an axis: their value, or the number of their option."""
    if dimension.kind != "choice":
        return values.to_numpy(dtype=float)
    places = {str(option): float(place) for place, option in enumerate(dimension.options)}
    return np.array([places.get(str(value), np.nan) for value in values])


def place_in_range(places: NDArray[np.float64], dimension: Dimension) -> NDArray[np.float64]:
    """`places` on an axis as shares of its length, on a logarithmic one where the range is."""
    low, high = dimension.low, dimension.high
    if dimension.kind == "choice":
        low, high = 0.0, max(len(dimension.options) - 1.0, 1.0)
    if dimension.log:
        return np.asarray(np.log(places / low) / np.log(high / low))
    return (places - low) / (high - low)


def scale_axis(ax: Axes, which: Which, dimension: Dimension) -> None:
    """Names the x or y axis of `ax` after a hyperparameter, with its scale, ends and ticks."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    set_lim = ax.set_xlim if which == "x" else ax.set_ylim
    axis.set_label_text(label(dimension.name))
    if dimension.kind == "choice":
        axis.set_ticks(range(len(dimension.options)), [str(o) for o in dimension.options])
        set_lim(-0.5, len(dimension.options) - 0.5)
        return
    low, high = dimension.low, dimension.high
    if dimension.log:
        margin = (high / low) ** 0.03
        log_axis(ax, which, low / margin, high * margin)
    else:
        margin = 0.03 * (high - low)
        set_lim(low - margin, high + margin)
        if dimension.kind == "int":
            axis.set_major_locator(MaxNLocator(5, integer=True))


def log_axis(ax: Axes, which: Which, low: float, high: float) -> None:
    """A logarithmic axis from `low` to `high` with few ticks: plain numbers, or powers of ten."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    (ax.set_xlim if which == "x" else ax.set_ylim)(low, high)
    decades, powers = math.log10(high / low), False
    if decades > 2.5:
        exponents = np.arange(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        stride = -(-len(exponents) // MOST_TICKS)
        axis.set_major_locator(FixedLocator(list(10.0 ** exponents[::stride])))
        axis.set_minor_locator(
            FixedLocator(list(10.0**exponents)) if stride > 1 else LogLocator(subs="auto")
        )
        powers = exponents[0] < -3 or exponents[-1] > 4
    elif decades > 0.6:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    else:  # less than a factor of four: even ticks are as good
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(_power if powers else _plain))
    axis.set_minor_formatter(NullFormatter())


def _plain(value: float, place: int | None) -> str:
    return f"{value:g}"


def _power(value: float, place: int | None) -> str:
    return f"$10^{{{math.log10(value):.0f}}}$"


def scale_metric(
    ax: Axes, which: Which, values: "pd.Series[float]", name: str, room: float = 0.04
) -> None:
    """Names an axis after a metric and fits it to the finite values.

    It is logarithmic where they are told apart better so, see `is_log`; `room` is left at both
    ends, as a share of the axis.
    """
    (ax.xaxis if which == "x" else ax.yaxis).set_label_text(label(name))
    finite = values[np.isfinite(values)]
    if finite.empty:
        return
    low, high = float(finite.min()), float(finite.max())
    if is_log(finite):
        margin = (high / low) ** room
        log_axis(ax, which, low / margin, high * margin)
        return
    margin = room * (high - low)
    if margin <= 1e-9 * abs(high):  # all alike
        margin = 0.05 * abs(high) or 1.0
    (ax.set_xlim if which == "x" else ax.set_ylim)(low - margin, high + margin)


def is_log(values: "pd.Series[float]") -> bool:
    """Whether values are told apart on a logarithmic scale: positive, over a factor of 5."""
    return len(values) > 0 and values.min() > 0 and values.max() > 5 * values.min()


def time_unit(seconds: float) -> tuple[float, str]:
    """What to divide seconds by so that they read well, and the unit's name."""
    return (1.0, "s") if seconds < 300 else (60.0, "min") if seconds < 18_000 else (3600.0, "h")


def colour_bar(ax: Axes, drawn: ScalarMappable, text: str, **look: Any) -> None:
    """A colour bar beside `ax` for what is drawn there."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.colorbar(drawn, ax=ax, **look).set_label(text)


def mark_rungs(ax: Axes, rungs: Sequence[int]) -> None:
    """Dotted lines at the scheduler's rungs on an axis of epochs."""
    low, high = ax.get_xlim()
    for rung in rungs:
        if low < rung < high:
            ax.axvline(rung, color=GREY, linestyle=":", linewidth=1.2, zorder=1)
            ax.annotate(
                f"rung {rung}",
                (rung, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize="x-small",
                color="#4D4D4D",
            )
