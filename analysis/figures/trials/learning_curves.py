"""The learning curves of all trials, with the rungs at which they were compared."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import log_axis, mark_rungs, scale_metric
from analysis.figures.conditions import lacks_curves, lacks_trials, thin
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import BLACK, STATE_STYLES
from study.record.columns import State
from study.record.results import StudyResults

MOST = 400  # curves a reader can still tell from a grey mass, and a second of drawing
BACK_TO_FRONT: tuple[State, ...] = (
    "pruned",
    "interrupted",
    "failed",
    "running",
    "complete",
    "diverged",
)


def learning_curves_data(results: StudyResults) -> pd.DataFrame:
    """One row an epoch of a trial: `trial`, `state`, `epoch` and `value`, where it is finite."""
    epochs = results.epochs[["trial", "epoch", results.curve_metric]]
    states = results.trials.set_index("trial")["state"]
    curves = epochs.set_axis(["trial", "epoch", "value"], axis=1)
    finite = curves["value"].where(np.isfinite(curves["value"]))
    return curves.assign(state=curves["trial"].map(states), value=finite).dropna()


def learning_curves(results: StudyResults, *, ax: Axes | None = None) -> Axes:
    """One line a trial in its state's colour, the best trial in black.

    Raises:
        ValueError: no epoch was recorded.
    """
    if sentence := lacks_curves(results):
        raise ValueError(sentence)
    data, _ = _thinned(results)
    with drawing_on(ax, 4.6) as ax:
        return _draw_curves(ax, data, results)


def _thinned(results: StudyResults) -> tuple[pd.DataFrame, str]:
    data = learning_curves_data(results)
    trials = results.trials[results.trials["trial"].isin(data["trial"].unique())]
    drawn, note = thin(trials, MOST, keep=results.complete["trial"].head(20).tolist())
    return data[data["trial"].isin(drawn["trial"])], note


def _draw_curves(ax: Axes, data: pd.DataFrame, results: StudyResults) -> Axes:
    best_trial = results.best_trial
    high = float(data["value"].quantile(0.999))
    curves = {int(str(trial)): curve for trial, curve in data.groupby("trial")}
    states = data.groupby("trial")["state"].first()
    handles: list[Line2D] = []
    for depth, state in enumerate(BACK_TO_FRONT):
        trials = states.index[states == state]
        if trials.empty:
            continue
        style = STATE_STYLES[state]
        lines = [curves[trial][["epoch", "value"]].to_numpy() for trial in trials]
        alpha = 0.75 if len(lines) <= 20 else 0.35
        ax.add_collection(
            LineCollection(
                lines, colors=style.colour, linewidths=0.9, alpha=alpha, zorder=2 + depth
            )
        )
        ends = np.array([line[-1] for line in lines])
        height = np.minimum(ends[:, 1], high)
        ax.plot(
            ends[:, 0], height, style.marker, color=style.colour, markersize=4, zorder=2 + depth
        )
        handles.append(
            Line2D([], [], color=style.colour, marker=style.marker, markersize=4, label=state)
        )
    if best_trial is not None and best_trial in curves:
        best = curves[best_trial]
        name = f"best, trial {best_trial}"
        handles += ax.plot(best["epoch"], best["value"], color=BLACK, zorder=12, label=name)
    ax.set_xlabel("epoch")
    log_axis(ax, "x", 0.9, data["epoch"].max() * 1.1)
    scale_metric(ax, "y", data["value"].clip(upper=float(high)), results.curve_metric)
    mark_rungs(ax, results.manifest.rungs)
    ax.legend(handles=handles, fontsize="small")
    return ax


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results) or lacks_curves(results):
        return sentence
    known = np.isfinite(results.epochs[results.curve_metric]).any()
    return None if known else f"No epoch has a finite {results.curve_metric}."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    note = _thinned(results)[1]
    panel = partial(learning_curves, results)
    return Drawing(lay_out([panel], (8.0, 4.0), legend_columns=7), note)


FIGURE = FigureSpec(
    name="learning_curves",
    title="Learning curves",
    caption=(
        "The validation metric after every epoch, one line a trial, coloured by how the trial "
        "ended, with a marker at its last epoch. Dotted lines are the rungs at which the scheduler "
        "compared trials. The highest values may lie above the upper edge."
    ),
    unfit=_unfit,
    draw=_draw,
)
