"""The best complete trial so far, against trials, epochs and seconds, of one study or several."""

from functools import partial
from typing import Literal, get_args

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.comparison import Comparison
from analysis.comparison.convergence import SPENT, meaning
from analysis.comparison.figures import ComparisonFigure, lacks_ranked
from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import scale_metric, time_unit
from analysis.figures.by_metric import by_metric
from analysis.figures.conditions import lacks_complete
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.studies import study_styles
from analysis.figures.style import SKY, STATE_STYLES, label
from study.record.columns import State
from study.record.results import StudyResults

Spent = Literal["trials", "epochs", "seconds"]
ENDED: tuple[State, ...] = ("complete", "pruned", "diverged", "failed", "interrupted")
MANY = 60  # complete trials
BELOW: tuple[State, ...] = ("diverged", "failed")
NAMES = {"trials": "trials ended", "epochs": "epochs of all trials", "seconds": "study's time"}


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


def best_so_far(
    results: StudyResults,
    *,
    spent: Spent = "trials",
    metric: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The best complete trial so far, against what was `spent`, with every complete trial.

    Raises:
        ValueError: the study has no such metric.
    """
    results = by_metric(results, metric)
    data = best_so_far_data(results)
    curve = data.assign(study="best so far", spent=spent, x=data[spent], low=float("nan"))
    with drawing_on(ax, 3.6, 4.8) as ax:
        scale = time_unit(float(data["seconds"].max()))[0] if spent == "seconds" else 1.0
        _draw_trials(ax, data, data[spent] / scale)
        return _draw_curves(ax, curve, results.manifest.metric, NAMES, data["value"])


def _draw_curves(
    ax: Axes, curves: pd.DataFrame, metric: str, names: dict[str, str], values: "pd.Series[float]"
) -> Axes:
    """A step line a study, with a band where it has one.

    Args:
        ax: what is drawn into.
        curves: columns study, spent (alike in all rows), x, best, low and high (of a band).
        metric: what is drawn.
        names: what the x axis is called, by `spent`; of seconds without the unit.
        values: what the y axis shows, NaN left out.
    """
    spent = curves["spent"].iloc[0]
    scale, unit = time_unit(float(curves["x"].max())) if spent == "seconds" else (1.0, "")
    for study, style in study_styles(list(curves["study"].unique())).items():
        rows = curves[(curves["study"] == study) & curves["best"].notna() & curves["x"].notna()]
        x, colour = rows["x"] / scale, style.colour
        if rows["low"].notna().any():
            ax.fill_between(
                x, rows["low"], rows["high"], step="post", alpha=0.18, linewidth=0, color=colour
            )
        ax.step(x, rows["best"], where="post", linestyle=style.dash, label=study, color=colour)
    ax.set_xlabel(f"{names[spent]} ({unit})" if unit else names[spent])
    ax.set_xlim(0, curves["x"].max() / scale * 1.03)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    values = values.dropna()
    if len(values) >= MANY:  # the first few would squeeze all others into a line
        values = values[values <= values.quantile(0.97)]
    scale_metric(ax, "y", values, metric, room=0.12)
    ax.set_ylabel(label(metric))
    ax.legend(fontsize="small")
    return ax


def _draw_trials(ax: Axes, trials: pd.DataFrame, x: "pd.Series[float]") -> None:
    complete = trials["state"] == "complete"
    ax.scatter(x[complete], trials["value"][complete], s=14, color=SKY, label="complete trial")
    for place, state in enumerate(BELOW):
        ended = x[trials["state"] == state]
        if len(ended):
            style = STATE_STYLES[state]
            ax.plot(
                ended,
                [0.02 + 0.03 * place] * len(ended),
                style.marker,
                color=style.colour,
                markersize=5 if len(ended) < 50 else 2,
                markeredgewidth=0,
                alpha=0.7,
                transform=ax.get_xaxis_transform(),
                label=f"{state} (no value)",
            )


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    return lacks_complete(results)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    timed = best_so_far_data(results)["seconds"].notna().any()
    shown: tuple[Spent, ...] = get_args(Spent) if timed else get_args(Spent)[:2]
    panels = [partial(best_so_far, results, spent=spent) for spent in shown]
    return Drawing(lay_out(panels, (2.7, 3.0), share="row"))


def draw_curves(comparison: Comparison) -> Figure:
    """A panel each for trials, epochs and time, where it is known."""
    names = {
        "trials": "trials",
        "epochs": "epochs, all trials",
        "seconds": "training and evaluation",
    }
    curves = comparison.curves.dropna(subset=["best"])
    values = pd.concat([curves["best"], curves["low"], curves["high"]])
    of = {spent: curves[curves["spent"] == spent] for spent in SPENT}
    panels = [
        partial(_draw_curves, curves=part, metric=comparison.metric, names=names, values=values)
        for part in of.values()
        if len(part)
    ]
    return lay_out(panels, (2.7, 3.0), share="row")


def _draw_compared(comparison: Comparison) -> Drawing:
    note = meaning([len(search.members) for search in comparison.searches])
    return Drawing(draw_curves(comparison), note)


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
    metric="instead",
)

COMPARED = ComparisonFigure(
    name="compare_best_so_far",
    title="Best so far, side by side",
    caption=(
        "The best complete trial of each search against what the search had spent: trials that "
        "ended, epochs of all trials, and time of training and evaluation summed over workers. "
        "A search that was repeated with other seeds, at least three times, has a band, from its "
        "best repetition to its worst."
    ),
    unfit=lacks_ranked,
    draw=_draw_compared,
)
