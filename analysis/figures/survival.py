"""How many trials were still training after how many epochs, and what pruning saved."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.budget import Savings, reached, savings
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_rungs, lacks_trials
from analysis.figures.style import PALE, SKY, STATE_STYLES, log_axis, mark_rungs, new_figure
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


def draw_survival(
    data: pd.DataFrame, at_rungs: Mapping[int, int], spent: "pd.Series[int]", saved: Savings
) -> Figure:
    """Trials by epoch above, epochs by state below.

    Args:
        data: from `survival_data`.
        at_rungs: how many trials reached each rung.
        spent: epochs of all trials of a state, by state.
        saved: from `analysis.budget.savings`.
    """
    figure = new_figure(height=5.2)
    upper, lower = figure.subplots(2, 1, height_ratios=[4, 1])
    _draw_fates(upper, data, at_rungs)
    _draw_epochs(lower, spent, saved)
    handles, labels = upper.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=6)
    return figure


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


def _draw_epochs(ax: Axes, spent: "pd.Series[int]", saved: Savings) -> None:
    left = 0.0
    parts = [(STATE_STYLES[state].colour, float(spent.get(state, 0))) for state in STATE_STYLES]
    for colour, width in parts:
        ax.barh(["trained"], width, left=left, color=colour, alpha=0.85)
        left += width
    ax.barh(["without pruning"], left, color=PALE)
    ax.barh(["without pruning"], saved.saved, left=left, color=PALE, hatch="//", edgecolor="white")
    ax.annotate(
        f"saved, estimated: {saved.saved:,} ({100 * saved.share:.0f} %)",
        (left + saved.saved / 2 if saved.share > 0.5 else 0, 1),
        xytext=(0 if saved.share > 0.5 else 6, 0),
        textcoords="offset points",
        ha="center" if saved.share > 0.5 else "left",
        va="center",
        fontsize="small",
        bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.5},
    )
    ax.invert_yaxis()
    ax.set_xlabel("epochs of all trials together")
    ax.grid(False)
    ax.xaxis.set_major_formatter("{x:,.0f}")


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results) or lacks_rungs(results):
        return sentence
    return None if len(results.in_state(*ENDED)) else "No trial has ended yet."


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    spent = results.trials.groupby("state")["epochs"].sum()
    saved = savings(results)
    at_rungs = {int(str(rung)): int(n) for rung, n in reached(results).notna().sum().items()}
    drawn = draw_survival(survival_data(results), at_rungs, spent, saved)
    source = "the median of complete trials" if saved.measured else "the most that was allowed"
    return Drawing(
        drawn,
        f"The estimate of what pruning saved lets every pruned trial run to epoch {saved.usual}, "
        f"{source}.",
    )


FIGURE = FigureSpec(
    name="survival",
    title="Survival at the rungs",
    caption=(
        "Above: of the trials that ended, how many were still training in each epoch, and what had "
        "become of the others; the numbers at the dotted lines are the trials that reached the "
        "rung: they reported there and had not ended by themselves. Below: the epochs that trials "
        "of each state took, and an estimate of what they would have taken without pruning."
    ),
    unfit=_unfit,
    draw=_draw,
)
