"""The metric over the two hyperparameters that matter most."""

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.budget import Comparison, comparisons
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import constant_note, join, lacks_trials, lacks_varied, varied
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
from analysis.folder import Dimension, StudyResults
from analysis.importance import LEAST, importance

N_GRID = 60
BANDWIDTH = 0.08  # of an axis: the smoothing kernel's standard deviation
NEAR = 0.6  # trials, weighted by the kernel: with fewer nearby, nothing is drawn


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
    smooth = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > NEAR)
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


def draw_contour(data: pd.DataFrame, comparison: Comparison, x: Dimension, y: Dimension) -> Figure:
    """Filled contours with the trials on them.

    Args:
        data: from `contour_data`, for the same comparison and hyperparameters.
        comparison: the trials, drawn as dots.
        x: the horizontal axis.
        y: the vertical one.
    """
    figure = new_figure(height=4.8, width=7.2)
    ax = figure.subplots()
    side = (N_GRID, N_GRID)
    value = np.ma.masked_invalid(data["value"].to_numpy().reshape(side))
    log = is_log(comparison.trials["value"])
    low, high = value.min(), value.max()
    high = high if high > low else low + abs(low) * 0.01 + 1e-12
    levels = np.geomspace(low, high, 13) if log and low > 0 else np.linspace(low, high, 13)
    grid = (data["x"].to_numpy().reshape(side), data["y"].to_numpy().reshape(side))
    norm = (LogNorm if log and low > 0 else Normalize)(low, high)
    filled = ax.contourf(*grid, value, levels=levels, cmap=SEQUENTIAL, norm=norm, extend="both")
    ax.contour(*grid, value, levels=levels, colors="white", linewidths=0.5, alpha=0.6)
    trials = comparison.trials.sort_values("value")
    places_x, places_y = (positions(trials[d.name], d) for d in (x, y))
    rng = np.random.default_rng(0)
    for dimension, places in ((x, places_x), (y, places_y)):
        if dimension.kind == "choice":
            places += rng.uniform(-0.15, 0.15, len(places))
    ax.scatter(
        places_x,
        places_y,
        c=trials["value"],
        cmap=SEQUENTIAL,
        norm=norm,
        s=18 if len(trials) < 300 else 8,
        edgecolors=BLACK,
        linewidths=0.6,
        label="trial",
    )
    ax.plot(
        places_x[:1],
        places_y[:1],
        "*",
        markersize=15,
        color="white",
        markeredgecolor=BLACK,
        label=f"best, trial {trials['trial'].iloc[0]}",
    )
    scale_axis(ax, "x", x)
    scale_axis(ax, "y", y)
    ax.grid(False)
    bar = figure.colorbar(filled, ax=ax, format="%.3g", aspect=30)
    bar.set_label(f"{label(comparison.budget.metric)}\nat {comparison.budget}")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return figure


def _comparison(results: StudyResults) -> Comparison:
    return comparisons(results)[-1]


def _ordered(comparison: Comparison, results: StudyResults) -> tuple[Dimension, ...]:
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
    comparison = _comparison(results)
    if len(comparison.trials) < 5:
        return f"This needs at least 5 trials that reached the same epoch: {comparison}."
    if len(_ordered(comparison, results)) < 2:
        return lacks_varied(results, comparison.trials, 2) or (
            "This needs at least 2 hyperparameters whose values have an order."
        )
    return None


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    comparison = _comparison(results)
    dimensions = _ordered(comparison, results)
    how = "the first two that were searched"
    if len(comparison.trials) >= LEAST and len(dimensions) > 2:
        ranked = importance(comparison, dimensions, n_resamples=0).table["hyperparameter"]
        by_name = {dimension.name: dimension for dimension in dimensions}
        dimensions = tuple(by_name[name] for name in ranked)
        how = "the two that matter most at this budget"
    x, y = dimensions[:2]
    note = f"Drawn are {short_label(x.name)} and {short_label(y.name)}, {how}: {comparison}."
    figure = draw_contour(contour_data(comparison, x, y), comparison, x, y)
    return Drawing(figure, join(note, constant_note(results, comparison.trials)))


FIGURE = FigureSpec(
    name="contour",
    title="Two hyperparameters together",
    caption=(
        "The metric over two hyperparameters, averaged over trials nearby whatever their other "
        "hyperparameters, with every compared trial as a dot of its own colour; dark is good. All "
        "values are the best until the same epoch. Blank areas have no trial near."
    ),
    unfit=_unfit,
    draw=_draw,
)
