"""The model's density beside the exact one."""

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.figures import Drawing, FigureSpec
from analysis.figures.plane import (
    CLEAN,
    Floats,
    draw_contours,
    exact_density,
    extent,
    grid_frame,
    grid_points,
    plane_axes,
)
from analysis.figures.style import GREY, SEQUENTIAL, new_figure
from analysis.trained import TrainedTrial, load_trial, why_no_model
from analysis.words import percent
from study.record.results import StudyResults

DRAWS = 40_000  # of the prior; the density's error is then some 2 % where it is high
BLOCK = 10_000


def density_data(trained: TrainedTrial, sigma_x: float, draws: int = DRAWS) -> pd.DataFrame:
    """The exact density and the model's on one grid, both moons together.

    p_model(x) is the mean over draws z of the prior of N(x; decode(z), sigma_x^2 I), without a
    bias; on a grid that is a product of two matrices.

    Args:
        trained: a trial's model of data with noise.
        sigma_x: standard deviation of the decoder's noise.
        draws: of the prior.

    Returns:
        Columns x1, x2, exact, model, both a squared data unit; a row a grid point.
    """
    noise = trained.config.noise
    x1, x2 = grid_points(noise)
    labels = np.arange(draws) % 2  # a VAE does not look at them
    means = trained.generate(draws, "density", labels, sigma_x=0.0).astype(float)
    total = np.zeros((len(x2), len(x1)))
    for start in range(0, draws, BLOCK):
        part = means[start : start + BLOCK]
        total += _normal(x2, part[:, 1], sigma_x) @ _normal(x1, part[:, 0], sigma_x).T
    model = grid_frame(x1, x2, total / draws)
    exact = exact_density(noise)
    return exact.rename(columns={"density": "exact"}).assign(model=model["density"])


def draw_density(data: pd.DataFrame, noise: float) -> Figure:
    """Exact, model, and model less exact; the exact contours lie over all."""
    figure = new_figure(height=3.2)
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    exact = data[["x1", "x2"]].assign(density=data["exact"])
    (left, right), (low, high) = extent(noise)
    highest = max(data["exact"].max(), data["model"].max())
    gap = data["model"] - data["exact"]
    widest = max(float(gap.abs().max()), 1e-9)
    panels = (
        ("exact", data["exact"], SEQUENTIAL, Normalize(0.0, highest)),
        ("model", data["model"], SEQUENTIAL, Normalize(0.0, highest)),
        ("model less exact", gap, "PuOr_r", Normalize(-widest, widest)),
    )
    images = []
    for ax, (title, values, colours, norm) in zip(axes, panels, strict=True):
        grid = data.assign(shown=values).pivot(index="x2", columns="x1", values="shown")
        images.append(
            ax.imshow(
                grid, cmap=colours, norm=norm, origin="lower", extent=(left, right, low, high)
            )
        )
        draw_contours(ax, exact, GREY if ax is axes[2] else "#FFFFFF80")
        plane_axes(ax, extent(noise), title, outer=ax is axes[0])
    figure.colorbar(
        images[0], ax=list(axes[:2]), location="bottom", aspect=40, pad=0.02,
        label="density (1 / squared unit)",
    )  # fmt: skip
    figure.colorbar(
        images[2], ax=axes[2], location="bottom", aspect=20, pad=0.02,
        label="difference (1 / squared unit)",
    )  # fmt: skip
    return figure


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
    noise = trained.config.noise
    if noise >= CLEAN:
        return None
    return (
        f"Trial {trained.trial} was trained on data with noise {noise:g}, which lie on two arcs "
        "and have next to no density in the plane."
    )


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    sigma_x = trained.sigma_x
    data = density_data(trained, sigma_x)
    note = (
        f"Trial {trained.trial}; {percent(overlap(data))} of the probability is shared by both "
        f"densities; the decoder's noise is {sigma_x:.3f}."
    )
    if (outside := beyond(data)) > 0.01:
        note += f" {percent(outside)} of the model's lies beyond the panels."
    return Drawing(draw_density(data, trained.config.noise), note)


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
