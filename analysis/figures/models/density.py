"""The model's density beside the exact one."""

from functools import partial
from typing import Literal, get_args

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import colour_bar
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.plane import (
    Floats,
    draw_contours,
    exact_density,
    extent,
    grid_frame,
    grid_points,
    has_density,
    plane_axes,
)
from analysis.figures.style import GREY, SEQUENTIAL
from analysis.trained import TrainedTrial, load_trial, why_no_model
from analysis.words import number, percent
from moons.data import Origin
from moons.sources.names import NAMED
from study.record.results import StudyResults

DRAWS = 40_000  # of the prior; the density's error is then some 2 % where it is high
BLOCK = 10_000
UNIT = "density (1 / squared unit)"
Shown = Literal["exact", "model", "difference"]


def density_data(trained: TrainedTrial, sigma_x: float, draws: int = DRAWS) -> pd.DataFrame:
    """The exact density and the model's on one grid, all classes together.

    p_model(x) is the mean over draws z of the prior of N(x; decode(z), sigma_x^2 I), without a
    bias; on a grid that is a product of two matrices.

    Args:
        trained: a trial's model of data with noise.
        sigma_x: standard deviation of the decoder's noise.
        draws: of the prior.

    Returns:
        Columns x1, x2, exact, model, both a squared data unit; a row a grid point.
    """
    origin = trained.origin
    x1, x2 = grid_points(origin)
    labels = origin.labels(draws)  # a VAE does not look at them
    means = trained.generate(draws, "density", labels, sigma_x=0.0).astype(float)
    total = np.zeros((len(x2), len(x1)))
    for start in range(0, draws, BLOCK):
        part = means[start : start + BLOCK]
        total += _normal(x2, part[:, 1], sigma_x) @ _normal(x1, part[:, 0], sigma_x).T
    model = grid_frame(x1, x2, total / draws)
    exact = exact_density(origin)
    return exact.rename(columns={"density": "exact"}).assign(model=model["density"])


def density(
    results: StudyResults,
    *,
    trial: int | None = None,
    of: Shown = "model",
    ax: Axes | None = None,
) -> Axes:
    """The density of a trial's model, the exact one, or the first less the second.

    Raises:
        ValueError: there is no such trial, it left no model, or its data have no density.
    """
    if sentence := _unfit(results, trial):
        raise ValueError(sentence)
    trained = load_trial(results, trial)
    with drawing_on(ax, 3.4, 4.8) as ax:
        return _draw_panel(ax, density_data(trained, trained.sigma_x), of, trained.origin)


def _draw_panel(ax: Axes, data: pd.DataFrame, of: Shown, origin: Origin) -> Axes:
    """The density in colours, with the exact one's contours over it."""
    difference = data["model"] - data["exact"]
    shown = difference if of == "difference" else data[of]
    widest = max(float(difference.abs().max()), 1e-9)
    highest = max(data["exact"].max(), data["model"].max())
    norm = Normalize(-widest, widest) if of == "difference" else Normalize(0.0, highest)
    (left, right), (low, high) = extent(origin)
    image = ax.imshow(
        data.assign(shown=shown).pivot(index="x2", columns="x1", values="shown"),
        cmap="PuOr_r" if of == "difference" else SEQUENTIAL,
        norm=norm,
        origin="lower",
        extent=(left, right, low, high),
    )
    exact = data[["x1", "x2"]].assign(density=data["exact"])
    draw_contours(ax, exact, GREY if of == "difference" else "#FFFFFF80")
    plane_axes(ax, origin, extent(origin), "model less exact" if of == "difference" else of)
    text = "difference (1 / squared unit)" if of == "difference" else UNIT
    colour_bar(ax, image, text, location="bottom", aspect=30, pad=0.02)
    return ax


def overlap(data: pd.DataFrame) -> float:
    """The share of mass that both densities have in common: 1 less their total variation."""
    return float(np.minimum(data["exact"], data["model"]).sum() * _cell(data))


def beyond(data: pd.DataFrame) -> float:
    """The share of the model's mass that lies beyond the grid."""
    return max(0.0, 1.0 - float(data["model"].sum() * _cell(data)))


def _cell(data: pd.DataFrame) -> float:
    """The area of a grid point."""
    return float(np.diff(np.unique(data["x1"])).mean() * np.diff(np.unique(data["x2"])).mean())


def _normal(points: Floats, means: Floats, sigma: float) -> Floats:
    """N(point; mean, sigma^2), shape (points, means)."""
    scaled = (points[:, None] - means) / sigma
    return np.asarray(np.exp(-0.5 * scaled**2) / (sigma * np.sqrt(2 * np.pi)))


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if reason := why_no_model(results, trial):
        return reason
    trained = load_trial(results, trial)
    origin, noise = trained.origin, trained.config.noise
    if has_density(origin) and origin.scale == "none":
        return None
    if origin.data not in NAMED or origin.scale != "none":
        return (
            f"The density of {origin.data} is not known in the plane, so there is none to compare."
            if origin.scale == "none"
            else "Densities are drawn of models that see points as they are: scale none."
        )
    return (
        f"Trial {trained.trial} was trained on data with noise {noise:g}, which lie on curves "
        "and have next to no density in the plane."
    )


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    sigma_x = trained.sigma_x
    data = density_data(trained, sigma_x)
    note = (
        f"Trial {trained.trial}; {percent(overlap(data))} of the probability is shared by both "
        f"densities; the decoder's noise is {number(sigma_x)}."
    )
    if (outside := beyond(data)) > 0.01:
        note += f" {percent(outside)} of the model's lies beyond the panels."
    panels = [
        partial(_draw_panel, data=data, of=of, origin=trained.origin) for of in get_args(Shown)
    ]
    return Drawing(lay_out(panels, (3.0, 2.8), share="both"), note)


FIGURE = FigureSpec(
    name="density",
    title="The model's density",
    caption=(
        "The exact density of the data, the model's density, and their difference: brown where "
        "the model puts too much probability, purple where too little. Lines are the exact "
        "density's contours, which hold 50, 90 and 99 % of it."
    ),
    unfit=_unfit,
    draw=_draw,
)
