"""Generated points as one latent moves and the others stay."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from analysis.figures import Drawing, FigureSpec
from analysis.figures.axes import colour_bar
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.plane import draw_contours, exact_density, limits_of, plane_axes
from analysis.figures.style import GREY, SEQUENTIAL
from analysis.trained import TrainedTrial, load_trial, why_no_plane
from analysis.words import count
from study.record.results import StudyResults

SHOWN = 4  # latents at most: the carrying ones, and one that is not needed beside them
PATHS = 7  # places of the one other latent, where there is one
LEFT_OUT = 0.005  # of the prior on either side of a line
DRAWS = 20_000  # of the prior, to know where that is
STEPS = 81


def traversals_data(trained: TrainedTrial, unit: int, steps: int = STEPS) -> pd.DataFrame:
    """The decoder's means as a latent moves through 99 % of its prior.

    Other latents are at the prior's mean on path 0. One other latent, which leaves a plane to be
    seen, is also held at even shares of its prior, on further paths.

    Args:
        trained: a trial's model.
        unit: the latent, from 0.
        steps: points a line.

    Returns:
        Columns class (missing for a VAE), path, value, x1, x2; a row a point.
    """
    drawn = trained.prior_draws(DRAWS, "traversals")
    held = [trained.prior_mean]
    if trained.latent_dim == 2:
        for place in np.quantile(drawn[:, 1 - unit], np.linspace(0.05, 0.95, PATHS)):
            held.append(np.full(2, place))
    low, high = np.quantile(drawn[:, unit], (LEFT_OUT, 1 - LEFT_OUT))
    values = np.linspace(low, high, steps)
    parts = []
    for label in range(len(trained.origin.source.classes) if trained.conditional else 1):
        for path, fixed in enumerate(held):
            z = np.tile(fixed, (steps, 1))
            z[:, unit] = values
            x = trained.decode(z, np.full(steps, label))
            part = pd.DataFrame({"value": values, "x1": x[:, 0], "x2": x[:, 1]})
            parts.append(part.assign(**{"class": label}, path=path))
    data = pd.concat(parts, ignore_index=True).astype({"class": "Int64"})
    if not trained.conditional:
        data["class"] = pd.NA
    return data[["class", "path", "value", "x1", "x2"]]


def traversals(
    results: StudyResults,
    *,
    trial: int | None = None,
    latent: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The decoder's mean as a latent moves; under every label, where the decoder is told one.

    Args:
        results: the study's.
        trial: by default the best one.
        latent: from 1; by default the one with the largest KL.
        ax: to draw into; by default a new figure's.

    Raises:
        ValueError: there is no such trial or latent, or it left no model.
    """
    trained = load_trial(results, trial)
    number = int(trained.by_kl(trained.data.test)[0]) + 1 if latent is None else latent
    if not 1 <= number <= trained.latent_dim:
        raise ValueError(f"latent must be in [1, {trained.latent_dim}], got {number}")
    with drawing_on(ax, 3.6, 5.4) as ax:
        return _draw_latent(ax, trained, number)


def _draw_latent(ax: Axes, trained: TrainedTrial, number: int) -> Axes:
    data, origin = traversals_data(trained, number - 1), trained.origin
    norm = Normalize(data["value"].min(), data["value"].max())
    draw_contours(ax, exact_density(origin), GREY)
    for (_, path), line in data.groupby(["class", "path"], dropna=False):
        points = line[["x1", "x2"]].to_numpy()
        pieces = LineCollection(
            list(np.stack([points[:-1], points[1:]], axis=1)),  # (steps - 1, ends, coordinates)
            array=(line["value"].to_numpy()[:-1] + line["value"].to_numpy()[1:]) / 2,
            cmap=SEQUENTIAL,
            norm=norm,
            linewidths=1.0 if path else 3.0,
            capstyle="round",
            zorder=2,
        )
        ax.add_collection(pieces)
    title = f"z{number} moves" + (", under each label" if trained.conditional else "")
    plane_axes(ax, origin, limits_of(origin, data), title)
    colour_bar(ax, pieces, f"z{number} (no unit)", pad=0.02, aspect=25, shrink=0.8)
    return ax


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    test = trained.data.test
    some = min(SHOWN, int(trained.carrying(test).sum()) + 1)
    numbers = (trained.by_kl(test)[:some] + 1).tolist()
    panels = [partial(_draw_latent, trained=trained, number=number) for number in numbers]
    note = f"Trial {trained.trial}: {len(numbers)} of {count(trained.latent_dim, 'latent')}, by KL."
    size = (4.4, 2.7) if len(panels) > 1 else (6.4, 3.8)
    return Drawing(lay_out(panels, size, columns=min(2, len(panels))), note)


FIGURE = FigureSpec(
    name="traversals",
    title="Traversals",
    caption=(
        "The decoder's mean as one latent moves through the prior's range and the others stay at "
        "its mean; a CVAE's under every label: where colours run alike along all classes, the "
        "latent means the same place on each. With two latents thin lines have the other one "
        "elsewhere in its prior. A line that does not move is a latent that the decoder does not "
        "use. Grey: the exact density of the data."
    ),
    unfit=why_no_plane,
    draw=_draw,
)
