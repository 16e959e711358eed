"""The empirical distribution of the metric, at every rung and at the end."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from analysis.budget import rung_values
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_complete, lacks_rungs
from analysis.figures.style import BLACK, SEQUENTIAL, new_figure, scale_metric
from study.record.results import StudyResults


def empirical_distribution_data(results: StudyResults) -> pd.DataFrame:
    """One row a budget and trial that reached it.

    Returns:
        Columns `budget` (a rung's epoch in words, or `end`: complete trials), `value`, rising
        within a budget, and `share`: of that budget's trials, those with `value` or less.
    """
    values = rung_values(results)
    frames = []
    for column in values:
        of_budget = np.sort(values[column].dropna().to_numpy())
        share = np.arange(1, len(of_budget) + 1) / max(len(of_budget), 1)
        frames.append(pd.DataFrame({"budget": column, "value": of_budget, "share": share}))
    return pd.concat(frames, ignore_index=True)


def draw_empirical_distribution(data: pd.DataFrame, metric: str) -> Figure:
    """A staircase a budget, the later the darker; complete trials in black."""
    figure = new_figure(height=4.2, width=7.2)
    ax = figure.subplots()
    budgets = data["budget"].unique()
    rungs = [budget for budget in budgets if budget != "end"]
    colours = colormaps[SEQUENTIAL](np.linspace(0.9, 0.35, max(len(rungs), 1)))
    for budget in budgets:
        rows = data[data["budget"] == budget]
        place = rungs.index(budget) if budget in rungs else -1
        at = "complete" if budget == "end" else f"at epoch {budget}"
        ax.step(
            np.concatenate([rows["value"].iloc[:1], rows["value"]]),
            np.concatenate([[0.0], rows["share"]]),
            where="post",
            color=BLACK if budget == "end" else colours[place],
            linewidth=3.5 if budget == "end" else 1.5,
            zorder=2 if budget == "end" else 3,
            label=f"{at} ({len(rows):,})",
        )
    scale_metric(ax, "x", data["value"], metric)
    ax.set_ylim(0, 1.02)
    ax.set_ylabel("share of trials with this value or less")
    figure.legend(loc="outside upper left", ncols=3, title="trials, and how many")
    return figure


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    return None if lacks_rungs(results) is None else lacks_complete(results)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    data = empirical_distribution_data(results)
    return Drawing(draw_empirical_distribution(data, results.manifest.metric))


FIGURE = FigureSpec(
    name="empirical_distribution",
    title="Empirical distribution",
    caption=(
        "For every value of the metric, the share of trials that are as good or better. One line "
        "for the trials that reached each rung, by the value that the scheduler saw there, and a "
        "black one for complete trials by their final value. Later lines hold only trials that "
        "survived."
    ),
    unfit=_unfit,
    draw=_draw,
)
