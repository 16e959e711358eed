"""Pairs of hyperparameters, each trial coloured by its rank."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import (
    constant_note,
    join,
    lacks_complete,
    lacks_varied,
    thin,
    varied,
)
from analysis.figures.style import (
    PALE,
    SEQUENTIAL,
    STATE_STYLES,
    new_figure,
    positions,
    scale_axis,
    short_label,
)
from analysis.words import listed
from study.record.columns import State
from study.record.manifest import Dimension
from study.record.results import StudyResults

MOST = 1000  # points a panel
MOST_DIMENSIONS = 5
SHOWN: tuple[State, ...] = ("complete", "pruned", "diverged")
JITTER = 0.25


def rank_data(results: StudyResults, dimensions: Sequence[Dimension]) -> pd.DataFrame:
    """One row a complete, pruned or diverged trial.

    Returns:
        Columns `trial`, `state`, `rank` (among complete trials, from 0 for the best to 1 for the
        worst; equal values share their mean rank; NaN but for complete trials) and each
        hyperparameter's place on its axis.
    """
    trials = results.in_state(*SHOWN)
    ranks = results.complete.set_index("trial")[results.manifest.metric].rank()
    scaled = (ranks - 1) / max(len(ranks) - 1, 1)
    frame = trials[["trial", "state"]].assign(rank=trials["trial"].map(scaled))
    for dimension in dimensions:
        frame[dimension.name] = positions(trials[dimension.name], dimension)
    return frame


def draw_rank(data: pd.DataFrame, dimensions: Sequence[Dimension]) -> Figure:
    """A triangle of panels, one a pair of hyperparameters."""
    n_panels = len(dimensions) - 1
    side = max(1.75, 3.6 / n_panels)
    figure = new_figure(height=0.9 + side * n_panels, width=1.9 + 1.1 * side * n_panels)
    axes = figure.subplots(n_panels, n_panels, squeeze=False)
    for ax in axes.flat:
        ax.set_visible(False)
    norm = Normalize(0, 1)
    for column, row in combinations(range(len(dimensions)), 2):
        ax = axes[row - 1, column]
        ax.set_visible(True)
        _draw_panel(ax, data, dimensions[column], dimensions[row], norm)
        for which, shown in (("x", row == n_panels), ("y", column == 0)):
            if not shown:
                getattr(ax, f"set_{which}label")("")
                ax.tick_params(
                    axis=which, **{"labelbottom" if which == "x" else "labelleft": False}
                )
    bar = figure.colorbar(
        ScalarMappable(norm, SEQUENTIAL), ax=axes, shrink=0.6, aspect=30, pad=0.01
    )
    bar.set_ticks([0, 0.5, 1], labels=["best", "middle", "worst"])
    bar.set_label("rank among complete trials")
    handles, labels = axes[-1, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3)
    return figure


def _draw_panel(ax: Axes, data: pd.DataFrame, x: Dimension, y: Dimension, norm: Normalize) -> None:
    rng = np.random.default_rng(0)
    data = data.copy()
    for dimension in (x, y):
        if dimension.kind == "choice":
            data[dimension.name] += rng.uniform(-JITTER, JITTER, len(data))
    pruned = data[data["state"] == "pruned"]
    if len(pruned):
        ax.scatter(pruned[x.name], pruned[y.name], s=7, marker="v", color=PALE, label="pruned")
    diverged, style = data[data["state"] == "diverged"], STATE_STYLES["diverged"]
    if len(diverged):
        ax.scatter(
            diverged[x.name],
            diverged[y.name],
            s=16,
            marker=style.marker,
            color=style.colour,
            linewidths=0,
            label="diverged",
        )
    complete = data[data["rank"].notna()]
    ax.scatter(
        complete[x.name],
        complete[y.name],
        c=complete["rank"],
        cmap=SEQUENTIAL,
        norm=norm,
        s=24 if len(complete) < 100 else 10,
        edgecolors="black",
        linewidths=0.4 if len(complete) < 100 else 0.2,
        label="complete",
    )
    scale_axis(ax, "x", x)
    scale_axis(ax, "y", y)
    ax.set_xlabel(short_label(x.name))
    ax.set_ylabel(short_label(y.name))
    ax.tick_params(labelsize="x-small")
    ax.minorticks_off()
    if x.kind == "choice" and sum(len(str(option)) for option in x.options) > 16:
        ax.tick_params(axis="x", labelrotation=90)


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_complete(results, 2):
        return sentence
    return lacks_varied(results, results.in_state(*SHOWN), 2)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    shown = results.in_state(*SHOWN)
    dimensions = varied(results, shown)
    left_out = [short_label(d.name) for d in dimensions[MOST_DIMENSIONS:]]
    dimensions = dimensions[:MOST_DIMENSIONS]
    drawn, note = thin(shown, MOST, keep=results.complete["trial"].head(300).tolist())
    data = rank_data(results, dimensions)
    figure = draw_rank(data[data["trial"].isin(drawn["trial"])], dimensions)
    rest = f"There is no room for {listed(left_out)}." if left_out else ""
    return Drawing(figure, join(note, rest, constant_note(results, shown)))


FIGURE = FigureSpec(
    name="rank",
    title="Ranks over pairs of hyperparameters",
    caption=(
        "Every panel shows the trials over two hyperparameters. Complete trials are coloured by "
        "their rank, dark is good; where dark dots keep to one corner, that corner works. Pruned "
        "and diverged trials have no rank. Points over a list of options are spread sideways."
    ),
    unfit=_unfit,
    draw=_draw,
)
