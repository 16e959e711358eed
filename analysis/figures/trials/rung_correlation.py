"""How well a trial's rank at one rung tells its rank at a later one."""

from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import spearmanr

from analysis.budget import rung_values
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_rungs, lacks_trials
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import label
from analysis.stats import spearman_interval
from study.record.results import StudyResults

LEAST = 4  # trials for a correlation


def rung_correlation_data(results: StudyResults) -> pd.DataFrame:
    """Spearman's rank correlation for every pair of rungs that at least `LEAST` trials reached.

    Returns:
        Columns `earlier`, `later` (a rung's epoch in words, or `end`), `n_trials`, `correlation`
        and `low`, `high`, its 95 % interval. The last three are NaN with fewer than `LEAST`
        trials, or where all are alike.
    """
    values = rung_values(results)
    values = values.loc[:, values.notna().sum() >= LEAST]
    rows = []
    for earlier, later in combinations(values.columns, 2):
        both = values[[earlier, later]].dropna().to_numpy()
        enough = len(both) >= LEAST and np.ptp(both, axis=0).all()
        found = spearmanr(*both.T).statistic if enough else float("nan")
        interval = spearman_interval(float(found), len(both))
        rows.append((earlier, later, len(both), interval.value, interval.low, interval.high))
    columns = ["earlier", "later", "n_trials", "correlation", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def rung_correlation(results: StudyResults, *, ax: Axes | None = None) -> Axes:
    """A triangle of cells, one a pair of rungs.

    Raises:
        ValueError: too few trials reached two rungs.
    """
    if sentence := _unfit(results, None):
        raise ValueError(sentence)
    data = rung_correlation_data(results)
    with drawing_on(ax, *_size(data)[::-1]) as ax:
        return _draw_cells(ax, data)


def _size(data: pd.DataFrame) -> tuple[float, float]:
    side = data["earlier"].nunique()
    return 2.6 + 1.2 * side, 0.9 + 0.75 * side


def _draw_cells(ax: Axes, data: pd.DataFrame) -> Axes:
    import seaborn as sns

    names = list(dict.fromkeys([*data["earlier"], *data["later"]]))
    table = data.pivot(index="later", columns="earlier", values="correlation")
    table = table.reindex(index=names[1:], columns=names[:-1]).astype(float)
    cells = {(row["later"], row["earlier"]): _cell(row) for _, row in data.iterrows()}
    sns.heatmap(
        table,
        ax=ax,
        vmin=-1,
        vmax=1,
        cmap="PuOr_r",
        linewidths=1,
        cbar_kws={"label": "Spearman's rank correlation", "aspect": 25},
    )
    for y, later in enumerate(table.index):
        for x, earlier in enumerate(table.columns):
            value = table.loc[later, earlier]
            colour = "white" if abs(value) > 0.7 else "black"
            text = cells.get((later, earlier), "")
            ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", color=colour, fontsize=8)
    ax.grid(False)
    named = {name: "end" if name == "end" else f"epoch {name}" for name in names}
    ax.set_xticklabels([named[name] for name in table.columns], rotation=0)
    ax.set_yticklabels([named[name] for name in table.index], rotation=0)
    ax.set_xlabel("rank at this budget ...")
    ax.set_ylabel("... and at this one")
    return ax


def _cell(row: "pd.Series[Any]") -> str:
    """The text of a cell: the correlation, its interval and the number of trials."""
    n_trials = f"n = {row['n_trials']:,}"
    if not np.isfinite(row["correlation"]):
        return f"{'too few' if row['n_trials'] < LEAST else 'all alike'}\n{n_trials}"
    return f"{row['correlation']:.2f}\n[{row['low']:.2f}, {row['high']:.2f}]\n{n_trials}"


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if sentence := lacks_trials(results) or lacks_rungs(results):
        return sentence
    values = rung_values(results)
    most = max(len(values[list(pair)].dropna()) for pair in combinations(values.columns, 2))
    if most >= LEAST:
        return None
    return (
        f"This needs at least {LEAST} trials that reached the same two rungs; the most is {most}."
    )


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    data = rung_correlation_data(results)
    by = f"Trials are ranked by {label(results.manifest.metric)}, as the scheduler saw it."
    return Drawing(lay_out([partial(_draw_cells, data=data)], _size(data)), by)


FIGURE = FigureSpec(
    name="rung_correlation",
    title="Rank correlation between rungs",
    caption=(
        "How well the order of trials at one rung tells their order at a later one: 1 is the same "
        "order, 0 is none. Each cell gives Spearman's correlation over the trials that reached "
        "both, its 95 % interval (Fisher's), and how many there were. Trials pruned in between are "
        "missing, so that later cells compare good trials among themselves and come out lower than "
        "they would over all."
    ),
    unfit=_unfit,
    draw=_draw,
)
