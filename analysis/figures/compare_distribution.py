"""Complete trials side by side: the empirical distribution of the metric."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.comparison import Comparison
from analysis.comparison.figures import ComparisonFigure, lacks_ranked
from analysis.figures import Drawing
from analysis.figures.studies import study_styles
from analysis.figures.style import new_figure, scale_metric


def compare_distribution_data(values: pd.DataFrame) -> pd.DataFrame:
    """One row a complete trial.

    Args:
        values: columns study, trial, value.

    Returns:
        Columns study, trial, value, rising within a study, and share: of its complete trials,
        those with `value` or less.
    """
    ordered = values.sort_values(["study", "value"], kind="stable")
    place = ordered.groupby("study").cumcount() + 1
    size = ordered.groupby("study")["value"].transform("size")
    return ordered.assign(share=place / size)[["study", "trial", "value", "share"]].loc[
        ordered.index
    ]


def draw_compare_distribution(data: pd.DataFrame, metric: str, names: list[str]) -> Figure:
    """A staircase a study; its best and its median are marked."""
    figure = new_figure(height=4.2, width=7.2)
    ax = figure.subplots()
    for study, style in study_styles(names).items():
        rows = data[data["study"] == study]
        if rows.empty:
            continue
        ax.step(
            np.concatenate([rows["value"].iloc[:1], rows["value"]]),
            np.concatenate([[0.0], rows["share"]]),
            where="post",
            color=style.colour,
            linestyle=style.dash,
            label=f"{study} ({len(rows):,})",
        )
        ends = [float(rows["value"].min()), float(rows["value"].median())]
        ax.plot(ends, [0.0, 0.5], style.marker, color=style.colour, markersize=7, clip_on=False)
    scale_metric(ax, "x", data["value"], metric)
    ax.set_ylim(0, 1.02)
    ax.set_ylabel("share of complete trials\nwith this value or less")
    figure.legend(
        loc="outside upper left", ncols=3, title="study (complete trials)", alignment="left"
    )
    return figure


def _draw(comparison: Comparison) -> Drawing:
    data = compare_distribution_data(comparison.values)
    return Drawing(draw_compare_distribution(data, comparison.metric, list(comparison.names)))


FIGURE = ComparisonFigure(
    name="compare_distribution",
    title="Complete trials, side by side",
    caption=(
        "For every value of the metric, the share of a study's complete trials that are as good or "
        "better. Markers stand at each study's best and median. The line further left is better; "
        "lines that cross are better in one part of their trials and worse in another."
    ),
    unfit=lacks_ranked,
    draw=_draw,
)
