"""How every figure looks: theme, colours, markers, and what columns are called on paper."""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray
from PIL import Image

from moons.files import appearing, write_whole
from study.record.columns import State
from study.record.labels import label as label
from study.record.labels import short_label as short_label
from study.record.manifest import Dimension

Which = Literal["x", "y"]

# Okabe and Ito 2008, "Color Universal Design": told apart with any colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE = "#8A8A8A", "#D9D9D9"
OKABE_ITO = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, YELLOW, BLACK)
MOON_COLOURS = (BLUE, VERMILLION)  # upper, lower
MOON_NAMES = ("upper moon", "lower moon")
SEQUENTIAL = "cividis"  # dark is low; made for colour-blind readers

WIDTH = 8.0  # inches; at 120 dots an inch the report's column
DPI = 120


@dataclass(frozen=True, slots=True)
class StateStyle:
    """How trials of one state are drawn."""

    colour: str
    marker: str


STATE_STYLES: dict[State, StateStyle] = {
    "complete": StateStyle(BLUE, "o"),
    "pruned": StateStyle(ORANGE, "v"),
    "diverged": StateStyle(VERMILLION, "X"),
    "failed": StateStyle(BLACK, "s"),
    "running": StateStyle(GREEN, ">"),
    "interrupted": StateStyle(GREY, "d"),
}


@contextmanager
def theme() -> Iterator[None]:
    """The look of every figure, for the figures drawn inside; what was set before comes back."""
    import seaborn as sns

    look = sns.axes_style("whitegrid") | sns.plotting_context("notebook", font_scale=0.85)
    look |= {
        "axes.prop_cycle": cycler(color=list(OKABE_ITO)),
        "axes.edgecolor": "#4D4D4D",
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": "medium",
        "axes.titleweight": "bold",
        "axes.formatter.use_mathtext": True,
        "figure.facecolor": "white",
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
        "grid.color": "#E6E6E6",
        "grid.linewidth": 0.8,
        "image.cmap": SEQUENTIAL,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "savefig.dpi": DPI,
        "svg.fonttype": "none",
        "svg.hashsalt": "moons",  # the same figure is the same file
        "xtick.bottom": True,
        "ytick.left": True,
    }
    with matplotlib.rc_context(look):
        yield


def new_figure(height: float = 4.0, width: float = WIDTH) -> Figure:
    """An empty figure of that size in inches that places its axes itself.

    It is not known to pyplot, so there is nothing to close.
    """
    return Figure(figsize=(width, height), layout="constrained")


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG with a palette of 256 colours, a third of the size of one without."""
    full, small = io.BytesIO(), io.BytesIO()
    _settle(figure)
    figure.savefig(full, format="png", dpi=DPI)
    image = Image.open(full).convert("RGB")
    # Of the ways to choose a palette this one keeps rare colours: all are within 12 of 255.
    palette = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    palette.save(small, format="png", optimize=True)
    return small.getvalue()


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure whole, as what `path`'s suffix says: `.png` or `.svg`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        write_whole(path, png_bytes(figure))
        return
    _settle(figure)
    with appearing(path) as draft:
        figure.savefig(draft, format=path.suffix.removeprefix("."), metadata={"Date": None})


def _settle(figure: Figure) -> None:
    """Lays out once more where axes keep their aspect: one pass leaves their labels cut off."""
    if any(ax.get_aspect() != "auto" for ax in figure.axes):
        figure.draw_without_rendering()


def positions(values: "pd.Series[Any]", dimension: Dimension) -> NDArray[np.float64]:
    """Where hyperparameter values stand on an axis: their value, or the number of their option."""
    if dimension.kind != "choice":
        return values.to_numpy(dtype=float)
    places = {str(option): float(place) for place, option in enumerate(dimension.options)}
    return np.array([places.get(str(value), np.nan) for value in values])


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
    """A logarithmic axis from `low` to `high` whose ticks are few plain numbers."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    (ax.set_xlim if which == "x" else ax.set_ylim)(low, high)
    decades = math.log10(high / low)
    steps = (1.0,) if decades > 2.5 else (1.0, 2.0, 5.0) if decades > 0.6 else None
    if steps is None:  # less than a factor of four: even ticks are as good
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    else:
        axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


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
