"""The trade-off between two metrics."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import scale_metric
from analysis.figures.by_metric import by_metric
from analysis.figures.conditions import lacks_complete, thin
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import BLUE, SKY, VERMILLION
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


def pareto_front(
    results: StudyResults, *, metric: str | None = None, ax: Axes | None = None
) -> Axes:
    """Complete trials by two metrics, the front as a staircase through those that nothing beats.

    Args:
        results: the study's.
        metric: the second one; by default the study's own second one.
        ax: to draw into; by default a new figure's.

    Raises:
        ValueError: there is no such metric, no second one, or no complete trial.
    """
    results = by_metric(results, metric, beside=True)
    if sentence := _unfit(results, None):
        raise ValueError(sentence)
    with drawing_on(ax, 4.6, 7.0) as ax:
        return _draw_front(ax, _thinned(results)[0], *results.manifest.metrics[:2])


def _thinned(results: StudyResults) -> tuple[pd.DataFrame, str]:
    data = pareto_front_data(results)
    return thin(data, MOST, keep=data.loc[data["on_front"], "trial"].tolist())


def _draw_front(ax: Axes, data: pd.DataFrame, x_metric: str, y_metric: str) -> Axes:
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
    ax.legend(fontsize="small")
    return ax


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if len(results.manifest.metrics) < 2:
        return (
            f"The study has one metric, {results.manifest.metric}: --metric exact_excess_nll, or "
            "another figure of its trials, is what to set against it."
        )
    return lacks_complete(results)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    note = _thinned(results)[1]
    return Drawing(lay_out([partial(pareto_front, results)], (6.4, 4.0)), note)


FIGURE = FigureSpec(
    name="pareto_front",
    title="Pareto front",
    caption=(
        "The two metrics of every complete trial, both better when smaller. Diamonds, with the "
        "number of their trial, are the front: no other trial is as good in both and better in one."
    ),
    unfit=_unfit,
    draw=_draw,
    metric="beside",
)
