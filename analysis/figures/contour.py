"""The metric over the two hyperparameters that matter most."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.budget import Comparison, comparisons
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import (
    constant_note,
    join,
    lacks_compared,
    lacks_trials,
    lacks_varied,
    varied,
)
from analysis.figures.parallel_coordinates import place_in_range
from analysis.figures.style import (
    BLACK,
    SEQUENTIAL,
    is_log,
    label,
    new_figure,
    positions,
    scale_axis,
    short_label,
)
from analysis.importance import LEAST, importance
from study.record.manifest import Dimension
from study.record.results import StudyResults

N_GRID = 60
N_LEVELS = 14  # even: where all values are alike, rounding errors cross no level
MOST = 1000  # dots, drawn at random where there are more
LEAST_TRIALS = 5
BANDWIDTH = 0.08  # of an axis: the smoothing kernel's standard deviation
NEAR = 0.3  # the kernel's weight of the nearest trial, about 1.5 bandwidths away


def contour_data(comparison: Comparison, x: Dimension, y: Dimension) -> pd.DataFrame:
    """The smoothed metric on a grid over two hyperparameters.

    A kernel-weighted mean of the compared trials' values, of their logarithms where the metric is
    drawn on a logarithmic scale; both axes count from 0 to 1 over their range.

    Returns:
        Columns `x`, `y` (places on the axes, see `style.positions`) and `value`, NaN where no
        trial is near; `N_GRID` squared rows, `x` changing fastest.
    """
    trials = comparison.trials
    values = trials["value"].to_numpy(dtype=float)
    log = is_log(trials["value"])
    shown = np.log(values) if log else values
    grid_x, grid_y = _grid(x), _grid(y)
    weights_x, weights_y = (
        _kernel(place_in_range(grid, d), place_in_range(positions(trials[d.name], d), d))
        for grid, d in ((grid_x, x), (grid_y, y))
    )
    weight = weights_y @ weights_x.T  # (grid of y, grid of x)
    total = (weights_y * shown) @ weights_x.T
    nearest = np.array([(weights_x * row).max(axis=1) for row in weights_y])
    smooth = np.divide(total, weight, out=np.full_like(total, np.nan), where=nearest > NEAR)
    return pd.DataFrame(
        {
            "x": np.tile(grid_x, N_GRID),
            "y": np.repeat(grid_y, N_GRID),
            "value": (np.exp(smooth) if log else smooth).ravel(),
        }
    )


def _grid(dimension: Dimension) -> NDArray[np.float64]:
    if dimension.kind == "choice":
        return np.linspace(-0.5, len(dimension.options) - 0.5, N_GRID)
    if dimension.log:
        return np.geomspace(dimension.low, dimension.high, N_GRID)
    return np.linspace(dimension.low, dimension.high, N_GRID)


def _kernel(grid: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian weights, 1 at distance 0, shape (grid, trials)."""
    distance = (grid[:, None] - places[None, :]) / BANDWIDTH
    return np.asarray(np.exp(-0.5 * distance**2))


def draw_contour(
    data: Sequence[pd.DataFrame], compared: Sequence[Comparison], x: Dimension, y: Dimension
) -> Figure:
    """A panel of filled contours a budget, with the trials on them.

    Args:
        data: from `contour_data`, a frame a comparison.
        compared: the trials, drawn as dots.
        x: the horizontal axis.
        y: the vertical one.
    """
    figure = new_figure(height=4.4, width=6.6 if len(compared) == 1 else 10.0)
    axes = figure.subplots(1, len(compared), squeeze=False)[0]
    for ax, frame, comparison in zip(axes, data, compared, strict=True):
        _draw_panel(figure, ax, frame, comparison, x, y)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2)
    return figure


