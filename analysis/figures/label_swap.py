"""A CVAE's generated points: the same latents under both labels."""

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from analysis.figures import Drawing, FigureSpec
from analysis.figures.plane import draw_contours, exact_density, limits_of, plane_axes
from analysis.figures.style import GREY, MOON_COLOURS, MOON_NAMES, SEQUENTIAL, new_figure
from analysis.trained import TrainedTrial, load_trial, why_no_model
from study.record.results import StudyResults

DRAWS = 400
LINKS = 40  # latents whose two points are joined


def label_swap_data(trained: TrainedTrial, draws: int = DRAWS) -> pd.DataFrame:
    """The decoder's means of draws of the prior, under each label.

    Returns:
        Columns draw, latent (the one with the largest KL, from 1), value (that latent's), moon,
        x1, x2; two rows a draw.

    Raises:
        ValueError: the decoder is not told the label.
    """
    if not trained.conditional:
        raise ValueError(_unfit_for(trained))
    z = trained.prior_draws(draws, "label swap")
    unit = int(trained.by_kl(trained.data.test)[0])
    parts = []
    for moon in (0, 1):
        x = trained.decode(z, np.full(draws, moon))
        part = pd.DataFrame({"draw": np.arange(draws), "latent": unit + 1, "value": z[:, unit]})
        parts.append(part.assign(moon=moon, x1=x[:, 0], x2=x[:, 1]))
    return pd.concat(parts, ignore_index=True)


def draw_label_swap(data: pd.DataFrame, exact: pd.DataFrame, noise: float) -> Figure:
    """Left and middle: each label's points, coloured by a latent; right: pairs joined."""
    figure = new_figure(height=2.5)
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    norm = Normalize(*data["value"].quantile([0.01, 0.99]))
    limits = limits_of(noise, data)
    points = None
    for moon, ax in enumerate(axes[:2]):
        rows = data[data["moon"] == moon]
        draw_contours(ax, exact, GREY)
        points = ax.scatter(
            rows["x1"], rows["x2"], c=rows["value"], s=9, cmap=SEQUENTIAL, norm=norm,
            linewidths=0, zorder=3,
        )  # fmt: skip
        plane_axes(ax, limits, f"label: {MOON_NAMES[moon]}", outer=moon == 0)
    ax = axes[2]
    draw_contours(ax, exact, GREY)
    some = data[data["draw"] < LINKS]
    ends = [some[some["moon"] == moon][["x1", "x2"]].to_numpy() for moon in (0, 1)]
    colours = some[some["moon"] == 0]["value"]
    links = LineCollection(
        list(np.stack(ends, axis=1)), array=colours, cmap=SEQUENTIAL, norm=norm, linewidths=0.9
    )
    ax.add_collection(links)
    for moon, colour in enumerate(MOON_COLOURS):
        ax.scatter(
            *ends[moon].T, s=12, color=colour, linewidths=0, zorder=3, label=MOON_NAMES[moon]
        )
    plane_axes(ax, limits, "the same latents joined", outer=False)
    figure.legend(loc="outside upper right", ncols=2)
    assert points is not None
    bar = figure.colorbar(points, ax=axes, pad=0.01, aspect=25, shrink=0.8)
    bar.set_label(f"z{data['latent'].iloc[0]} (no unit)")
    return figure


def _unfit_for(trained: TrainedTrial) -> str:
    return (
        f"Trial {trained.trial} is a VAE, whose decoder is not told the label: there are no two "
        "labels to compare."
    )


def _unfit(results: StudyResults, trial: int | None) -> str | None:
    if reason := why_no_model(results, trial):
        return reason
    trained = load_trial(results, trial)
    return None if trained.conditional else _unfit_for(trained)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    data = label_swap_data(trained)
    noise = trained.config.noise
    note = f"Trial {trained.trial}, coloured by the latent with the largest KL."
    return Drawing(draw_label_swap(data, exact_density(noise), noise), note)


FIGURE = FigureSpec(
    name="label_swap",
    title="The same latents under both labels",
    caption=(
        "Draws of the prior, decoded as one moon and as the other; colour is the latent with the "
        "largest KL. Where colours run alike along both moons, the latent means the same place "
        "on either, and the label alone chooses the moon. Right: some latents' two points joined."
    ),
    unfit=_unfit,
    draw=_draw,
)
