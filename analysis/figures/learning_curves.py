"""The learning curves of all trials, with the rungs at which they were compared."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_curves, lacks_trials, thin
from analysis.figures.style import (
    BLACK,
    STATE_STYLES,
    log_axis,
    mark_rungs,
    new_figure,
    scale_metric,
)
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


def draw_learning_curves(
    data: pd.DataFrame, metric: str, rungs: Sequence[int], best_trial: int | None
) -> Figure:
    """One line a trial in its state's colour, the best trial in black."""
    figure = new_figure(height=4.6)
    ax = figure.subplots()
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
    scale_metric(ax, "y", data["value"].clip(upper=float(high)), metric)
    mark_rungs(ax, rungs)
    figure.legend(handles=handles, loc="outside upper left", ncols=7)
    return figure


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results) or lacks_curves(results):
        return sentence
    known = np.isfinite(results.epochs[results.curve_metric]).any()
    return None if known else f"No epoch has a finite {results.curve_metric}."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    data = learning_curves_data(results)
    trials = results.trials[results.trials["trial"].isin(data["trial"].unique())]
    best = results.complete["trial"].head(20).tolist()
    drawn, note = thin(trials, MOST, keep=best)
    data = data[data["trial"].isin(drawn["trial"])]
    rungs, metric = results.manifest.rungs, results.curve_metric
    return Drawing(draw_learning_curves(data, metric, rungs, results.best_trial), note)


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
