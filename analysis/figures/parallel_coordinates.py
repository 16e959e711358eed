"""Every complete trial as a line through its hyperparameters and its metric."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import NDArray

from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import constant_note, join, lacks_complete, thin, varied
from analysis.figures.style import (
    BLACK,
    PALE,
    SEQUENTIAL,
    is_log,
    label,
    new_figure,
    positions,
    short_label,
)
from study.record.manifest import Dimension
from study.record.results import StudyResults

MOST = 600  # lines


def parallel_coordinates_data(results: StudyResults) -> pd.DataFrame:
    """One row a complete or pruned trial.

    Returns:
        Columns `trial`, `state`, `value` (the metric; NaN where pruned) and one for each
        hyperparameter that varied: its place in its range, 0 at the low end, 1 at the high one.
    """
    trials = results.in_state("complete", "pruned")
    value = trials[results.manifest.metric].where(trials["state"] == "complete")
    frame = trials[["trial", "state"]].assign(value=value)
    for dimension in varied(results, trials):
        places = positions(trials[dimension.name], dimension)
        frame[dimension.name] = place_in_range(places, dimension)
    return frame


def place_in_range(places: NDArray[np.float64], dimension: Dimension) -> NDArray[np.float64]:
    """`places` on an axis as shares of its length, on a logarithmic one where the range is."""
    low, high = dimension.low, dimension.high
    if dimension.kind == "choice":
        low, high = 0.0, max(len(dimension.options) - 1.0, 1.0)
    if dimension.log:
        return np.asarray(np.log(places / low) / np.log(high / low))
    return (places - low) / (high - low)


def draw_parallel_coordinates(
    data: pd.DataFrame, dimensions: Sequence[Dimension], metric: str
) -> Figure:
    """Complete trials coloured by their metric, pruned ones pale behind them.

    Args:
        data: from `parallel_coordinates_data`.
        dimensions: its hyperparameters, from left to right.
        metric: what `value` is.
    """
    figure = new_figure(height=4.8, width=max(8.0, 1.35 * (len(dimensions) + 1)))
    ax = figure.subplots()
    names = [dimension.name for dimension in dimensions]
    complete = data[data["state"] == "complete"].sort_values("value", ascending=False)
    pruned = data[data["state"] == "pruned"]
    values = complete["value"]
    low, high = values.min(), values.max()
    log = is_log(values)
    norm = (LogNorm if log else Normalize)(low, high if high > low else low * 1.01 + 1e-12)
    colours = colormaps[SEQUENTIAL]
    axes_x = np.arange(len(names) + 1)
    lines = [list(zip(axes_x, row, strict=False)) for row in pruned[names].to_numpy()]
    ax.add_collection(LineCollection(lines, colors=PALE, linewidths=0.7, alpha=0.6, zorder=1))
    heights = np.column_stack([complete[names].to_numpy(), norm(values.to_numpy())])
    ax.add_collection(
        LineCollection(
            [list(zip(axes_x, row, strict=True)) for row in heights],
            colors=colours(norm(values.to_numpy()) * 0.95),
            linewidths=1.1,
            alpha=0.85,
            zorder=2,
        )
    )
    ax.plot(axes_x, heights[-1], color=BLACK, linewidth=2.2, zorder=3)
    for x, dimension in zip(axes_x, dimensions, strict=False):
        _draw_axis(ax, float(x), dimension)
    _draw_metric_axis(ax, float(axes_x[-1]), low, high, log, norm)
    ax.set_xlim(-0.25, axes_x[-1] + 0.35)
    ax.set_ylim(-0.05, 1.05)
    titles = [short_label(name).replace(" ", "\n", 1) for name in [*names, metric]]
    ax.set_xticks(axes_x, titles)
    ax.tick_params(axis="x", length=0)
    ax.yaxis.set_visible(False)
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=ax, pad=0.01, aspect=35)
    bar.set_label(f"{label(metric)}, complete trials")
    best = int(complete["trial"].iloc[-1])
    handles = [Line2D([], [], color=BLACK, linewidth=2.2, label=f"best, trial {best}")]
    if len(pruned):
        handles.append(Line2D([], [], color=PALE, linewidth=2, label="pruned (no final value)"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


def _draw_axis(ax: Axes, x: float, dimension: Dimension) -> None:
    if dimension.kind == "choice":
        ticks = np.arange(len(dimension.options), dtype=float)
        texts = [str(option) for option in dimension.options]
    else:
        even = MaxNLocator(5, integer=dimension.kind == "int")
        locator = LogLocator() if dimension.log else even
        ticks = np.asarray(locator.tick_values(dimension.low, dimension.high), dtype=float)
        ticks = ticks[(ticks >= dimension.low * 0.999) & (ticks <= dimension.high * 1.001)]
        texts = [f"{tick:g}" for tick in ticks]
    _draw_ticks(ax, x, place_in_range(ticks, dimension), texts)


def _draw_metric_axis(
    ax: Axes, x: float, low: float, high: float, log: bool, norm: Normalize
) -> None:
    locator = LogLocator(subs=(1.0, 2.0, 5.0)) if log else MaxNLocator(5)
    ticks = [t for t in locator.tick_values(low, high) if low <= t <= high]
    _draw_ticks(ax, x, norm(np.array(ticks)), [f"{tick:g}" for tick in ticks])


def _draw_ticks(ax: Axes, x: float, heights: NDArray[np.float64], texts: Sequence[str]) -> None:
    ax.plot([x, x], [0, 1], color="#4D4D4D", linewidth=1.0, zorder=4)
    box = {"facecolor": "white", "alpha": 0.92, "linewidth": 0, "pad": 0.8}
    for height, text in zip(heights, texts, strict=True):
        ax.plot([x - 0.02, x + 0.02], [height] * 2, color="#4D4D4D", linewidth=1.0, zorder=4)
        ax.text(x + 0.05, height, text, fontsize="x-small", va="center", bbox=box, zorder=5)


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_complete(results):
        return sentence
    trials = results.in_state("complete", "pruned")
    return None if varied(results, trials) else "No hyperparameter varied."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    data = parallel_coordinates_data(results)
    dimensions = [d for d in results.manifest.searched if d.name in data]
    data = data[data["value"].notna() | (data["state"] == "pruned")]
    drawn, note = thin(data, MOST, keep=results.complete["trial"].head(100).tolist())
    still = constant_note(results, results.in_state("complete", "pruned"))
    figure = draw_parallel_coordinates(drawn, dimensions, results.manifest.metric)
    return Drawing(figure, join(note, still))


FIGURE = FigureSpec(
    name="parallel_coordinates",
    title="Parallel coordinates",
    caption=(
        "Every line is a trial, crossing each axis at the value of that hyperparameter. Complete "
        "trials are coloured by the metric, dark is good, and end on its axis; the best is black. "
        "Pruned trials are pale and have no place on the metric's axis; diverged and failed ones "
        "are not drawn."
    ),
    unfit=_unfit,
    draw=_draw,
)
