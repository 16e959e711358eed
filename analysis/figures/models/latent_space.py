"""The latent space: posterior means of train and test points, by UMAP where there are over two."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from analysis.figures import Drawing, FigureSpec
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import GREY, ClassStyle, class_styles
from analysis.trained import Floats, TrainedTrial, load_trial, why_no_model
from analysis.words import count
from moons.split import Split
from study.record.results import StudyResults

MOST = 2000  # points of each split; UMAP takes some 5 s over these, and more do not show
NEIGHBOURS = 15
HELD = 0.95  # of the prior, within its line in the plane
DRAWS = 20_000  # of the prior, to know where that is
GRID = 200  # places a side


def latent_space_data(trained: TrainedTrial, most: int = MOST) -> pd.DataFrame:
    """Posterior means of train and test points, in the plane.

    One or two latents are shown as they are. More are embedded by UMAP (McInnes et al. 2018,
    arXiv:1802.03426), fitted on train alone and applied to test, the same each time.

    Args:
        trained: a trial's model.
        most: points of each split, drawn at random where it has more.

    Returns:
        Columns split, class and z1; or z1, z2; or umap1, umap2. A row a point.
    """
    rng = trained.rng("latent space")
    train, test = (_thinned(part, most, rng) for part in (trained.data.train, trained.data.test))
    seen, new = trained.posterior(train)[0], trained.posterior(test)[0]
    if trained.latent_dim <= 2:
        columns = [f"z{number}" for number in range(1, trained.latent_dim + 1)]
    else:
        columns = ["umap1", "umap2"]
        seen, new = _umap(seen, new, seed=int(rng.integers(2**31)))
    parts = [
        pd.DataFrame(places, columns=columns).assign(split=name, **{"class": part.y})
        for name, places, part in (("train", seen, train), ("test", new, test))
    ]
    return pd.concat(parts, ignore_index=True)


def prior_data(trained: TrainedTrial, data: pd.DataFrame) -> pd.DataFrame | None:
    """The prior where the latents are shown as they are.

    Returns:
        For one latent columns z1 and density; for two z1, z2 and inside, the log density over that
        of the line that holds 95 % of the prior; a row a place. None for more latents.
    """
    if trained.latent_dim == 1:
        grid = np.linspace(*_span(data["z1"]), GRID)
        return pd.DataFrame({"z1": grid, "density": trained.prior_of_each(grid)[:, 0]})
    if trained.latent_dim > 2:
        return None
    drawn = trained.prior_draws(DRAWS, "latent space prior")
    level = np.quantile(trained.log_prior(drawn), 1 - HELD)
    sides = [np.linspace(*_span(pd.Series(axis)), GRID) for axis in drawn.T]
    z1, z2 = (side.ravel() for side in np.meshgrid(*sides))
    inside = trained.log_prior(np.column_stack([z1, z2])) - level
    return pd.DataFrame({"z1": z1, "z2": z2, "inside": inside})


def latent_space(
    results: StudyResults, *, trial: int | None = None, ax: Axes | None = None
) -> Axes:
    """Where the encoder puts train and test points, coloured by class.

    Raises:
        ValueError: there is no such trial, or it left no model.
    """
    trained = load_trial(results, trial)
    data = latent_space_data(trained)
    with drawing_on(ax, 5.6) as ax:
        return _draw_latents(ax, data, prior_data(trained, data), _looks(trained))


def _looks(trained: TrainedTrial) -> list[ClassStyle]:
    return class_styles(trained.origin.source.classes)


def _draw_latents(
    ax: Axes, data: pd.DataFrame, prior: pd.DataFrame | None, looks: list[ClassStyle]
) -> Axes:
    axes = [column for column in data.columns if column not in ("split", "class")]
    if axes == ["z1"]:
        assert prior is not None
        return _draw_line(ax, data, prior, looks)
    handles: list[Any] = []
    for split, size, alpha in (("train", 9, 0.3), ("test", 16, 0.95)):
        for look in looks:
            rows = data[(data["split"] == split) & (data["class"] == look.label)]
            handles.append(
                ax.scatter(
                    rows[axes[0]],
                    rows[axes[1]],
                    s=size,
                    marker=look.marker,
                    color=look.colour,
                    alpha=alpha,
                    linewidths=0,
                    label=f"{look.name}, {split}",
                    rasterized=len(data) > 2000,
                )
            )
    if prior is not None:
        inside = prior.pivot(index="z2", columns="z1", values="inside")
        ax.contour(
            inside.columns, inside.index, inside,
            levels=[0.0], colors=GREY, linestyles="--", linewidths=1.2,
        )  # fmt: skip
        handles.append(Line2D([], [], color=GREY, linestyle="--", label="95 % of the prior"))
        ax.set_aspect("equal")
        ax.autoscale_view()
        ax.set(xlabel="z1 (posterior mean)", ylabel="z2 (posterior mean)")
    else:
        ax.set(xlabel="UMAP 1 (no unit)", ylabel="UMAP 2 (no unit)")
    for handle in ax.legend(handles=handles, fontsize="small").legend_handles:
        if handle is not None:
            handle.set_alpha(max(0.5, handle.get_alpha() or 1.0))  # pale dots are hard to read
    return ax


def _draw_line(ax: Axes, data: pd.DataFrame, prior: pd.DataFrame, looks: list[ClassStyle]) -> Axes:
    """One latent: the distribution of each class, since a line of points shows nothing."""
    edges = np.linspace(*_span(data["z1"]), 61)
    for look in looks:
        for split in ("train", "test"):
            pale = split == "train"
            rows = data[data["split"] == split]
            counts, _ = np.histogram(rows.loc[rows["class"] == look.label, "z1"], edges)
            height = counts / (max(len(rows), 1) * np.diff(edges))
            ax.stairs(
                height, edges, fill=pale, alpha=0.3 if pale else 1.0, color=look.colour,
                linewidth=1.6, label=f"{look.name}, {split}",
            )  # fmt: skip
    ax.plot(prior["z1"], prior["density"], color=GREY, linestyle="--", label="prior")
    ax.set(xlabel="z1 (posterior mean)", ylabel="density")
    ax.legend(fontsize="small")
    return ax


def _span(values: "pd.Series[float]") -> tuple[float, float]:
    return min(-3.0, float(values.min())), max(3.0, float(values.max()))


def _thinned(split: Split, most: int, rng: np.random.Generator) -> Split:
    if len(split) <= most:
        return split
    chosen: NDArray[np.intp] = rng.choice(len(split), most, replace=False)
    return Split(split.x[chosen], split.y[chosen])


def _umap(train: Floats, test: Floats, seed: int) -> tuple[Floats, Floats]:
    import umap
    from umap import umap_, utils

    # UMAP compiles anew in every process, which takes longer than the embedding: keep it on disk.
    for function in (*vars(umap_).values(), *vars(utils).values()):
        if hasattr(function, "enable_caching"):
            function.enable_caching()
    # One thread: with a fixed seed UMAP uses no more, and says so in a warning.
    neighbours = min(NEIGHBOURS, len(train) - 1)
    # Its spectral start needs more points than dimensions; a random one does for a handful.
    start = "spectral" if len(train) > 4 * NEIGHBOURS else "random"
    embedding = umap.UMAP(n_neighbors=neighbours, init=start, random_state=seed, n_jobs=1)
    return embedding.fit_transform(train), embedding.transform(test)


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    data = latent_space_data(trained)
    how = "" if trained.latent_dim <= 2 else ", embedded by UMAP fitted on train alone"
    note = f"Trial {trained.trial}, {count(trained.latent_dim, 'latent dimension')}{how}."
    if len(trained.data.train) > MOST:
        note += f" At most {MOST} points of each split are shown."
    panel = partial(
        _draw_latents, data=data, prior=prior_data(trained, data), looks=_looks(trained)
    )
    size = (7.2, 3.2 if trained.latent_dim == 1 else 5.2)
    return Drawing(lay_out([panel], size, legend_columns=3), note)


FIGURE = FigureSpec(
    name="latent_space",
    title="Latent space",
    caption=(
        "Where the encoder puts each point: posterior means of train (pale) and test points "
        "(strong), coloured by class. One or two latents are shown as they are; more by UMAP, "
        "whose distances between clusters mean nothing. Classes that overlap here were not told "
        "apart by the latent; in a CVAE they need not be, since the decoder knows the label."
    ),
    unfit=why_no_model,
    draw=_draw,
)
