"""What every worker did when, and how many of them were busy."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from analysis.budget import timed_trials, utilisation
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_trials
from analysis.figures.style import BLUE, STATE_STYLES, new_figure, time_unit
from moons.words import count
from study.record.columns import STATES
from study.record.results import StudyResults

MOST_ROWS = 32  # workers with a row of their own


def timeline_data(results: StudyResults) -> pd.DataFrame:
    """One row a trial with a start, as `analysis.budget.timed_trials` gives it."""
    return timed_trials(results)


def draw_timeline(data: pd.DataFrame, busy: pd.DataFrame) -> Figure:
    """A row a worker above, the number of busy workers below.

    Args:
        data: from `timeline_data`, of at most `MOST_ROWS` workers.
        busy: from `analysis.budget.utilisation`.
    """
    workers = sorted(data["worker"].unique())
    figure = new_figure(height=2.9 + 0.22 * len(workers))
    heights = [max(0.22 * len(workers), 0.5), 1.2]
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    divisor, unit = time_unit(data["end_s"].max())
    _draw_rows(upper, data, workers, divisor)
    if len(busy):
        n_workers = int(busy["workers"].iloc[0])
        share = (busy["busy"] * (busy["end_s"] - busy["start_s"])).sum() / (
            n_workers * busy["end_s"].iloc[-1]
        )
        edges = [*busy["start_s"] / divisor, busy["end_s"].iloc[-1] / divisor]
        lower.stairs(busy["busy"], edges, fill=True, color=BLUE, alpha=0.75)
        lower.axhline(n_workers, color="#4D4D4D", linestyle="--", linewidth=1)
        lower.set_ylim(0, n_workers * 1.15)
        lower.set_title(f"{100 * share:.0f} % of the time of {count(n_workers, 'worker')} was used")
    lower.set_ylabel("busy workers")
    lower.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    lower.set_xlabel(f"time since the study's start ({unit})")
    lower.set_xlim(0, data["end_s"].max() / divisor)
    present = [state for state in STATES if (data["state"] == state).any()]
    handles = [Patch(color=STATE_STYLES[state].colour, label=state) for state in present]
    figure.legend(handles=handles, loc="outside upper left", ncols=6)
    return figure


def _draw_rows(ax: Axes, data: pd.DataFrame, workers: list[str], divisor: float) -> None:
    rows = {worker: row for row, worker in enumerate(workers)}
    for state, trials in data.groupby("state"):
        bars = [
            [(start, row - 0.4), (end, row - 0.4), (end, row + 0.4), (start, row + 0.4)]
            for start, end, row in zip(
                trials["start_s"] / divisor,
                trials["end_s"] / divisor,
                trials["worker"].map(rows),
                strict=True,
            )
        ]
        colour = STATE_STYLES[state].colour  # type: ignore[index]
        # White edges part neighbouring trials until there are too many to be seen.
        edge = 0.4 if len(data) < 40 * len(workers) else 0.0
        ax.add_collection(
            PolyCollection(bars, facecolors=colour, edgecolors="white", linewidths=edge)
        )
    ax.set_yticks(range(len(workers)), workers, fontsize="small")
    ax.set_ylim(len(workers) - 0.4, -0.6)
    ax.set_ylabel("worker")
    ax.grid(False)


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results):
        return sentence
    return None if len(timeline_data(results)) else "No trial has a start time."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    data = timeline_data(results)
    n_workers = data["worker"].nunique()
    note = ""
    if n_workers > MOST_ROWS:
        busiest = data["worker"].value_counts().index[:MOST_ROWS]
        data = data[data["worker"].isin(busiest)]
        note = f"Drawn are the {MOST_ROWS} workers with the most trials, of {n_workers}."
    return Drawing(draw_timeline(data, utilisation(results)), note)


FIGURE = FigureSpec(
    name="timeline",
    title="Timeline",
    caption=(
        "Above: a row a worker (host and process), a bar a trial from its start to its end, "
        "coloured by how it ended. Below: how many workers were training at a time; the dashed "
        "line is all of them, gaps are time lost to starting up and to scheduling."
    ),
    unfit=_unfit,
    draw=_draw,
)
