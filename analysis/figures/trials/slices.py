"""The metric against each hyperparameter alone, at equal budgets."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.budget import Budget, Comparison, compared_at, comparisons, varied
from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import positions, scale_axis, scale_metric
from analysis.figures.by_metric import by_metric
from analysis.figures.conditions import constant_note, join, lacks_trials, thin
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import STATE_STYLES, label
from analysis.words import listed
from study.record.columns import STATES, State
from study.record.manifest import Dimension
from study.record.results import StudyResults

MOST = 1500  # points a panel
MOST_COLUMNS = 5
WITHOUT_VALUE: tuple[State, ...] = ("diverged", "failed")
JITTER = 0.25  # options stand 1 apart: points of neighbours stay apart


def slices_data(results: StudyResults, at: Budget, dimension: Dimension) -> pd.DataFrame:
    """One row a trial that reached the budget, or was lost before.

    Returns:
        Columns `trial`, `state`, `place` (on the axis, see `style.positions`) and `value` at the
        budget; NaN for trials that diverged or failed before.
    """
    reached = compared_at(results, at).trials
    lost = results.in_state(*WITHOUT_VALUE).assign(value=np.nan)
    lost = lost[~lost["trial"].isin(reached["trial"])]
    trials = pd.concat([reached, lost]) if len(lost) else reached
    place = positions(trials[dimension.name], dimension)
    return trials[["trial", "state", "value"]].assign(place=place).reset_index(drop=True)


def slices(
    results: StudyResults,
    *,
    hyperparameter: str | None = None,
    rung: int | None = None,
    metric: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The metric against one hyperparameter.

    Args:
        results: the study's.
        hyperparameter: that varied; by default the first one.
        rung: the epoch of a rung to compare trials at; by default their end, where any came to it.
        metric: by default what the study minimised.
        ax: to draw into; by default a new figure's.

    Raises:
        ValueError: there is no such hyperparameter, rung or metric; says which there are.
    """
    results = by_metric(results, metric)
    if sentence := _unfit(results, None):
        raise ValueError(sentence)
    at = _budget(results, rung)
    dimensions = {d.name: d for d in varied(results, compared_at(results, at).trials)}
    name = next(iter(dimensions), "") if hyperparameter is None else hyperparameter
    if name not in dimensions:
        raise ValueError(
            f"hyperparameter must be one that varied among the trials at {at}, got {name!r}; "
            f"allowed: {listed(list(dimensions)) or 'none'}"
        )
    drawn, _ = _thinned(results)
    data = slices_data(results, at, dimensions[name])
    with drawing_on(ax, 3.6, 4.8) as ax:
        _draw_points(ax, data[data["trial"].isin(drawn["trial"])], dimensions[name])
        scale_metric(ax, "y", data["value"], results.manifest.metric)
        text = f"{label(results.manifest.metric)}\nat {compared_at(results, at)}"
        ax.set_ylabel(text.replace(" (", "\n("), fontsize="small")
        states = [state for state in STATES if (data["state"] == state).any()]
        ax.legend(handles=[_handle(state) for state in states], fontsize="small")
        return ax


def _budget(results: StudyResults, rung: int | None) -> Budget:
    metric, rungs = results.manifest.metric, results.manifest.rungs
    if rung is None:
        return Budget(None, metric) if len(results.complete) else _compared(results)[-1].budget
    if rung not in rungs:
        known = listed([str(each) for each in rungs]) or "none"
        raise ValueError(f"rung must be one of the study's rungs, got {rung}; allowed: {known}")
    return Budget(rung, metric)


def _compared(results: StudyResults) -> tuple[Comparison, ...]:
    """The budgets worth comparing at, and the end however few trials are complete."""
    compared = comparisons(results)
    end = compared_at(results, Budget(None, results.manifest.metric))
    ended = any(comparison.budget.epoch is None for comparison in compared)
    return compared if ended or end.trials.empty else (*compared, end)


def _thinned(results: StudyResults) -> tuple[pd.DataFrame, str]:
    return thin(results.trials, MOST, keep=results.complete["trial"].head(200).tolist())


def _draw_points(ax: Axes, data: pd.DataFrame, dimension: Dimension) -> None:
    data = data.dropna(subset="place")
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
    ax.tick_params(axis="x", labelsize="x-small")


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
    compared = _compared(results)
    names = [dimension.name for dimension in varied(results, compared[0].trials)]
    columns = -(-len(names) // -(-len(names) // MOST_COLUMNS))
    blocks = [names[start : start + columns] for start in range(0, len(names), columns)]
    panels = []
    for block in blocks:
        for comparison in compared:
            moved = {d.name for d in varied(results, comparison.trials)}
            at = comparison.budget.epoch
            panels += [
                partial(slices, results, hyperparameter=name, rung=at) if name in moved else _blank
                for name in block
            ]
            panels += [_blank] * (columns - len(block))
    note = join(_thinned(results)[1], constant_note(results, compared[0].trials))
    return Drawing(lay_out(panels, (1.85, 2.4), columns=columns, share="row"), note)


def _blank(ax: Axes) -> Axes:
    ax.set_visible(False)
    return ax


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
    metric="instead",
)
