"""The metric over two hyperparameters together: contours, or a line for each option of one."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from numpy.typing import NDArray

from analysis.budget import Comparison, comparisons, varied
from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import (
    colour_bar,
    is_log,
    place_in_range,
    positions,
    scale_axis,
    scale_metric,
)
from analysis.figures.by_metric import by_metric
from analysis.figures.conditions import (
    constant_note,
    join,
    lacks_compared,
    lacks_trials,
    lacks_varied,
)
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.studies import MARKERS
from analysis.figures.style import BLACK, SEQUENTIAL, label, short_label
from analysis.importance import LEAST, importance
from analysis.words import listed
from study.record.manifest import Dimension
from study.record.results import StudyResults

N_GRID = 60
N_LEVELS = 14  # even: where all values are alike, rounding errors cross no level
MOST = 1000  # dots, drawn at random where there are more
LEAST_TRIALS = 5
BANDWIDTH = 0.08  # of an axis: the smoothing kernel's standard deviation
NEAR = 0.3  # the kernel's weight of the nearest trial, about 1.5 bandwidths away


def interaction_data(comparison: Comparison, x: Dimension, y: Dimension) -> pd.DataFrame:
    """The smoothed metric over two hyperparameters.

    A kernel-weighted mean of the compared trials' values, of their logarithms where the metric is
    drawn on a logarithmic scale; axes count from 0 to 1 over their range, and options of `y` are
    smoothed each by itself.

    Returns:
        Columns `x`, `y` (places on the axes, see `style.positions`) and `value`, NaN where no
        trial is near; a row a place on a grid of 60 by 60, or by the options of `y`, with `x`
        changing fastest.
    """
    trials = comparison.trials
    log = is_log(trials["value"])
    values = np.log(trials["value"]) if log else trials["value"]
    grid_x, grid_y = _grid(x), _grid(y)
    weights_x, weights_y = (
        _kernel(grid, positions(trials[d.name], d), d) for grid, d in ((grid_x, x), (grid_y, y))
    )
    weight = weights_y @ weights_x.T  # (grid of y, grid of x)
    total = (weights_y * values.to_numpy(dtype=float)) @ weights_x.T
    nearest = np.array([(weights_x * row).max(axis=1) for row in weights_y])
    smooth = np.divide(total, weight, out=np.full_like(total, np.nan), where=nearest > NEAR)
    return pd.DataFrame(
        {
            "x": np.tile(grid_x, len(grid_y)),
            "y": np.repeat(grid_y, len(grid_x)),
            "value": (np.exp(smooth) if log else smooth).ravel(),
        }
    )


def _grid(dimension: Dimension) -> NDArray[np.float64]:
    if dimension.kind == "choice":
        return np.arange(len(dimension.options), dtype=float)
    if dimension.log:
        return np.geomspace(dimension.low, dimension.high, N_GRID)
    return np.linspace(dimension.low, dimension.high, N_GRID)


def _kernel(
    grid: NDArray[np.float64], places: NDArray[np.float64], dimension: Dimension
) -> NDArray[np.float64]:
    """Weights of the trials at each place of the grid, 1 at distance 0, shape (grid, trials)."""
    if dimension.kind == "choice":
        return np.asarray(grid[:, None] == places[None, :], dtype=float)
    grid, places = place_in_range(grid, dimension), place_in_range(places, dimension)
    return np.asarray(np.exp(-0.5 * ((grid[:, None] - places[None, :]) / BANDWIDTH) ** 2))


def interaction(
    results: StudyResults,
    *,
    of: tuple[str, str] | None = None,
    rung: int | None = None,
    metric: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The metric over two hyperparameters.

    Args:
        results: the study's.
        of: the two; by default those that matter most. Where one is a list of options, there is a
            line for each.
        rung: the epoch of a rung to compare trials at; by default the largest budget that many
            reached.
        metric: by default what the study minimised.
        ax: to draw into; by default a new figure's.

    Raises:
        ValueError: there are no such hyperparameters or metric, or too few trials.
    """
    results = by_metric(results, metric)
    if sentence := _unfit(results, None):
        raise ValueError(sentence)
    compared = {c.budget.epoch: c for c in _compared(results)}
    at = list(compared)[-1] if rung is None else rung
    if at not in compared:
        known = listed([str(epoch) for epoch in compared if epoch is not None]) or "none"
        raise ValueError(f"rung must be one that many trials reached, got {at}; allowed: {known}")
    dimensions = {d.name: d for d in _ordered(results, compared[at])}
    names = of or _most_important(results)[0]
    if len(set(names) & set(dimensions)) < 2:
        raise ValueError(
            f"of must be two hyperparameters that varied and have an order, got {listed(names)}; "
            f"allowed: {listed(list(dimensions))}"
        )
    x, y = sorted((dimensions[name] for name in names), key=lambda d: d.kind == "choice")
    data = interaction_data(compared[at], x, y)
    with drawing_on(ax, 4.4, 6.0) as ax:
        if y.kind == "choice":
            _draw_lines(ax, data, compared[at], x, y)
        else:
            _draw_contours(ax, data, compared[at], x, y, results.best_trial)
        ax.set_title(f"at {compared[at]}", fontsize="small", fontweight="normal")
        return ax


