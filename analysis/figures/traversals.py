"""Generated points as one latent moves and the others stay."""

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.figures import Drawing, FigureSpec
from analysis.figures.plane import X1, X2, draw_contours, exact_density, limits_of, plane_axes
from analysis.figures.style import GREY, MOON_NAMES, SEQUENTIAL, new_figure
from analysis.trained import TrainedTrial, load_trial, why_no_model
from analysis.words import count
from study.record.results import StudyResults

SHOWN = 4  # latents at most: the carrying ones, and one that is not needed beside them
PATHS = 9  # values at which the other latents are held
LEFT_OUT = 0.005  # of the prior on either side of a line
DRAWS = 20_000  # of the prior, to know where that is
STEPS = 81


def traversals_data(
    trained: TrainedTrial, shown: int = SHOWN, paths: int = PATHS, steps: int = STEPS
) -> pd.DataFrame:
    """The decoder's means along lines through the latent space.

    Each line moves one latent through 99 % of its prior; the others are at the prior's mean on
    path 0 and fixed draws of it on the rest. With one latent there is nothing to fix, and one path.

    Args:
        trained: a trial's model.
        shown: how many latents at most, by their KL on the test split; as many as carry
            something, and one more.
        paths: lines a latent.
        steps: points a line.

    Returns:
        Columns latent (from 1), moon (missing for a VAE), path, value, x1, x2; a row a point.
    """
    dim = trained.latent_dim
    drawn = trained.prior_draws(DRAWS, "traversals")
    held = drawn[: paths if dim > 1 else 1].copy()
    held[0] = trained.prior_mean
    low, high = np.quantile(drawn, (LEFT_OUT, 1 - LEFT_OUT), axis=0)
    courses = np.linspace(low, high, steps)
    parts = []
    test = trained.data.test
    some = min(shown, int(trained.carrying(test).sum()) + 1)
    for unit in trained.by_kl(test)[:some]:
        values = courses[:, unit]
        for moon in (0, 1) if trained.conditional else (0,):
            for path, fixed in enumerate(held):
                z = np.tile(fixed, (steps, 1))
                z[:, unit] = values
                x = trained.decode(z, np.full(steps, moon))
                part = pd.DataFrame({"value": values, "x1": x[:, 0], "x2": x[:, 1]})
                parts.append(part.assign(latent=unit + 1, moon=moon, path=path))
    data = pd.concat(parts, ignore_index=True).astype({"moon": "Int64"})
    if not trained.conditional:
        data["moon"] = pd.NA
    return data[["latent", "moon", "path", "value", "x1", "x2"]]


def draw_traversals(data: pd.DataFrame, exact: pd.DataFrame, noise: float) -> Figure:
    """A panel a latent and label; a line's colour is the moving latent's value."""
    keys = data[["latent", "moon"]].drop_duplicates()
    rows = -(-len(keys) // 2)
    figure = new_figure(height=0.8 + 2.35 * rows if len(keys) > 1 else 4.6)
    axes = figure.subplots(rows, min(2, len(keys)), sharex=True, sharey=True, squeeze=False)
    norm = Normalize(data["value"].min(), data["value"].max())
    limits = limits_of(noise, data)
    lines = LineCollection([], cmap=SEQUENTIAL, norm=norm)
    for ax in axes.flat[len(keys) :]:
        ax.remove()
    for ax, (latent, moon) in zip(axes.flat, keys.itertuples(index=False), strict=False):
        cell = data[data["latent"] == latent]
        cell = cell if pd.isna(moon) else cell[cell["moon"] == moon]
        draw_contours(ax, exact, GREY)
        for path, line in cell.groupby("path"):
            lines = _draw_path(line, norm, 2.6 if path == 0 else 1.0)
            ax.add_collection(lines)
        title = f"z{latent} moves"
        plane_axes(ax, limits, title if pd.isna(moon) else f"{title}, {MOON_NAMES[moon]}")
        ax.set(xlabel="", ylabel="")
    if len(keys) == 1:
        axes[0, 0].set(xlabel=X1, ylabel=X2)
    else:
        figure.supxlabel(X1, fontsize="medium")
        figure.supylabel(X2, fontsize="medium")
    bar = figure.colorbar(lines, ax=list(axes.flat[: len(keys)]), pad=0.02, aspect=30)
    bar.set_label("moving latent (no unit)")
    return figure


def _draw_path(line: pd.DataFrame, norm: Normalize, width: float) -> LineCollection:
    points = line[["x1", "x2"]].to_numpy()
    pieces = np.stack([points[:-1], points[1:]], axis=1)  # (steps - 1, ends, coordinates)
    lines = LineCollection(
        list(pieces), cmap=SEQUENTIAL, norm=norm, linewidths=width, capstyle="round", zorder=2
    )
    lines.set_array((line["value"].to_numpy()[:-1] + line["value"].to_numpy()[1:]) / 2)
    return lines


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    data = traversals_data(trained)
    noise = trained.config.noise
    shown, dim = data["latent"].nunique(), trained.latent_dim
    note = f"Trial {trained.trial}: {shown} of {count(dim, 'latent')}, by KL."
    return Drawing(draw_traversals(data, exact_density(noise), noise), note)


FIGURE = FigureSpec(
    name="traversals",
    title="Traversals",
    caption=(
        "The decoder's mean as one latent moves through the prior's range and the others stay: at "
        "its mean on the thick line, at draws of it on the thin ones. A line that does not move is "
        "a latent that the decoder does not use. Grey: the exact density of the data."
    ),
    unfit=why_no_model,
    draw=_draw,
)
