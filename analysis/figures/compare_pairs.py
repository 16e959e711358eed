"""Two studies at a time: the probability that the first beats the second."""

import pandas as pd
from matplotlib.figure import Figure

from analysis.comparison import Comparison
from analysis.comparison.figures import ComparisonFigure
from analysis.figures import Drawing
from analysis.figures.style import BLUE, GREEN, GREY, VERMILLION, new_figure

OF_TRIALS, OF_BESTS = "a random complete trial", "the best of a resampled search"
OF_RETRAININGS = "a retraining of the best"
LOOKS = {OF_TRIALS: ("o", BLUE), OF_BESTS: ("s", GREEN), OF_RETRAININGS: ("D", VERMILLION)}


def compare_pairs_data(comparison: Comparison) -> pd.DataFrame:
    """One row a pair of studies and a meaning of `beats`.

    Returns:
        Columns first, second, what, chance, low, high (missing for resampled searches, whose
        share is itself taken over resamples).
    """
    rows: list[dict[str, object]] = []
    for pair in comparison.pairs:
        ends: dict[str, object] = {"first": pair.first, "second": pair.second}
        for what, chance in ((OF_TRIALS, pair.trials), (OF_RETRAININGS, pair.retrained_chance)):
            if chance is not None:
                values: dict[str, object] = {
                    "chance": chance.value,
                    "low": chance.low,
                    "high": chance.high,
                }
                rows.append(ends | {"what": what} | values)
        if pair.bests.chance == pair.bests.chance:
            rows.append(ends | {"what": OF_BESTS, "chance": pair.bests.chance})
    return pd.DataFrame(rows, columns=["first", "second", "what", "chance", "low", "high"])


def draw_compare_pairs(data: pd.DataFrame) -> Figure:
    """A row a pair; probabilities with their intervals, 1/2 marked."""
    pairs = data[["first", "second"]].drop_duplicates().reset_index(drop=True)
    figure = new_figure(height=1.5 + 0.62 * len(pairs))
    ax = figure.subplots()
    ax.axvline(0.5, color=GREY, linestyle="--", linewidth=1.2, zorder=1)
    kinds = [what for what in LOOKS if (data["what"] == what).any()]
    for shift, what in enumerate(kinds):
        marker, colour = LOOKS[what]
        rows = data[data["what"] == what].merge(pairs.reset_index(), on=["first", "second"])
        places = rows["index"] + 0.2 * (shift - (len(kinds) - 1) / 2)
        ax.hlines(places, rows["low"], rows["high"], color=colour, linewidth=2)
        ax.plot(
            rows["chance"], places, marker, color=colour, markersize=7, label=what, clip_on=False
        )
    ax.set_ylim(len(pairs) - 0.5, -0.5)
    ax.set_yticks(
        range(len(pairs)), [f"{row.first}\nbeats {row.second}" for row in pairs.itertuples()]
    )
    ax.set_xlim(-0.01, 1.01)
    ax.set_xlabel("probability, with its 95 % interval")
    ax.grid(axis="y", visible=False)
    figure.legend(loc="outside upper left", ncols=3)
    return figure


def _unfit(comparison: Comparison) -> str | None:
    if comparison.pairs:
        return None
    return "Fewer than two studies have complete trials: there is no pair to compare."


def _draw(comparison: Comparison) -> Drawing:
    return Drawing(draw_compare_pairs(compare_pairs_data(comparison)))


FIGURE = ComparisonFigure(
    name="compare_pairs",
    title="Does one beat the other?",
    caption=(
        "The probability that the first study beats the second: for one complete trial of each "
        "drawn at random, for the bests of both searches resampled at equal numbers of trials and, "
        "where the best configurations were retrained on fresh seeds, for one retraining of each. "
        "At 1/2 (dashed) neither is better."
    ),
    unfit=_unfit,
    draw=_draw,
)
