"""The best complete trial so far, against trials, epochs and seconds."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_complete
from analysis.figures.style import (
    BLUE,
    SKY,
    STATE_STYLES,
    label,
    new_figure,
    scale_metric,
    time_unit,
)
from study.record.columns import State
from study.record.results import StudyResults

ENDED: tuple[State, ...] = ("complete", "pruned", "diverged", "failed", "interrupted")
MANY = 60  # complete trials
BELOW: tuple[State, ...] = ("diverged", "failed")


def best_so_far_data(results: StudyResults) -> pd.DataFrame:
    """One row a trial that ended, in the order of their ends.

    Returns:
        Columns `trial`, `state`, `value` (the metric; NaN but for complete trials), `best` (the
        least value so far), and what had been spent by then: `trials` (interrupted ones, which
        were run again, do not count), `epochs` and `seconds` since the study's start.
    """
    ended = results.in_state(*ENDED).sort_values(["end_s", "trial"])
    value = ended[results.manifest.metric].where(ended["state"] == "complete")
    return pd.DataFrame(
        {
            "trial": ended["trial"],
            "state": ended["state"],
            "value": value,
            "best": value.cummin().ffill(),
            "trials": (ended["state"] != "interrupted").cumsum(),
            "epochs": ended["epochs"].cumsum(),
            "seconds": ended["end_s"],
        }
    ).reset_index(drop=True)


def draw_best_so_far(data: pd.DataFrame, metric: str) -> Figure:
    """A panel each for trials, epochs and time, where it is known; they share the metric's axis."""
    divisor, unit = time_unit(data["seconds"].max())
    data = data.assign(time=data["seconds"] / divisor)
    complete = data[data["state"] == "complete"]
    names = {"trials": "trials ended", "epochs": "epochs of all trials"}
    if data["time"].notna().any():
        names["time"] = f"time ({unit})"
    figure = new_figure(height=3.6)
    axes = figure.subplots(1, len(names), sharey=True)
    for ax, (column, name) in zip(axes, names.items(), strict=True):
        ax.scatter(complete[column], complete["value"], s=14, color=SKY, label="complete trial")
        ax.step(data[column], data["best"], where="post", color=BLUE, label="best so far")
        for state in BELOW:
            ended = data[data["state"] == state]
            if len(ended):
                style = STATE_STYLES[state]
                ax.plot(
                    ended[column],
                    [0.02 + 0.03 * BELOW.index(state)] * len(ended),
                    style.marker,
                    color=style.colour,
                    markersize=5 if len(ended) < 50 else 2,
                    markeredgewidth=0,
                    alpha=0.7,
                    transform=ax.get_xaxis_transform(),
                    label=f"{state} (no value)",
                )
        ax.set_xlabel(name)
        ax.set_xlim(0, data[column].max() * 1.03)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.xaxis.set_major_formatter("{x:,.0f}")
    shown = complete["value"]
    if len(shown) >= MANY:  # the first few would squeeze all others into a line
        shown = shown[shown <= shown.quantile(0.97)]
    scale_metric(axes[0], "y", shown, metric, room=0.12)
    axes[0].set_ylabel(label(metric))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=4)
    return figure


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    return lacks_complete(results)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    return Drawing(draw_best_so_far(best_so_far_data(results), results.manifest.metric))


FIGURE = FigureSpec(
    name="best_so_far",
    title="Best so far",
    caption=(
        "The metric of the best complete trial found so far, by trials that ended, by epochs that "
        "all trials together took, and by time since the study's start. Every dot is a complete "
        "trial; pruned trials are counted but have no dot, diverged and failed ones are marked "
        "along the lower edge. Among many trials the worst few lie above the upper edge."
    ),
    unfit=_unfit,
    draw=_draw,
)
