"""Test points and where the model puts them back."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures import Drawing, FigureSpec
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.plane import (
    contour_handles,
    draw_contours,
    exact_density,
    limits_of,
    plane_axes,
)
from analysis.figures.style import class_styles
from analysis.trained import TrainedTrial, load_trial, why_no_plane
from moons.data import Origin, in_own_units
from moons.words import number
from study.record.results import StudyResults

MOST = 200  # arrows that a reader can still follow


def reconstructions_data(trained: TrainedTrial, most: int = MOST) -> pd.DataFrame:
    """Test points with the decoder's mean at their posterior's mean, without latent noise.

    Args:
        trained: a trial's model.
        most: points, drawn at random where the test split has more.

    Returns:
        Columns class, x1, x2, x1_hat, x2_hat, distance (in data units); a row a point.
    """
    test = trained.data.test
    mean, _ = trained.posterior(test)
    x_hat = trained.decode(mean, test.y)
    own = in_own_units(trained.origin, test).x
    points = pd.DataFrame(own[:, :2], columns=["x1", "x2"]).assign(
        **{"class": test.y}, x1_hat=x_hat[:, 0], x2_hat=x_hat[:, 1]
    )
    points["distance"] = np.hypot(points["x1_hat"] - points["x1"], points["x2_hat"] - points["x2"])
    if len(points) > most:
        points = points.sample(most, random_state=trained.rng("reconstructions"))
    return points.reset_index(drop=True)


def reconstructions(
    results: StudyResults, *, trial: int | None = None, ax: Axes | None = None
) -> Axes:
    """An arrow from each test point to its reconstruction, over the exact density's contours.

    Raises:
        ValueError: there is no such trial, or it left no model.
    """
    trained = load_trial(results, trial)
    with drawing_on(ax, 5.2) as ax:
        return _draw_arrows(ax, reconstructions_data(trained), trained.origin)


def _draw_arrows(ax: Axes, data: pd.DataFrame, origin: Origin) -> Axes:
    exact = exact_density(origin)
    draw_contours(ax, exact)
    handles = []
    for look in class_styles(origin.source.classes):
        colour, name = look.colour, look.name
        rows = data[data["class"] == look.label]
        ax.quiver(
            rows["x1"],
            rows["x2"],
            rows["x1_hat"] - rows["x1"],
            rows["x2_hat"] - rows["x2"],
            color=colour,
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.0018,
            headwidth=5,
            alpha=0.8,
        )
        handles.append(ax.scatter(rows["x1"], rows["x2"], s=14, color=colour, label=name, zorder=3))
    ends = data.rename(columns={"x1": "from1", "x2": "from2", "x1_hat": "x1", "x2_hat": "x2"})
    seen = pd.concat([data[["x1", "x2"]], ends[["x1", "x2"]]])
    plane_axes(ax, origin, limits_of(origin, seen))
    ax.legend(handles=[*handles, *contour_handles(exact)], fontsize="small")
    return ax


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    data = reconstructions_data(trained)
    mse = float((data["distance"] ** 2).mean() / 2)
    note = (
        f"Trial {trained.trial}; {len(data)} of {len(trained.data.test)} test points, "
        f"mean squared error {number(mse)} a coordinate."
    )
    origin = trained.origin
    return Drawing(lay_out([partial(_draw_arrows, data=data, origin=origin)], (8.0, 4.6)), note)


FIGURE = FigureSpec(
    name="reconstructions",
    title="Reconstructions",
    caption=(
        "Test points (dots) and, at the arrows' heads, their reconstructions: the decoder's mean "
        "at the posterior's mean. A model of the noise as noise pulls points to the middle of "
        "their class; arrows of no length mean that the latent also stores the noise."
    ),
    unfit=why_no_plane,
    draw=_draw,
)
