"""The best configurations under fresh seeds: quality without the luck of one seed."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.comparison import Comparison
from analysis.comparison.figures import ComparisonFigure
from analysis.figures import Drawing
from analysis.figures.studies import study_styles
from analysis.figures.style import BLACK, new_figure, scale_metric


def compare_retrained_data(comparison: Comparison) -> pd.DataFrame:
    """One row a retraining, the mean, and the trial that was retrained.

    Returns:
        Columns study, kind (retraining, mean or trial), value, low, high.
    """
    rows: list[dict[str, object]] = []
    for study, own in zip(comparison.names, comparison.again, strict=True):
        if own is None:
            continue
        rows += [{"study": study, "kind": "retraining", "value": value} for value in own.values]
        mean = {"study": study, "kind": "mean", "value": own.mean, "low": own.low}
        rows.append(mean | {"high": own.high})
        rows.append({"study": study, "kind": "trial", "value": own.searched})
    return pd.DataFrame(rows, columns=["study", "kind", "value", "low", "high"])


def draw_compare_retrained(data: pd.DataFrame, metric: str, names: list[str]) -> Figure:
    """A row a study: dots are retrainings, the bar their mean, the star the trial itself."""
    studies = [name for name in names if (data["study"] == name).any()]
    figure = new_figure(height=1.4 + 0.7 * len(studies))
    ax = figure.subplots()
    styles = study_styles(names)
    for place, study in enumerate(studies):
        rows = data[data["study"] == study]
        again, means, trial = (
            rows[rows["kind"] == kind] for kind in ("retraining", "mean", "trial")
        )
        spread = np.linspace(-0.12, 0.12, len(again)) if len(again) > 1 else np.zeros(1)
        style = styles[study]
        first = place == 0
        ax.scatter(
            again["value"], place + spread, s=22, color=style.colour, marker=style.marker,
            alpha=0.7, linewidths=0, label="retraining on a fresh seed" if first else None,
        )  # fmt: skip
        ax.plot(
            means[["low", "high"]].to_numpy()[0], [place + 0.27] * 2, color=BLACK, linewidth=2,
            label="mean, with 95 % interval" if first else None,
        )  # fmt: skip
        ax.plot(means["value"], [place + 0.27], "|", color=BLACK, markersize=10)
        ax.plot(
            trial["value"], [place - 0.27], "*", color=style.colour, markersize=11,
            markeredgecolor=BLACK, markeredgewidth=0.6, linestyle="none",
            label="the trial itself" if first else None,
        )  # fmt: skip
    ax.set_yticks(range(len(studies)), studies)
    ax.set_ylim(len(studies) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    scale_metric(ax, "x", data["value"], metric)
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def _unfit(comparison: Comparison) -> str | None:
    if any(own is not None for own in comparison.again):
        return None
    return f"No configuration was retrained under fresh seeds with a known {comparison.metric}."


def _draw(comparison: Comparison) -> Drawing:
    data = compare_retrained_data(comparison)
    return Drawing(draw_compare_retrained(data, comparison.metric, list(comparison.names)))


COMPARED = ComparisonFigure(
    name="compare_retrained",
    title="Luck and quality",
    caption=(
        "The best configuration of each study that was retrained: every fresh seed's value, their "
        "mean with its 95 % interval, and what the trial itself scored. A star left "
        "of its row was lucky. Studies are told apart by their means, not by their stars."
    ),
    unfit=_unfit,
    draw=_draw,
)
