"""The trade-off between two metrics."""

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_complete, thin
from analysis.figures.style import BLUE, SKY, VERMILLION, new_figure, scale_metric
from study.record.chosen import on_front
from study.record.results import StudyResults

MOST = 3000  # dots
MOST_NAMED = 12  # trials of the front with their number beside them


def pareto_front_data(results: StudyResults) -> pd.DataFrame:
    """One row a complete trial, in order of the first metric.

    Returns:
        Columns `trial`, `state`, `x` and `y` (the two metrics) and `on_front`: whether no other
        trial is at least as good in both and better in one.
    """
    first, second = results.manifest.metrics[:2]
    complete = results.complete
    frame = complete[["trial", "state"]].assign(x=complete[first], y=complete[second])
    frame = frame.sort_values(["x", "y", "trial"], ignore_index=True)
    return frame.assign(on_front=on_front(frame[["x", "y"]]))


def draw_pareto_front(data: pd.DataFrame, x_metric: str, y_metric: str) -> Figure:
    """Complete trials as dots, the front as a staircase through those that nothing beats."""
    figure = new_figure(height=4.6, width=7.0)
    ax = figure.subplots()
    beaten, front = data[~data["on_front"]], data[data["on_front"]]
    ax.scatter(beaten["x"], beaten["y"], s=18, color=SKY, alpha=0.8, label="complete trial")
    ax.step(front["x"], front["y"], where="post", color=VERMILLION, linewidth=1.2, zorder=2)
    ax.scatter(
        front["x"],
        front["y"],
        s=36,
        color=VERMILLION,
        marker="D",
        edgecolors="white",
        linewidths=0.6,
        zorder=3,
        label=f"on the front ({len(front)})",
    )
    if len(front) <= MOST_NAMED:
        for trial, x, y in zip(front["trial"], front["x"], front["y"], strict=True):
            ax.annotate(
                f"{trial}",
                (x, y),
                xytext=(-4, -5),
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize="x-small",
                color=BLUE,
            )
    scale_metric(ax, "x", data["x"], x_metric)
    scale_metric(ax, "y", data["y"], y_metric)
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if len(results.manifest.metrics) < 2:
        return f"The study has one metric, {results.manifest.metric}: there is no trade-off."
    return lacks_complete(results)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    data = pareto_front_data(results)
    drawn, note = thin(data, MOST, keep=data.loc[data["on_front"], "trial"].tolist())
    return Drawing(draw_pareto_front(drawn, *results.manifest.metrics[:2]), note)


FIGURE = FigureSpec(
    name="pareto_front",
    title="Pareto front",
    caption=(
        "The two metrics of every complete trial, both better when smaller. Diamonds, with the "
        "number of their trial, are the front: no other trial is as good in both and better in one."
    ),
    unfit=_unfit,
    draw=_draw,
)
