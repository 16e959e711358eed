"""How many trials were still training after how many epochs, and what pruning saved."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.budget import reached, savings
from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import log_axis, mark_rungs
from analysis.figures.conditions import lacks_rungs, lacks_trials
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import SKY, STATE_STYLES
from moons.words import percent
from study.record.columns import State
from study.record.results import StudyResults

ENDED: tuple[State, ...] = ("complete", "pruned", "diverged", "failed")


def survival_data(results: StudyResults) -> pd.DataFrame:
    """Trials that ended, by what had become of them at each epoch.

    Returns:
        Columns `epoch` (every number of epochs that a trial ended after, the one that follows, and
        every rung), `training` (trials that trained in that epoch) and, for each state, the trials
        that had ended so before it. A row's counts sum to the trials that ended.
    """
    ended = results.in_state(*ENDED)
    lengths = ended["epochs"]
    epochs = sorted({1, *lengths, *(lengths + 1), *results.manifest.rungs} - {0})
    frame = pd.DataFrame({"epoch": epochs})
    frame["training"] = [int((lengths >= epoch).sum()) for epoch in epochs]
    for state in ENDED:
        of_state = lengths[ended["state"] == state]
        frame[state] = [int((of_state < epoch).sum()) for epoch in epochs]
    return frame


def survival(results: StudyResults, *, ax: Axes | None = None) -> Axes:
    """How many trials were still training in each epoch, and what had become of the others.

    Raises:
        ValueError: the study had no rungs.
    """
    if sentence := lacks_rungs(results):
        raise ValueError(sentence)
    at_rungs = {int(str(rung)): int(n) for rung, n in reached(results).notna().sum().items()}
    with drawing_on(ax) as ax:
        _draw_fates(ax, survival_data(results), at_rungs)
        ax.legend(fontsize="small", loc="upper right", frameon=True)
        return ax


def _draw_fates(ax: Axes, data: pd.DataFrame, at_rungs: Mapping[int, int]) -> None:
    layers = ["training", *(state for state in ENDED if data[state].any())]
    colours = [SKY, *(STATE_STYLES[state].colour for state in ENDED if data[state].any())]
    names = ["still training", *layers[1:]]
    ax.stackplot(
        data["epoch"],
        *(data[layer] for layer in layers),
        colors=colours,
        labels=names,
        step="post",
        alpha=0.85,
        linewidth=0,
    )
    ax.set_xlabel("epoch")
    ax.set_ylabel("trials")
    ax.set_ylim(0, data[layers].sum(axis=1).max())
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_formatter("{x:,.0f}")
    log_axis(ax, "x", 1, max(data["epoch"].max(), 2))
    ax.grid(False)
    mark_rungs(ax, list(at_rungs))
    at = data.set_index("epoch")["training"]
    for rung, n_trials in at_rungs.items():
        if 1 < rung < data["epoch"].max():
            high, late = at[rung] > 0.9 * at.max(), rung > 0.5 * data["epoch"].max()
            ax.annotate(
                f"{n_trials:,}",
                (rung, at[rung]),
                xytext=(-4 if late else 4, -4 if high else 3),
                textcoords="offset points",
                ha="right" if late else "left",
                va="top" if high else "bottom",
                fontsize="small",
                bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1.5},
            )


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results) or lacks_rungs(results):
        return sentence
    return None if len(results.in_state(*ENDED)) else "No trial has ended yet."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    saved = savings(results)
    source = "the median of complete trials" if saved.measured else "the most that was allowed"
    note = (
        f"Pruning saved about {saved.saved:,} epochs, {percent(saved.share)} of all, had every "
        f"pruned trial run to epoch {saved.usual}, {source}."
    )
    return Drawing(lay_out([partial(survival, results)], (7.2, 3.6), legend_columns=6), note)


FIGURE = FigureSpec(
    name="survival",
    title="Survival at the rungs",
    caption=(
        "Of the trials that ended, how many were still training in each epoch, and what had become "
        "of the others; the numbers at the dotted lines are the trials that reached the rung: they "
        "reported there and had not ended by themselves."
    ),
    unfit=_unfit,
    draw=_draw,
)
