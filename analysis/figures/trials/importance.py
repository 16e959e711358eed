"""Which hyperparameters set the best trials apart, at one or two named budgets."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.budget import Comparison, comparisons, varied
from analysis.figures import Drawing, FigureSpec
from analysis.figures.by_metric import by_metric
from analysis.figures.conditions import (
    constant_note,
    join,
    lacks_compared,
    lacks_trials,
    lacks_varied,
)
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import BLACK, BLUE, GREY, ORANGE, short_label
from analysis.importance import LEAST
from analysis.importance import importance as measure
from analysis.words import count, listed
from study.record.results import StudyResults


def importance_data(results: StudyResults) -> pd.DataFrame:
    """PED-ANOVA importances at every budget that enough trials reached.

    Returns:
        Columns `budget` (in words), `n_trials`, `hyperparameter`, `importance`, `noise` (see
        `analysis.importance`) and `largest_noise`; the hyperparameters of a budget sum to 1.
    """
    frames = []
    for comparison in _comparisons(results):
        found = measure(comparison, varied(results, comparison.trials))
        n_trials = len(comparison.trials)
        used = f"{n_trials - found.n_left_out:,} of " if found.n_left_out else ""
        budget = f"{comparison.budget} ({used}{count(n_trials, comparison.noun)})"
        known = {"n_trials": n_trials - found.n_left_out, "largest_noise": found.noise}
        frames.append(found.table.assign(budget=budget, **known))
    return pd.concat(frames, ignore_index=True)


def importance(results: StudyResults, *, metric: str | None = None, ax: Axes | None = None) -> Axes:
    """Bars, and what noise makes of each and of the largest; the first budget's order.

    Raises:
        ValueError: the study has no such metric, or too few trials.
    """
    results = by_metric(results, metric)
    if sentence := _unfit(results, None):
        raise ValueError(sentence)
    with drawing_on(ax, width=7.2) as ax:
        return _draw_bars(importance_data(results), ax)


def _draw_bars(data: pd.DataFrame, ax: Axes) -> Axes:
    budgets = data["budget"].unique()
    names: Sequence[str] = list(dict.fromkeys(data["hyperparameter"]))
    thickness = 0.75 / len(budgets)
    for place, (budget, colour) in enumerate(zip(budgets, (BLUE, ORANGE), strict=False)):
        rows = data[data["budget"] == budget].set_index("hyperparameter").reindex(names)
        heights = np.arange(len(names)) + (place - (len(budgets) - 1) / 2) * thickness
        ax.barh(
            heights,
            rows["importance"],
            thickness * 0.9,
            color=colour,
            label=f"at {budget}",
        )
        ax.plot(rows["noise"], heights, "|", color=BLACK, markersize=9, markeredgewidth=1.5)
        ax.axvline(rows["largest_noise"].max(), color=colour, linestyle="--", linewidth=1.4)
    ax.plot(
        [], [], "|", color=BLACK, markersize=9, label="without any effect, in 95 % of cases: up to"
    )
    ax.plot([], [], "--", color=GREY, label="the largest share, likewise")
    ax.set_yticks(range(len(names)), [short_label(name) for name in names])
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of importance (PED-ANOVA)")
    ax.grid(False, axis="y")
    ax.legend(fontsize="small", loc="lower right")
    return ax


def _comparisons(results: StudyResults) -> tuple[Comparison, ...]:
    return tuple(
        comparison
        for comparison in comparisons(results)
        if len(comparison.trials) >= LEAST and varied(results, comparison.trials)
    )


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results):
        return sentence
    first = comparisons(results)[0]
    if sentence := lacks_compared(first, LEAST):
        return sentence
    return lacks_varied(results, first.trials)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    data = importance_data(results)
    used = _comparisons(results)
    n_most = int(data["n_trials"].max())
    thinned = any(len(comparison.trials) > n_most for comparison in used)
    sample = f"Computed on {n_most:,} trials drawn at random where more reached the budget."
    note = join(*_said(data), sample if thinned else "", constant_note(results, used[0].trials))
    rows = data["hyperparameter"].nunique() * data["budget"].nunique() ** 0.5
    panel = partial(_draw_bars, data)
    return Drawing(lay_out([panel], (7.2, 0.9 + 0.35 * rows), legend_columns=1), note)


def _said(data: pd.DataFrame) -> list[str]:
    """A sentence a budget: which shares are more than noise would make them."""
    said = []
    for budget, rows in data.groupby("budget", sort=False):
        noise = float(rows["largest_noise"].iloc[0])
        beyond = rows.loc[rows["importance"] > noise, "hyperparameter"].map(short_label).tolist()
        more = f"{listed(beyond)} {'is' if len(beyond) == 1 else 'are'} beyond that"
        said.append(
            f"At {budget} the largest of {len(rows)} shares would be up to {noise:.2f} in 95 % of "
            f"cases without any effect; {more if beyond else 'none is beyond that'}."
        )
    return said


FIGURE = FigureSpec(
    name="importance",
    title="Importance of hyperparameters",
    caption=(
        "How strongly each hyperparameter sets the best tenth of the trials apart from all of "
        "them (PED-ANOVA, arXiv:2304.10255), as shares of the sum. Trials are compared by what "
        "the scheduler saw at the same rung, never across budgets: at the first rung nearly all "
        "trials take part, at the larger budget only those that were not pruned before, so that "
        "what the pruning decided by no longer shows. Shares sum to 1 even where nothing matters: "
        "the ticks and the dashed line, from permuted values, say what noise alone would give."
    ),
    unfit=_unfit,
    draw=_draw,
    metric="instead",
)
