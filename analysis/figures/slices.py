"""The metric against each hyperparameter alone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import constant_note, join, lacks_complete, thin, varied
from analysis.figures.style import (
    SEQUENTIAL,
    STATE_STYLES,
    label,
    new_figure,
    positions,
    scale_axis,
    scale_metric,
)
from analysis.folder import Dimension, State, StudyResults

MOST = 1500  # points a panel
COLUMNS = 3
SHOWN: tuple[State, ...] = ("complete", "pruned", "diverged", "failed")
JITTER = 0.25  # options apart by 1: points of neighbours stay apart


def slices_data(results: StudyResults) -> pd.DataFrame:
    """One row a trial and hyperparameter that varied.

    Returns:
        Columns `trial`, `state`, `hyperparameter`, `place` (on the axis, see `style.positions`)
        and `value`: the metric of complete trials, the best until then of pruned ones, else NaN.
    """
    trials = results.in_state(*SHOWN)
    value = trials[results.manifest.metric].where(trials["state"].isin(["complete", "pruned"]))
    frames = [
        trials[["trial", "state"]].assign(
            hyperparameter=dimension.name,
            place=positions(trials[dimension.name], dimension),
            value=value,
        )
        for dimension in varied(results, trials)
    ]
    return pd.concat(frames, ignore_index=True)


def draw_slices(data: pd.DataFrame, dimensions: Sequence[Dimension], metric: str) -> Figure:
    """A panel a hyperparameter; complete trials are coloured by when they came."""
    n_rows = -(-len(dimensions) // COLUMNS)
    n_columns = min(len(dimensions), COLUMNS)
    figure = new_figure(height=0.7 + 2.6 * n_rows, width=2.0 + 2.3 * max(n_columns, 2))
    axes = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
    norm = Normalize(data["trial"].min(), max(data["trial"].max(), data["trial"].min() + 1))
    values = data["value"].dropna()
    for ax in axes.flat[len(dimensions) :]:
        ax.set_visible(False)
    for place, (ax, dimension) in enumerate(zip(axes.flat, dimensions, strict=False)):
        of_panel = data[data["hyperparameter"] == dimension.name]
        _draw_panel(ax, of_panel, dimension, norm)
        scale_axis(ax, "x", dimension)
        if place % COLUMNS == 0:
            scale_metric(ax, "y", values, metric)
            ax.set_ylabel(label(metric).replace(" (", "\n("))
    bar = figure.colorbar(ScalarMappable(norm, SEQUENTIAL), ax=axes, aspect=35, pad=0.01)
    bar.set_label("trial number, complete trials")
    figure.legend(handles=_handles(data), loc="outside upper left", ncols=4)
    return figure


def _draw_panel(ax: Axes, data: pd.DataFrame, dimension: Dimension, norm: Normalize) -> None:
    data = data.dropna(subset="place")
    if dimension.kind == "choice":
        rng = np.random.default_rng(0)
        data = data.assign(place=data["place"] + rng.uniform(-JITTER, JITTER, len(data)))
    pruned = data[data["state"] == "pruned"]
    style = STATE_STYLES["pruned"]
    ax.scatter(
        pruned["place"],
        pruned["value"],
        s=14,
        marker=style.marker,
        facecolors="none",
        edgecolors=style.colour,
        linewidths=0.8,
        alpha=0.7,
    )
    for state in ("diverged", "failed"):
        ended, style = data[data["state"] == state], STATE_STYLES[state]
        ax.plot(
            ended["place"],
            [0.98] * len(ended),
            style.marker,
            color=style.colour,
            markersize=5,
            markeredgewidth=0,
            transform=ax.get_xaxis_transform(),
            alpha=0.8,
        )
    complete = data[data["state"] == "complete"]
    ax.scatter(
        complete["place"],
        complete["value"],
        c=complete["trial"],
        cmap=SEQUENTIAL,
        norm=norm,
        s=22,
        edgecolors="white",
        linewidths=0.4,
        zorder=3,
    )


def _handles(data: pd.DataFrame) -> list[Line2D]:
    names = {
        "complete": "complete",
        "pruned": "pruned, best until then",
        "diverged": "diverged (no value)",
        "failed": "failed (no value)",
    }
    handles = []
    for state in SHOWN:
        if (data["state"] == state).any():
            style = STATE_STYLES[state]
            face = "none" if state == "pruned" else style.colour
            handles.append(
                Line2D(
                    [],
                    [],
                    linestyle="",
                    marker=style.marker,
                    color=style.colour,
                    markerfacecolor=face,
                    markersize=5,
                    label=names[state],
                )
            )
    return handles


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_complete(results):
        return sentence
    return None if varied(results, results.in_state(*SHOWN)) else "No hyperparameter varied."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    shown = results.in_state(*SHOWN)
    drawn, note = thin(shown, MOST, keep=results.complete["trial"].head(200).tolist())
    data = slices_data(results)
    data = data[data["trial"].isin(drawn["trial"])]
    figure = draw_slices(data, varied(results, shown), results.manifest.metric)
    return Drawing(figure, join(note, constant_note(results, shown)))


FIGURE = FigureSpec(
    name="slices",
    title="Slices",
    caption=(
        "The metric against each hyperparameter alone. Filled circles are complete trials, the "
        "lighter the later; open triangles are pruned trials at the best value they had reached, "
        "which is not comparable with a complete trial's; diverged and failed trials have no value "
        "and stand at the upper edge. Points over a list of options are spread sideways."
    ),
    unfit=_unfit,
    draw=_draw,
)
