"""The best complete trial so far, against trials, epochs and seconds, of one study or several."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.comparison import Comparison
from analysis.comparison.convergence import SPENT, meaning
from analysis.comparison.figures import ComparisonFigure, lacks_ranked
from analysis.figures import Drawing, FigureSpec
from analysis.figures.conditions import lacks_complete
from analysis.figures.studies import study_styles
from analysis.figures.style import SKY, STATE_STYLES, label, new_figure, scale_metric, time_unit
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


def as_curves(data: pd.DataFrame) -> pd.DataFrame:
    """The best so far of `best_so_far_data` as a comparison has it, without a band."""
    panels = [data[["best"]].assign(spent=spent, x=data[spent]) for spent in SPENT]
    curves = pd.concat(panels, ignore_index=True).dropna(subset=["x", "best"])
    return curves.assign(study="best so far", low=float("nan"), high=float("nan"))


def draw_best_so_far(
    curves: pd.DataFrame, metric: str, names: dict[str, str], trials: pd.DataFrame | None = None
) -> Figure:
    """A panel each for trials, epochs and time, where it is known; they share the metric's axis.

    Args:
        curves: columns study, spent (a panel's), x, best, low and high (of a band, or missing).
        metric: what is drawn.
        names: what the axes are called, by `spent`; of seconds without the unit.
        trials: from `best_so_far_data`, to be drawn one by one.
    """
    divisor, unit = time_unit(float(curves.loc[curves["spent"] == "seconds", "x"].max()))
    shown = [spent for spent in names if (curves["spent"] == spent).any()]
    figure = new_figure(height=3.6)
    axes = figure.subplots(1, len(shown), sharey=True)
    styles = study_styles(list(curves["study"].unique()))
    for ax, spent in zip(axes, shown, strict=True):
        scale = divisor if spent == "seconds" else 1.0
        panel = curves[curves["spent"] == spent]
        if trials is not None:
            _draw_trials(ax, trials, trials[spent] / scale)
        for study, style in styles.items():
            rows = panel[panel["study"] == study]
            x, look = rows["x"] / scale, {"color": style.colour}
            if rows["low"].notna().any():
                band = {"step": "post", "alpha": 0.18, "linewidth": 0}
                ax.fill_between(x, rows["low"], rows["high"], **band, **look)
            ax.step(x, rows["best"], where="post", linestyle=style.dash, label=study, **look)
        ax.set_xlabel(f"{names[spent]} ({unit})" if spent == "seconds" else names[spent])
        ax.set_xlim(0, panel["x"].max() / scale * 1.03)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.xaxis.set_major_formatter("{x:,.0f}")
    parts = [curves["best"], curves["low"], curves["high"]]
    values = (pd.concat(parts) if trials is None else trials["value"]).dropna()
    if len(values) >= MANY:  # the first few would squeeze all others into a line
        values = values[values <= values.quantile(0.97)]
    scale_metric(axes[0], "y", values, metric, room=0.12)
    axes[0].set_ylabel(label(metric))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=4)
    return figure


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
    data = best_so_far_data(results)
    names = {"trials": "trials ended", "epochs": "epochs of all trials", "seconds": "time"}
    return Drawing(draw_best_so_far(as_curves(data), results.manifest.metric, names, data))


def _draw_compared(comparison: Comparison) -> Drawing:
    curves = comparison.curves.dropna(subset=["best"])
    names = {"trials": "trials", "epochs": "epochs, all trials", "seconds": "time, all trials"}
    note = meaning([len(search.members) for search in comparison.searches])
    return Drawing(draw_best_so_far(curves, comparison.metric, names), note)


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
