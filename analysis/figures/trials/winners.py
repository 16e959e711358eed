"""Parameter by parameter: the top trials of each study."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.comparison import Comparison
from analysis.comparison.figures import ComparisonFigure, lacks_ranked
from analysis.comparison.standing import TOP
from analysis.comparison.winners import Parameter, merge
from analysis.figures import Drawing
from analysis.figures.axes import positions, scale_axis
from analysis.figures.paper import new_figure
from analysis.figures.studies import StudyStyle, study_styles
from analysis.figures.style import BLACK, GREY
from analysis.words import listed
from study.record.manifest import Dimension


def compare_winners_data(parameters: tuple[Parameter, ...]) -> pd.DataFrame:
    """The top trials' values of the hyperparameters that every study has.

    Returns:
        Columns parameter, study, role (searched or fixed), rank (from 1) and value; a row a trial
        and parameter.
    """
    rows = [
        {
            "parameter": parameter.name,
            "study": choice.study,
            "role": choice.role,
            "rank": rank,
            "value": value,
        }
        for parameter in parameters
        if parameter.shared
        for choice in parameter.choices
        for rank, value in enumerate(choice.top, start=1)
    ]
    return pd.DataFrame(rows, columns=["parameter", "study", "role", "rank", "value"], dtype=object)


def draw_compare_winners(
    data: pd.DataFrame, dimensions: tuple[Dimension, ...], names: list[str]
) -> Figure:
    """A panel a hyperparameter, a row a study: dots are top trials, the star is the best."""
    columns = min(2, len(dimensions))
    rows = -(-len(dimensions) // columns)
    figure = new_figure(height=0.7 + rows * (0.85 + 0.3 * len(names)))
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    styles = study_styles(names)
    for ax in axes.flat[len(dimensions) :]:
        ax.remove()
    for ax, dimension in zip(axes.flat, dimensions, strict=False):
        cell = data[data["parameter"] == dimension.name]
        dimension = _widened(dimension, cell)
        for place, (study, style) in enumerate(styles.items()):
            _draw_row(ax, cell[cell["study"] == study], dimension, place, style)
        scale_axis(ax, "x", dimension)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_yticks(range(len(names)), names)
        ax.grid(axis="y", visible=False)
    handles = [
        Line2D([], [], color=GREY, marker="o", linestyle="none", label=f"top {TOP}"),
        Line2D([], [], color=GREY, linewidth=5, alpha=0.25, label="their range"),
        Line2D(
            [], [], color=GREY, marker="*", markersize=11, markeredgecolor=BLACK,
            linestyle="none", label="best trial",
        ),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


def _draw_row(
    ax: Axes, rows: pd.DataFrame, dimension: Dimension, place: int, style: StudyStyle
) -> None:
    rows = rows.sort_values("rank")
    values = positions(rows["value"], dimension)
    if not len(values):
        return
    ax.hlines(place, values.min(), values.max(), color=style.colour, linewidth=5, alpha=0.25)
    dots = ax.scatter(values, [place] * len(values), s=26, color=style.colour, linewidths=0)
    dots.set_alpha(0.8)
    ax.plot(
        values[0], place, "*", color=style.colour, markersize=12, markeredgecolor=BLACK,
        markeredgewidth=0.6, clip_on=False, zorder=4,
    )  # fmt: skip


def _widened(dimension: Dimension, cell: pd.DataFrame) -> Dimension:
    """The range with fixed values of other studies that lie beyond it."""
    seen = Dimension(name=dimension.name, kind="choice", options=tuple(cell["value"].unique()))
    return merge([dimension, seen]) if seen.options else dimension


def _unfit(comparison: Comparison) -> str | None:
    if sentence := lacks_ranked(comparison):
        return sentence
    if any(parameter.shared for parameter in comparison.parameters):
        return None
    return "No searched hyperparameter is known to all of the studies."


def _draw(comparison: Comparison) -> Drawing:
    data = compare_winners_data(comparison.parameters)
    shared = tuple(p.dimension for p in comparison.parameters if p.shared)
    others = [p.name for p in comparison.parameters if not p.shared]
    fixed = data[data["role"] == "fixed"].drop_duplicates(["parameter", "study"])
    notes = [f"{row.parameter} is fixed in {row.study}." for row in fixed.itertuples()]
    if others:
        notes.append(f"Not shared by all studies, and left out: {listed(others)}.")
    return Drawing(draw_compare_winners(data, shared, list(comparison.names)), " ".join(notes))


COMPARED = ComparisonFigure(
    name="compare_winners",
    title="The winners' hyperparameters",
    caption=(
        f"The values that each study's best trial (star) and top {TOP} (dots, their range shaded) "
        "have of every shared hyperparameter. Ranges that do not overlap are where the studies' "
        "winners differ; wide ones are hyperparameters that matter little."
    ),
    unfit=_unfit,
    draw=_draw,
)