def _draw_lines(
    ax: Axes, data: pd.DataFrame, comparison: Comparison, x: Dimension, y: Dimension
) -> None:
    """A line an option of `y`, through the smoothed metric; dots are trials."""
    trials = comparison.trials
    places, options = positions(trials[x.name], x), positions(trials[y.name], y)
    share = np.linspace(0.0, 0.85, len(y.options))
    spread = np.linspace(-0.2, 0.2, len(y.options)) if x.kind == "choice" else np.zeros(len(share))
    for place, (option, colour) in enumerate(
        zip(y.options, colormaps[SEQUENTIAL](share), strict=True)
    ):
        line, own = data[data["y"] == place].dropna(), options == place
        marker = MARKERS[place % len(MARKERS)]
        shift = spread[place]
        ax.plot(line["x"] + shift, line["value"], color=colour, zorder=2)
        ax.plot(
            places[own] + shift, trials["value"][own], marker, color=colour, markersize=4,
            alpha=0.8, linestyle="none", label=f"{short_label(y.name)} {option}",
        )  # fmt: skip
    scale_axis(ax, "x", x)
    scale_metric(ax, "y", trials["value"], comparison.budget.metric)
    ax.legend(fontsize="small")


def _draw_contours(
    ax: Axes,
    data: pd.DataFrame,
    comparison: Comparison,
    x: Dimension,
    y: Dimension,
    best_trial: int | None,
) -> None:
    """Filled contours with the trials on them; a star is the study's best one."""
    value = data.pivot(index="y", columns="x", values="value")
    shown = np.ma.masked_invalid(value.to_numpy())
    low, high, log = shown.min(), shown.max(), is_log(comparison.trials["value"])
    if high - low <= 1e-9 * abs(high):  # all alike
        low, high, log = low - 0.01 * abs(low) - 1e-12, high + 0.01 * abs(high) + 1e-12, False
    levels = (np.geomspace if log else np.linspace)(low, high, N_LEVELS)
    norm = (LogNorm if log else Normalize)(low, high)
    grid = (value.columns.to_numpy(), value.index.to_numpy())
    filled = ax.contourf(*grid, shown, levels=levels, cmap=SEQUENTIAL, norm=norm, extend="both")
    ax.contour(*grid, shown, levels=levels, colors="white", linewidths=0.5, alpha=0.6)
    trials = comparison.trials
    some = trials.sample(min(len(trials), MOST), random_state=0)
    ax.scatter(
        positions(some[x.name], x), positions(some[y.name], y), c=some["value"], cmap=SEQUENTIAL,
        norm=norm, s=16 if len(trials) < 300 else 6, edgecolors=BLACK,
        linewidths=0.6 if len(trials) < 300 else 0.2, label="trial",
    )  # fmt: skip
    best = trials[trials["trial"] == best_trial]
    if len(best):
        ax.plot(
            positions(best[x.name], x), positions(best[y.name], y), "*", markersize=14,
            color="white", markeredgecolor=BLACK, linestyle="none",
            label=f"best, trial {best_trial}",
        )  # fmt: skip
    scale_axis(ax, "x", x)
    scale_axis(ax, "y", y)
    ax.grid(False)
    colour_bar(ax, filled, label(comparison.budget.metric), format="%.3g", aspect=30)
    ax.legend(fontsize="small")


def _compared(results: StudyResults) -> list[Comparison]:
    return [c for c in comparisons(results) if len(c.trials) >= LEAST_TRIALS]


def _most_important(results: StudyResults) -> tuple[tuple[str, str], str]:
    """Two hyperparameters, and why these."""
    first = _compared(results)[0]
    dimensions = _ordered(results, first)
    if len(first.trials) < LEAST or len(dimensions) < 3:
        return (dimensions[0].name, dimensions[1].name), "the first two that were searched"
    one, other = importance(first, dimensions, permutations=0).table["hyperparameter"][:2]
    return (one, other), f"the two that matter most at {first.budget}"


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
    names, how = _most_important(results)
    able = [c for c in _compared(results) if {*names} <= {d.name for d in _ordered(results, c)}]
    panels = [partial(interaction, results, of=names, rung=c.budget.epoch) for c in able]
    note = f"Drawn are {short_label(names[0])} and {short_label(names[1])}, {how}."
    figure = lay_out(panels, (6.4 if len(panels) == 1 else 5.0, 4.0))
    return Drawing(figure, join(note, constant_note(results, able[0].trials)))


FIGURE = FigureSpec(
    name="interaction",
    title="Two hyperparameters together",
    caption=(
        "The metric over two hyperparameters, averaged over trials nearby whatever their other "
        "hyperparameters: as contours (dark is good), or where one of them is a list of options, "
        "as a line an option. Dots are trials, the star is the study's best one. All values of a "
        "panel are the best until the same budget. Where no trial is near there is nothing."
    ),
    unfit=_unfit,
    draw=_draw,
    metric="instead",
)
