"""Searches side by side: the best so far over trials, epochs and seconds, with bands."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from analysis.comparison import Comparison
from analysis.comparison.convergence import meaning
from analysis.comparison.figures import ComparisonFigure, lacks_ranked
from analysis.figures import Drawing
from analysis.figures.studies import StudyStyle, study_styles
from analysis.figures.style import log_axis, new_figure, scale_metric, time_unit
from study.record.labels import label


def compare_best_so_far_data(comparison: Comparison) -> pd.DataFrame:
    """The curves from where the search, or all its repetitions, have a value.

    Returns:
        Columns study, spent (trials, epochs or seconds), x, best, low, high.
    """
    curves = comparison.curves
    return curves.dropna(subset=["best"]).reset_index(drop=True)


def draw_compare_best_so_far(data: pd.DataFrame, metric: str) -> Figure:
    """Three panels that share the metric's axis: lines are the searches, bands repetitions."""
    figure = new_figure(height=3.7)
    axes = figure.subplots(1, 3, sharey=True)
    values = pd.concat([data["best"], data["low"], data["high"]]).dropna()
    margin = 0.05 * float(values.max() - values.min()) or 0.05 * abs(float(values.max())) or 1.0
    axes[0].set_ylim(values.min() - margin, values.max() + margin)
    scale_metric(axes[0], "y", values, metric)
    axes[0].set_ylabel(f"best {label(metric)}")
    scale, unit = time_unit(float(data.loc[data["spent"] == "seconds", "x"].max()))
    names = {
        "trials": "trials",
        "epochs": "epochs, all trials",
        "seconds": f"time, all trials ({unit})",
    }
    styles = study_styles(list(data["study"].unique()))
    for ax, (spent, name) in zip(axes, names.items(), strict=True):
        panel = data[data["spent"] == spent]
        panel = panel.assign(x=panel["x"] / (scale if spent == "seconds" else 1.0))
        for study, style in styles.items():
            _draw_search(ax, panel[panel["study"] == study], study, style)
        low, high = float(panel["x"].min()), float(panel["x"].max())
        if 0 < low < high:
            log_axis(ax, "x", low / 1.05, high * 1.05)
        if high > 30 * low:  # in so narrow a panel
            ax.xaxis.set_major_locator(LogLocator(subs=(1.0,)))
        ax.set_xlabel(name)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=4)
    return figure


def _draw_search(ax: Axes, curve: pd.DataFrame, study: str, style: StudyStyle) -> None:
    ax.fill_between(
        curve["x"], curve["low"], curve["high"], step="post", color=style.colour, alpha=0.18,
        linewidth=0,
    )  # fmt: skip
    ax.step(
        curve["x"], curve["best"], where="post", color=style.colour, linestyle=style.dash,
        label=study,
    )  # fmt: skip


def _draw(comparison: Comparison) -> Drawing:
    data = compare_best_so_far_data(comparison)
    note = meaning([len(search.members) for search in comparison.searches])
    return Drawing(draw_compare_best_so_far(data, comparison.metric), note)


FIGURE = ComparisonFigure(
    name="compare_best_so_far",
    title="Best so far, side by side",
    caption=(
        "The best complete trial of each search against what the search had spent: trials that "
        "ended, epochs of all trials, and time of training and evaluation summed over workers. "
        "A search that was repeated with other seeds, at least three times, has a band, from its "
        "best repetition to its worst."
    ),
    unfit=lacks_ranked,
    draw=_draw,
)
