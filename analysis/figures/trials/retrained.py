"""Configurations under fresh seeds: quality without the luck of one seed."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.comparison import Comparison
from analysis.comparison.figures import ComparisonFigure
from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import scale_metric
from analysis.figures.by_metric import by_metric
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.studies import study_styles
from analysis.figures.style import BLACK
from analysis.reruns import Retrained
from analysis.reruns import retrained as leaders
from study.record.results import StudyResults

LEGEND = ("retraining on a fresh seed", "mean, with 95 % interval", "the trial itself")
HOW = (
    "every fresh seed's value, their mean with its 95 % interval, and what the trial itself had "
    "scored. A star left of its row was lucky."
)


def retrained(results: StudyResults, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """A row a retrained configuration, the leaderboard's first above.

    Raises:
        ValueError: nothing was retrained, or the study has no such metric.
    """
    results = by_metric(results, metric)
    if sentence := _unfit(results, None):
        raise ValueError(sentence)
    rows = [(row.config, row) for row in leaders(results)]
    with drawing_on(ax, 0.9 + 0.6 * len(rows)) as ax:
        return _draw_rows(ax, rows, results.manifest.metric, same=True)


def _draw_rows(
    ax: Axes, rows: Sequence[tuple[str, Retrained]], metric: str, same: bool = False
) -> Axes:
    """Dots are retrainings, the bar their mean, the star the trial itself; `same`: in one look."""
    names = [name for name, _ in rows]
    styles = study_styles(names)
    shown: list[float] = []
    for place, (name, row) in enumerate(rows):
        style = styles[names[0] if same else name]
        dots, bar, star = LEGEND if place == 0 else (None, None, None)
        spread = np.linspace(-0.12, 0.12, len(row.values)) if row.n_seeds > 1 else np.zeros(1)
        ax.scatter(
            row.values, place + spread, s=22, color=style.colour, marker=style.marker, alpha=0.7,
            linewidths=0, label=dots,
        )  # fmt: skip
        ax.plot([row.low, row.high], [place + 0.27] * 2, color=BLACK, linewidth=2, label=bar)
        ax.plot(row.mean, place + 0.27, "|", color=BLACK, markersize=10)
        ax.plot(
            row.searched, place - 0.27, "*", color=style.colour, markersize=11,
            markeredgecolor=BLACK, markeredgewidth=0.6, linestyle="none", label=star,
        )  # fmt: skip
        shown += [*row.values, row.low, row.high, row.searched]
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    scale_metric(ax, "x", pd.Series(shown, dtype=float), metric)
    ax.legend(fontsize="small")
    return ax


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if leaders(results):
        return None
    metric = results.manifest.metric
    return (
        f"No configuration was retrained on fresh seeds with a known {metric}: "
        f"`python -m study.rerun {results.folder.shown} --top 5 --seeds 20` does it."
    )


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    rows = len(leaders(results))
    return Drawing(lay_out([partial(retrained, results)], (7.2, 0.7 + 0.55 * rows)))


def _unfit_to_compare(comparison: Comparison) -> str | None:
    if any(row is not None for row in comparison.again):
        return None
    return f"No configuration was retrained under fresh seeds with a known {comparison.metric}."


def _draw_compared(comparison: Comparison) -> Drawing:
    known = zip(comparison.names, comparison.again, strict=True)
    rows = [(name, row) for name, row in known if row is not None]
    panel = partial(_draw_rows, rows=rows, metric=comparison.metric)
    return Drawing(lay_out([panel], (8.0, 0.8 + 0.7 * len(rows))))


FIGURE = FigureSpec(
    name="retrained",
    title="Luck and quality",
    caption=f"The configurations that were retrained, the leaderboard's first above: {HOW}",
    unfit=_unfit,
    draw=_draw,
    metric="instead",
)

COMPARED = ComparisonFigure(
    name="compare_retrained",
    title="Luck and quality",
    caption=(
        f"The best configuration of each study that was retrained: {HOW} Studies are told apart by "
        "their means, not by their stars."
    ),
    unfit=_unfit_to_compare,
    draw=_draw_compared,
)
