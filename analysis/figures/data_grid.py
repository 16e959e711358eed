"""The data: two moons over sizes and noises."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure

from analysis.figures import Drawing, FigureSpec
from analysis.figures.plane import extent
from analysis.figures.style import MOON_COLOURS, MOON_NAMES, new_figure
from moons.config import Config
from moons.sources import source_named
from study.record.results import StudyResults

SIZES = (100, 1000, 10_000)
NOISES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def data_grid_data(
    sizes: Sequence[int] = SIZES, noises: Sequence[float] = NOISES, seed: int = Config().data_seed
) -> pd.DataFrame:
    """`make_moons` for every size and noise.

    Returns:
        Columns n_samples, noise, x1, x2, moon; a row a point.
    """
    parts = []
    for size in sizes:
        for noise in noises:
            drawn = source_named("moons").draw(size, noise, seed)
            part = pd.DataFrame(drawn.x, columns=["x1", "x2"]).assign(moon=drawn.y)
            parts.append(part.assign(n_samples=size, noise=noise))
    return pd.concat(parts, ignore_index=True)


def draw_data_grid(data: pd.DataFrame) -> Figure:
    """A panel for every size and noise, all with the same limits."""
    sizes, noises = sorted(data["n_samples"].unique()), sorted(data["noise"].unique())
    figure = new_figure(height=0.9 + 1.0 * len(sizes))
    axes = figure.subplots(len(sizes), len(noises), sharex=True, sharey=True, squeeze=False)
    limits, palette = extent(max(noises)), to_rgba_array(MOON_COLOURS)
    for row, size in zip(axes, sizes, strict=True):
        for ax, noise in zip(row, noises, strict=True):
            cell = data[(data["n_samples"] == size) & (data["noise"] == noise)]
            # Points thin out with their number, so that the moons show through one another.
            spot, alpha = 40.0 / np.sqrt(size), float(np.clip(30.0 / np.sqrt(size), 0.25, 0.9))
            colours = palette[cell["moon"]]
            order = np.random.default_rng(0).permutation(len(cell))  # neither moon on top
            ax.scatter(
                cell["x1"].to_numpy()[order],
                cell["x2"].to_numpy()[order],
                s=spot,
                c=colours[order],
                alpha=alpha,
                linewidths=0,
                rasterized=True,
            )
            ax.set_xlim(*limits[0])
            ax.set_ylim(*limits[1])
            ax.set_aspect("equal")
            ax.grid(False)
            ax.set_xticks([-2, 0, 2])
            ax.set_yticks([-1, 0, 1, 2])
        row[-1].annotate(
            f"{size:,} points",
            (1.04, 0.5),
            xycoords="axes fraction",
            rotation=270,
            va="center",
        )
    for ax, noise in zip(axes[0], noises, strict=True):
        ax.set_title(f"noise {noise:g}")
    for ax in axes[-1]:
        ax.set_xlabel("x1")
    for ax in axes[:, 0]:
        ax.set_ylabel("x2")
    handles = [
        axes[0, 0].scatter([], [], s=20, c=colour, label=name)
        for colour, name in zip(MOON_COLOURS, MOON_NAMES, strict=True)
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2)
    return figure


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    seeds = results.trials.get("data_seed", pd.Series(dtype=float)).dropna()
    seed = int(seeds.iloc[0]) if len(seeds) else Config().data_seed
    return Drawing(draw_data_grid(data_grid_data(seed=seed)), f"Drawn with seed {seed}.")


FIGURE = FigureSpec(
    name="data_grid",
    title="The data",
    caption=(
        "Two moons as make_moons draws them, over numbers of points (rows) and standard deviations "
        "of their Gaussian noise (columns), both coordinates in data units. The moons overlap "
        "from a noise of about 0.2 on; there no model can tell them apart everywhere."
    ),
    unfit=lambda results, trial: None,
    draw=_draw,
)
