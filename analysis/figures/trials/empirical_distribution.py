"""The empirical distribution of the metric: at every rung and at the end, or study beside study."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from analysis.budget import rung_values
from analysis.comparison import Comparison
from analysis.comparison.figures import ComparisonFigure, lacks_ranked
from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import scale_metric
from analysis.figures.by_metric import by_metric
from analysis.figures.conditions import lacks_complete, lacks_rungs
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.studies import study_styles
from analysis.figures.style import BLACK, SEQUENTIAL
from study.record.results import StudyResults


def staircase(values: "pd.Series[float]") -> pd.DataFrame:
    """Columns `value`, rising, and `share`: of all values, those with `value` or less."""
    ordered = np.sort(values.dropna().to_numpy(dtype=float))
    share = np.arange(1, len(ordered) + 1) / max(len(ordered), 1)
    return pd.DataFrame({"value": ordered, "share": share})


def empirical_distribution_data(results: StudyResults) -> pd.DataFrame:
    """One row a budget and trial that reached it.

    Returns:
        Columns `budget` (a rung's epoch in words, or `end`: complete trials), `value` and `share`,
        see `staircase`.
    """
    values = rung_values(results)
    frames = [staircase(values[budget]).assign(budget=str(budget)) for budget in values]
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True, slots=True)
class Look:
    """How a line is drawn, and the mark at its least value and its median, if it has any."""

    label: str
    colour: Any
    dash: Any = "-"
    width: float = 1.5
    marker: str = ""


def empirical_distribution(
    results: StudyResults, *, metric: str | None = None, ax: Axes | None = None
) -> Axes:
    """The share of trials that are as good or better, at every rung and at the end.

    Raises:
        ValueError: the study has no such metric.
    """
    results = by_metric(results, metric)
    data = empirical_distribution_data(results)
    by_budget = {str(budget): rows for budget, rows in data.groupby("budget", sort=False)}
    rungs = [budget for budget in by_budget if budget != "end"]
    colours = colormaps[SEQUENTIAL](np.linspace(0.9, 0.35, max(len(rungs), 1)))
    looks = {
        budget: Look(f"at epoch {budget}", colour)
        for budget, colour in zip(rungs, colours, strict=False)
    }
    looks["end"] = Look("complete", BLACK, width=3.5)
    lines = [(rows, looks[budget]) for budget, rows in by_budget.items()]
    with drawing_on(ax, 4.2, 7.2) as ax:
        return _draw_staircases(ax, lines, results.manifest.metric)


def _draw_staircases(ax: Axes, lines: Sequence[tuple[pd.DataFrame, Look]], metric: str) -> Axes:
    """A staircase a line; those without a value are left out."""
    for rows, look in lines:
        if rows.empty:
            continue
        ax.step(
            np.concatenate([rows["value"].iloc[:1], rows["value"]]),
            np.concatenate([[0.0], rows["share"]]),
            where="post",
            color=look.colour,
            linestyle=look.dash,
            linewidth=look.width,
            zorder=2 if look.width > 2 else 3,
            label=f"{look.label} ({len(rows):,})",
        )
        if look.marker:
            ends = [float(rows["value"].min()), float(rows["value"].median())]
            marks = {"color": look.colour, "markersize": 7, "clip_on": False}
            ax.plot(ends, [0.0, 0.5], look.marker, **marks)
    scale_metric(ax, "x", pd.concat([rows["value"] for rows, _ in lines]), metric)
    ax.set_ylim(0, 1.02)
    ax.set_ylabel("share with this value or less")
    ax.legend(fontsize="small")
    return ax


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    return None if lacks_rungs(results) is None else lacks_complete(results)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    return Drawing(lay_out([partial(empirical_distribution, results)], (7.2, 3.6)))


def _draw_compared(comparison: Comparison) -> Drawing:
    values = comparison.values
    lines = [
        (
            staircase(values.loc[values["study"] == name, "value"]),
            Look(name, style.colour, style.dash, marker=style.marker),
        )
        for name, style in study_styles(comparison.names).items()
    ]
    panel = partial(_draw_staircases, lines=lines, metric=comparison.metric)
    return Drawing(lay_out([panel], (7.2, 3.6)))


FIGURE = FigureSpec(
    name="empirical_distribution",
    title="Empirical distribution",
    caption=(
        "For every value of the metric, the share of trials that are as good or better. One line "
        "for the trials that reached each rung, by the value that the scheduler saw there, and a "
        "black one for complete trials by their final value. Later lines hold only trials that "
        "survived. Numbers in brackets are how many trials a line has."
    ),
    unfit=_unfit,
    draw=_draw,
    metric="instead",
)

COMPARED = ComparisonFigure(
    name="compare_distribution",
    title="Complete trials, side by side",
    caption=(
        "For every value of the metric, the share of a study's complete trials that are as good or "
        "better. Markers stand at each study's best and median. The line further left is better; "
        "lines that cross are better in one part of their trials and worse in another. Numbers in "
        "brackets are complete trials."
    ),
    unfit=lacks_ranked,
    draw=_draw_compared,
)
