"""The metric against each hyperparameter alone, at equal budgets."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.budget import Budget, Comparison, compared_at, comparisons
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import constant_note, join, lacks_trials, thin, varied
from analysis.figures.style import (
    STATE_STYLES,
    label,
    new_figure,
    positions,
    scale_axis,
    scale_metric,
)
from study.record.columns import STATES, State
from study.record.manifest import Dimension
from study.record.results import StudyResults

MOST = 1500  # points a panel
MOST_COLUMNS = 5
WITHOUT_VALUE: tuple[State, ...] = ("diverged", "failed")
JITTER = 0.25  # options stand 1 apart: points of neighbours stay apart


def slices_data(results: StudyResults) -> pd.DataFrame:
    """One row a budget, trial and hyperparameter that varied.

    Returns:
        Columns `budget` (in words, in rising order), `trial`, `state`, `hyperparameter`, `place`
        (on the axis, see `style.positions`) and `value` at that budget; NaN for trials that
        diverged or failed before the first one, under which they stand.
    """
    compared = [(str(c), c.trials) for c in _compared(results)]
    dimensions = varied(results, compared[0][1])
    lost = results.in_state(*WITHOUT_VALUE).assign(value=np.nan)
    lost = lost[~lost["trial"].isin(compared[0][1]["trial"])]
    compared.insert(1, (compared[0][0], lost))
    frames = [
        trials[["trial", "state", "value"]].assign(
            budget=budget,
            hyperparameter=dimension.name,
            place=positions(trials[dimension.name], dimension),
        )
        for budget, trials in compared
        for dimension in dimensions
    ]
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


def _compared(results: StudyResults) -> tuple[Comparison, ...]:
    """The budgets worth comparing at, and the end however few trials are complete."""
    compared = comparisons(results)
    end = compared_at(results, Budget(None, results.manifest.metric))
    ended = any(comparison.budget.epoch is None for comparison in compared)
    return compared if ended or end.trials.empty else (*compared, end)


def draw_slices(data: pd.DataFrame, dimensions: Sequence[Dimension], metric: str) -> Figure:
    """A column a hyperparameter, a row a budget."""
    budgets = list(data["budget"].unique())
    n_blocks = -(-len(dimensions) // MOST_COLUMNS)
    n_columns = -(-len(dimensions) // n_blocks)
    n_rows = n_blocks * len(budgets)
    figure = new_figure(height=0.8 + 2.4 * n_rows, width=max(1.2 + 1.75 * n_columns, 5.0))
    axes = figure.subplots(n_rows, n_columns, squeeze=False)
    for ax in axes.flat:
        ax.set_visible(False)
    for row, budget in enumerate(budgets):
        of_budget = data[data["budget"] == budget]
        for place, dimension in enumerate(dimensions):
            block, column = divmod(place, n_columns)
            ax = axes[block * len(budgets) + row, column]
            ax.set_visible(True)
            _draw_panel(ax, of_budget, dimension)
            scale_metric(ax, "y", of_budget["value"], metric)
            ax.set_ylabel(
                f"{label(metric)}\nat {budget}".replace(" (", "\n(") if not column else ""
            )
            ax.tick_params(labelleft=not column)
            ax.tick_params(which="both", labelsize="small")
            ax.tick_params(axis="x", labelsize="x-small")
    states = [state for state in STATES if (data["state"] == state).any()]
    figure.legend(handles=[_handle(state) for state in states], loc="outside upper left", ncols=5)
    return figure


def _draw_panel(ax: Axes, data: pd.DataFrame, dimension: Dimension) -> None:
    data = data[data["hyperparameter"] == dimension.name].dropna(subset="place")
    if dimension.kind == "choice":
        rng = np.random.default_rng(0)
        data = data.assign(place=data["place"] + rng.uniform(-JITTER, JITTER, len(data)))
    crowded = len(data) > 300
    for depth, state in enumerate(reversed(STATES)):
        trials, style = data[data["state"] == state], STATE_STYLES[state]
        lost = state in WITHOUT_VALUE
        ax.scatter(
            trials["place"],
            [0.985] * len(trials) if lost else trials["value"],
            s=9 if crowded else 18,
            marker=style.marker,
            facecolors="none" if state == "pruned" else style.colour,
            edgecolors=style.colour if state == "pruned" else "white",
            linewidths=0.7 if state == "pruned" else 0.3,
            alpha=0.45 if crowded and state == "pruned" else 0.85,
            transform=ax.get_xaxis_transform() if lost else ax.transData,
            zorder=2 + depth,
        )
    scale_axis(ax, "x", dimension)
    ax.set_xlabel(label(dimension.name).replace(" (", "\n("))
    ax.xaxis.set_minor_locator(NullLocator())


def _handle(state: State) -> Line2D:
    style = STATE_STYLES[state]
    return Line2D(
        [],
        [],
        linestyle="",
        marker=style.marker,
        color=style.colour,
        markerfacecolor="none" if state == "pruned" else style.colour,
        markersize=5,
        label=f"{state} (no value)" if state in WITHOUT_VALUE else state,
    )


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results):
        return sentence
    compared = _compared(results)[0].trials
    if compared.empty:
        return "No trial reached a rung or its end."
    return None if varied(results, compared) else "No hyperparameter varied."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    drawn, note = thin(results.trials, MOST, keep=results.complete["trial"].head(200).tolist())
    data = slices_data(results)
    compared = _compared(results)[0].trials
    data = data[data["trial"].isin(drawn["trial"])]
    figure = draw_slices(data, varied(results, compared), results.manifest.metric)
    return Drawing(figure, join(note, constant_note(results, compared)))


FIGURE = FigureSpec(
    name="slices",
    title="Slices",
    caption=(
        "The metric against each hyperparameter alone. In a row all values are those of the same "
        "rung, as the scheduler saw them, or of the end, so that they compare; the mark says how "
        "the trial ended later. Trials that diverged or failed before have no value and stand at "
        "the upper edge. Points over a list of options are spread sideways."
    ),
    unfit=_unfit,
    draw=_draw,
)
