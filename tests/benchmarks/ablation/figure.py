"""The ablation on paper: curves by factor above, paired differences from the default below."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures.axes import log_axis, scale_metric
from analysis.figures.paper import new_figure
from analysis.figures.studies import study_styles
from analysis.figures.style import BLUE, GREY, VERMILLION
from study.record.labels import label
from tests.benchmarks.ablation.arms import Arm, Factor
from tests.benchmarks.ablation.standing import Standing

TITLES: dict[Factor, str] = {
    "sampler": "who proposes",
    "scheduler": "who stops trials",
    "telling": "what Optuna hears",
}


def draw_ablation(
    curves: pd.DataFrame,
    factors: dict[Factor, tuple[Arm, ...]],
    best: Sequence[Standing],
    selected: Sequence[Standing],
    metric: str,
    score: str,
) -> Figure:
    """Two rows: the mean best so far by factor, and how far each arm is from the default.

    Args:
        curves: what `bands` gave for `best`.
        factors: which arms stand side by side; the default is the first of each.
        best: the arms by their best complete trial, at the whole budget, the default first.
        selected: the arms by the score of the trial that they would choose, likewise.
        metric: the column that the studies minimise.
        score: the figure that chosen configs are scored by.
    """
    figure = new_figure(height=7.2)
    above, below = np.asarray(figure.subfigures(2, 1, height_ratios=[1.1, 1])).tolist()
    panels = np.atleast_1d(above.subplots(1, len(factors), sharey=True))
    for ax, (factor, arms) in zip(panels, factors.items(), strict=True):
        _draw_curves(ax, curves, [arm.name for arm in arms])
        ax.set_title(TITLES[factor])
    scale_metric(panels[0], "y", pd.concat([curves["mean"], curves["high"]]), metric)
    panels[0].set_ylabel(f"best {label(metric)}")
    left, right = below.subplots(1, 2)
    _draw_differences(left, best, f"best {label(metric)}")
    _draw_differences(right, selected, f"chosen config, retrained:\n{label(score)}")
    right.tick_params(labelleft=False)
    return figure


def _draw_curves(ax: Axes, curves: pd.DataFrame, arms: Sequence[str]) -> None:
    for arm, style in study_styles(arms).items():
        curve = curves[curves["arm"] == arm]
        ax.fill_between(
            curve["epochs"], curve["low"], curve["high"], step="post", color=style.colour,
            alpha=0.13, linewidth=0,
        )  # fmt: skip
        ax.plot(curve["epochs"], curve["mean"], color=style.colour, linestyle=style.dash, label=arm)
    shown = curves["epochs"]
    log_axis(ax, "x", float(shown.min()), float(shown.max()))
    ax.set_xlabel("epochs, all trials")
    ax.legend(fontsize="x-small", loc="upper right")


def _draw_differences(ax: Axes, standings: Sequence[Standing], what: str) -> None:
    """One row an arm: the mean paired difference and its interval; colour where told apart."""
    others = standings[1:]
    for place, standing in enumerate(others):
        gap = standing.difference
        colour = GREY
        if standing.told_apart:
            colour = BLUE if gap.value < 0 else VERMILLION
        ax.plot([gap.low, gap.high], [place, place], color=colour, linewidth=2)
        ax.plot(gap.value, place, "o", color=colour, markersize=6)
    ax.axvline(0, color="#4D4D4D", linewidth=1)
    ax.set_yticks(range(len(others)), [standing.arm for standing in others])
    ax.set_ylim(len(others) - 0.5, -0.5)
    ax.set_xlabel(f"{what},\nless the default's (left is better)")
    ax.ticklabel_format(axis="x", style="plain", useOffset=False)
    ax.locator_params(axis="x", nbins=5)