def _draw_panel(
    figure: Figure, ax: Axes, data: pd.DataFrame, comparison: Comparison, x: Dimension, y: Dimension
) -> None:
    side = (N_GRID, N_GRID)
    value = np.ma.masked_invalid(data["value"].to_numpy().reshape(side))
    low, high = value.min(), value.max()
    log = is_log(comparison.trials["value"])
    if high - low <= 1e-9 * abs(high):  # all alike
        low, high, log = low - 0.01 * abs(low) - 1e-12, high + 0.01 * abs(high) + 1e-12, False
    levels = (np.geomspace if log else np.linspace)(low, high, N_LEVELS)
    grid = (data["x"].to_numpy().reshape(side), data["y"].to_numpy().reshape(side))
    norm = (LogNorm if log else Normalize)(low, high)
    filled = ax.contourf(*grid, value, levels=levels, cmap=SEQUENTIAL, norm=norm, extend="both")
    ax.contour(*grid, value, levels=levels, colors="white", linewidths=0.5, alpha=0.6)
    trials = comparison.trials.sort_values("value")
    rng = np.random.default_rng(0)
    places = []
    for dimension in (x, y):
        place = positions(trials[dimension.name], dimension)
        spread = 0.15 if dimension.kind == "choice" else 0.0
        places.append(place + rng.uniform(-spread, spread, len(place)))
    shown = rng.permutation(len(trials))[:MOST]
    ax.scatter(
        places[0][shown],
        places[1][shown],
        c=trials["value"].to_numpy()[shown],
        cmap=SEQUENTIAL,
        norm=norm,
        s=16 if len(trials) < 300 else 6,
        edgecolors=BLACK,
        linewidths=0.6 if len(trials) < 300 else 0.2,
        label="trial",
    )
    ax.plot(
        places[0][:1],
        places[1][:1],
        "*",
        markersize=14,
        color="white",
        markeredgecolor=BLACK,
        label="best of them",
    )
    scale_axis(ax, "x", x)
    scale_axis(ax, "y", y)
    ax.set_title(f"at {comparison}", fontsize="small", fontweight="normal")
    ax.grid(False)
    bar = figure.colorbar(filled, ax=ax, format="%.3g", aspect=30)
    bar.set_label(label(comparison.budget.metric))


def _ordered(results: StudyResults, comparison: Comparison) -> tuple[Dimension, ...]:
    """The hyperparameters that varied and have an order, in the manifest's order."""
    return tuple(
        dimension
        for dimension in varied(results, comparison.trials)
        if dimension.kind != "choice"
        or all(isinstance(option, int | float) for option in dimension.options)
    )


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results):
        return sentence
    first = comparisons(results)[0]
    if sentence := lacks_compared(first, LEAST_TRIALS):
        return sentence
    if len(_ordered(results, first)) < 2:
        return lacks_varied(results, first.trials, 2) or (
            "This needs at least 2 hyperparameters whose values have an order."
        )
    return None


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    compared = [c for c in comparisons(results) if len(c.trials) >= LEAST_TRIALS]
    dimensions = _ordered(results, compared[0])
    how = "the first two that were searched"
    if len(compared[0].trials) >= LEAST and len(dimensions) > 2:
        ranked = importance(compared[0], dimensions, permutations=0).table["hyperparameter"]
        by_name = {dimension.name: dimension for dimension in dimensions}
        dimensions = tuple(by_name[name] for name in ranked)
        how = f"the two that matter most at {compared[0].budget}"
    x, y = dimensions[:2]
    note = f"Drawn are {short_label(x.name)} and {short_label(y.name)}, {how}."
    figure = draw_contour([contour_data(c, x, y) for c in compared], compared, x, y)
    return Drawing(figure, join(note, constant_note(results, compared[0].trials)))


FIGURE = FigureSpec(
    name="contour",
    title="Two hyperparameters together",
    caption=(
        "The metric over two hyperparameters, averaged over trials nearby whatever their other "
        "hyperparameters, with every compared trial as a dot of its own colour; dark is good. All "
        "values of a panel are the best until the same budget. Blank areas have no trial near."
    ),
    unfit=_unfit,
    draw=_draw,
)
