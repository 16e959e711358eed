"""The data: two moons over sizes and noises."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.lines import Line2D

from analysis.figures import Drawing, FigureSpec
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.plane import Limits, extent, plane_axes
from analysis.figures.style import class_styles
from moons.config import Config
from moons.data import Origin
from moons.sources import source_named
from study.record.results import StudyResults

SIZES = (100, 1000, 10_000)
NOISES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def data(
    results: StudyResults,
    *,
    n_samples: int = Config().n_samples,
    noise: float = Config().noise,
    ax: Axes | None = None,
) -> Axes:
    """`make_moons` as the study's seed draws them, of any size and noise."""
    with drawing_on(ax, 3.4, 4.8) as ax:
        return _draw_moons(ax, n_samples, noise, _seed(results), extent(_moons(n_samples, noise)))


def _moons(n_samples: int, noise: float) -> Origin:
    return Origin("moons", n_samples, noise, 0)


def _seed(results: StudyResults) -> int:
    seeds = results.trials.get("data_seed", pd.Series(dtype=float)).dropna()
    return int(seeds.iloc[0]) if len(seeds) else Config().data_seed


def _draw_moons(ax: Axes, size: int, noise: float, seed: int, limits: Limits) -> Axes:
    drawn = source_named("moons").draw(size, noise, seed)
    # Points thin out with their number, so that the moons show through one another.
    spot, alpha = 40.0 / np.sqrt(size), float(np.clip(30.0 / np.sqrt(size), 0.25, 0.9))
    order = np.random.default_rng(0).permutation(size)  # neither moon on top
    looks = class_styles(source_named("moons").classes)
    colours = to_rgba_array([look.colour for look in looks])[drawn.y[order]]
    x1, x2 = drawn.x[order].T
    ax.scatter(x1, x2, s=spot, c=colours, alpha=alpha, linewidths=0, rasterized=True)
    plane_axes(ax, _moons(size, noise), limits)
    ax.set_title(f"n = {size:,}, noise {noise:g}", fontsize="x-small", fontweight="normal")
    handles = [
        Line2D([], [], marker="o", linestyle="none", color=look.colour, label=look.name)
        for look in looks
    ]
    ax.legend(handles=handles, fontsize="small")
    return ax


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    seed, limits = _seed(results), extent(_moons(SIZES[0], max(NOISES)))
    panels = [
        partial(_draw_moons, size=size, noise=noise, seed=seed, limits=limits)
        for size in SIZES
        for noise in NOISES
    ]
    figure = lay_out(panels, (1.55, 1.35), columns=len(NOISES), share="both")
    return Drawing(figure, f"Drawn with seed {seed}.")


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    name = results.manifest.data.name
    return None if name == "moons" else f"The study is of {name}, and this picture is of two moons."


FIGURE = FigureSpec(
    name="data",
    title="The data",
    caption=(
        "Two moons as make_moons draws them, over numbers of points (rows) and standard deviations "
        "of their Gaussian noise (columns), both coordinates in data units. The moons overlap "
        "from a noise of about 0.2 on; there no model can tell them apart everywhere."
    ),
    unfit=_unfit,
    draw=_draw,
)
