"""Generated samples beside data, over the exact density."""

from functools import partial
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes

from analysis.figures import Drawing, FigureSpec
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.plane import (
    Limits,
    contour_handles,
    draw_contours,
    exact_density,
    limits_of,
    plane_axes,
)
from analysis.figures.style import GREY, class_styles
from analysis.trained import TrainedTrial, load_trial, why_no_plane
from moons.data import Origin
from moons.words import count, number
from study.record.results import StudyResults

DRAWS = 1000  # as many fresh points as generated ones
FRESH, GENERATED = "fresh", "generated"


def samples_data(trained: TrainedTrial, sigma_x: float, draws: int = DRAWS) -> pd.DataFrame:
    """Fresh points of the data, training points of a file, and as many of the model's.

    Args:
        trained: a trial's model.
        sigma_x: standard deviation of the decoder's noise.
        draws: points of each.

    Returns:
        Columns source (fresh or generated), class (what it was drawn from or asked for; missing
        for a VAE's points), x1, x2; a row a point.
    """
    seed = int(trained.rng("samples").integers(2**31))
    fresh = trained.origin.draw(draws, seed)
    asked = trained.origin.labels(draws) if trained.conditional else None
    drawn = trained.generate(draws, "samples", asked, sigma_x=sigma_x)
    parts = [
        pd.DataFrame(points[:, :2], columns=["x1", "x2"]).assign(
            source=source, **{"class": pd.Series(moons, range(draws), dtype="Int64")}
        )
        for source, points, moons in ((FRESH, fresh.x, fresh.y), (GENERATED, drawn, asked))
    ]
    both = pd.concat(parts, ignore_index=True)
    return both[["source", "class", "x1", "x2"]]


def samples(
    results: StudyResults,
    *,
    trial: int | None = None,
    of: Literal["data", "model"] = "model",
    ax: Axes | None = None,
) -> Axes:
    """Draws of a trial's model, or as many fresh points of its data, over the exact density.

    Raises:
        ValueError: there is no such trial, or it left no model.
    """
    trained = load_trial(results, trial)
    data = samples_data(trained, trained.sigma_x)
    with drawing_on(ax, 3.4, 4.8) as ax:
        return _draw_points(ax, data, FRESH if of == "data" else GENERATED, trained.origin)


def _draw_points(ax: Axes, data: pd.DataFrame, source: str, origin: Origin) -> Axes:
    rows, exact = data[data["source"] == source], exact_density(origin)
    draw_contours(ax, exact)
    _scatter(ax, rows, origin)
    data_title = "fresh data" if origin.source.endless else "training points"
    title = data_title if source == FRESH else "generated"
    plane_axes(ax, origin, limits_of(origin, data), f"{title}, {count(len(rows), 'point')}")
    handles, _ = ax.get_legend_handles_labels()
    ax.legend(handles=[*handles, *contour_handles(exact)], fontsize="x-small")
    return ax


def _scatter(ax: Axes, rows: pd.DataFrame, origin: Origin) -> None:
    looks = class_styles(origin.source.classes)
    groups = [(rows[rows["class"] == look.label], look.colour, look.name) for look in looks]
    groups.append((rows[rows["class"].isna()], GREY, "generated, no label"))
    for points, colour, name in groups:
        if len(points):
            ax.scatter(
                points["x1"], points["x2"], s=8, color=colour, alpha=0.7, linewidths=0,
                label=name, rasterized=True, zorder=2,
            )  # fmt: skip


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    sigma_x = trained.sigma_x
    data = samples_data(trained, sigma_x)
    origin = trained.origin
    known = f" (the data's: {origin.noise:g})" if origin.known else ""
    note = (
        f"Trial {trained.trial}; the decoder's noise, fitted to the data, has a standard "
        f"deviation of {number(sigma_x)}{known}."
    )
    limits = limits_of(origin, data)
    if outside := _beyond(data, limits):
        lie = "lies" if outside == 1 else "lie"
        note += f" {count(outside, 'generated point')} {lie} beyond the panel."
    panels = [partial(_draw_points, data=data, source=s, origin=origin) for s in (FRESH, GENERATED)]
    return Drawing(lay_out(panels, (4.0, 2.8), share="both"), note)


def _beyond(data: pd.DataFrame, limits: Limits) -> int:
    (left, right), (low, high) = limits
    inside = data["x1"].between(left, right) & data["x2"].between(low, high)
    return int((~inside & (data["source"] == GENERATED)).sum())


FIGURE = FigureSpec(
    name="samples",
    title="Generated samples",
    caption=(
        "Fresh points of the data's distribution, of a file its training points, and as many draws "
        "of the model: latents from the prior, decoded, with the decoder's noise. Contours hold "
        "50, 90 and 99 % of the exact density: a good generator fills them alike and leaves the "
        "plane around them empty. A CVAE's points have the colour of the class that was "
        "asked for. Of more than two columns the first two are shown."
    ),
    unfit=why_no_plane,
    draw=_draw,
)
