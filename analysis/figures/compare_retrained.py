"""The best configurations under fresh seeds: quality without the luck of one seed."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.comparison import Comparison
from analysis.comparison.figures import ComparisonFigure
from analysis.comparison.reruns import Retrained
from analysis.figures import Drawing
from analysis.figures.studies import study_styles
from analysis.figures.style import BLACK, new_figure, scale_metric


def compare_retrained_data(comparison: Comparison) -> pd.DataFrame:
    """One row a retraining, the mean, and the trial that was retrained.

    Returns:
        Columns study, kind (retraining, mean or trial), value, low, high.
    """
    rows = []
    for study, own in zip(comparison.names, comparison.again, strict=True):
        if isinstance(own, str):
            continue
        rows += [{"study": study, "kind": "retraining", "value": value} for value in own.values]
        mean = {"value": own.mean.value, "low": own.mean.low, "high": own.mean.high}
        rows.append({"study": study, "kind": "mean"} | mean)
        rows.append({"study": study, "kind": "trial", "value": own.mean.value - own.luck})
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
    if any(isinstance(own, Retrained) for own in comparison.again):
        return None
    said = zip(comparison.names, comparison.again, strict=True)
    if len(set(comparison.again)) == 1:
        return f"Of every study, {comparison.again[0]}"
    return " ".join(f"{name}: {sentence}" for name, sentence in said)


def _draw(comparison: Comparison) -> Drawing:
    data = compare_retrained_data(comparison)
    return Drawing(draw_compare_retrained(data, comparison.metric, list(comparison.names)))


FIGURE = ComparisonFigure(
    name="compare_retrained",
    title="Luck and quality",
    caption=(
        "The best configuration of each study that was retrained: every fresh seed's value, their "
        "mean with its 95 % bootstrap interval, and what the trial itself scored. A star far to "
        "the left of its row was lucky. Studies are told apart by their means, not by their stars."
    ),
    unfit=_unfit,
    draw=_draw,
)
