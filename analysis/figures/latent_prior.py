"""Each latent's distribution over the data beside the prior, with its KL."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.figures import Drawing, FigureSpec
from analysis.figures.style import BLACK, BLUE, GREY, new_figure
from analysis.trained import TrainedTrial, load_trial, why_no_model
from analysis.words import count
from moons.evaluation.latents import CARRIED
from study.record.results import StudyResults

SHOWN = 8
DRAWS = 20_000  # of each latent, over all points


def latent_prior_data(
    trained: TrainedTrial, shown: int = SHOWN, draws: int = DRAWS
) -> pd.DataFrame:
    """Draws of the aggregate posterior: z ~ q(z|x), x from the test split.

    Args:
        trained: a trial's model.
        shown: how many latents at most, those with the largest KL.
        draws: about how many of each latent.

    Returns:
        Columns latent (from 1), value, kl (mean over the points of KL(q(z_u|x) || p(z_u)), nats)
        and carrying; a row a draw, the latent with the largest KL first.
    """
    test = trained.data.test
    mean, log_var = trained.posterior(test)
    kl, carrying = trained.kl_per_latent(test), trained.carrying(test)
    rng = trained.rng("latent prior")
    each = max(1, draws // len(test))
    parts = []
    for unit in trained.by_kl(test)[:shown]:
        noise = rng.standard_normal((each, len(test)))
        values = mean[:, unit] + np.exp(0.5 * log_var[:, unit]) * noise
        part = pd.DataFrame({"latent": unit + 1, "value": values.ravel()})
        parts.append(part.assign(kl=kl[unit], carrying=carrying[unit]))
    return pd.concat(parts, ignore_index=True)


def prior_curves(trained: TrainedTrial, data: pd.DataFrame) -> pd.DataFrame:
    """The prior of each latent alone, over the values in `data`.

    Returns:
        Columns latent (from 1), value and density; a row a place on a latent's axis.
    """
    span = _span(data)
    grid = np.linspace(-span, span, 300)
    density = trained.prior_of_each(grid)
    parts = [
        pd.DataFrame({"latent": latent, "value": grid, "density": density[:, latent - 1]})
        for latent in dict.fromkeys(data["latent"])
    ]
    return pd.concat(parts, ignore_index=True)


def _span(data: pd.DataFrame) -> float:
    return max(3.5, float(data["value"].abs().quantile(0.999)))


def draw_latent_prior(data: pd.DataFrame, prior: pd.DataFrame) -> Figure:
    """A histogram a latent with its prior over it."""
    import seaborn as sns

    latents = list(dict.fromkeys(data["latent"]))
    columns = min(4, len(latents))
    rows = -(-len(latents) // columns)
    figure = new_figure(height=0.9 + 1.9 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    span = _span(data)
    edges = np.linspace(-span, span, 57)
    for ax in axes.flat[len(latents) :]:
        ax.remove()
    for ax, latent in zip(axes.flat, latents, strict=False):
        cell = data[data["latent"] == latent]
        carrying = bool(cell["carrying"].iloc[0])
        sns.histplot(
            x=cell["value"], bins=edges, stat="density", element="step",
            color=BLUE if carrying else GREY, alpha=0.35, ax=ax,
        )  # fmt: skip
        curve = prior[prior["latent"] == latent]
        ax.plot(curve["value"], curve["density"], color=BLACK, linestyle="--", linewidth=1.2)
        ax.set_title(f"z{latent}: KL {cell['kl'].iloc[0]:.2f} nats", loc="left")
        ax.set(xlabel="", ylabel="")
    figure.supxlabel("latent value (no unit)", fontsize="medium")
    figure.supylabel("density", fontsize="medium")
    figure.legend(handles=_handles(data), loc="outside upper center", ncols=3)
    return figure


def _handles(data: pd.DataFrame) -> list[Artist]:
    handles: list[Artist] = []
    kinds = set(data["carrying"].astype(bool))
    for kind, colour, text in ((True, BLUE, "carrying latent"), (False, GREY, "latent not needed")):
        if kind in kinds:
            handles.append(Patch(facecolor=colour, alpha=0.35, edgecolor=colour, label=text))
    return [*handles, Line2D([], [], color=BLACK, linestyle="--", label="prior")]


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    carrying = int(trained.carrying(trained.data.test).sum())
    note = (
        f"Trial {trained.trial}: {carrying} of {count(trained.latent_dim, 'latent')} "
        f"{'carries' if carrying == 1 else 'carry'} something on the test split."
    )
    if trained.latent_dim > SHOWN:
        note += f" The {SHOWN} with the largest KL are shown."
    data = latent_prior_data(trained)
    return Drawing(draw_latent_prior(data, prior_curves(trained, data)), note)


FIGURE = FigureSpec(
    name="latent_prior",
    title="Latents beside the prior",
    caption=(
        "Each latent's distribution over the test points, q(z|x) summed over x, beside the prior "
        "that samples are generated from, with the mean KL a point. Where both differ, generated "
        "points come from latents that the decoder never learnt. A latent carries something where "
        f"the decoder reconstructs worse, by more than {CARRIED:.0%} of the MSE, with the latent's "
        "mean over the points in its place; those that are not needed can all be left out "
        "together. q(z|x) is what the encoder says: with an eps_w below 1 the decoder was trained "
        "on less noise than that."
    ),
    unfit=why_no_model,
    draw=_draw,
)
