"""Each latent's distribution over the data beside the prior, with its KL, a row a latent."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from analysis.figures import Drawing, FigureSpec
from analysis.figures.paper import drawing_on, lay_out
from analysis.figures.style import BLACK, BLUE, GREY, PALE
from analysis.trained import Floats, TrainedTrial, load_trial, why_no_model
from analysis.words import count, number, percent
from moons.evaluation.latents import CARRIED
from study.record.results import StudyResults

SHOWN = 16
DRAWS = 20_000  # of each latent, over all points
MIDDLES = (0.5, 0.95)  # shares of a distribution within its thick and its thin line


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


def latent_prior(
    results: StudyResults, *, trial: int | None = None, ax: Axes | None = None
) -> Axes:
    """A row a latent: the middle half and 95 % of its posteriors, over those of the prior.

    Raises:
        ValueError: there is no such trial, or it left no model.
    """
    trained = load_trial(results, trial)
    data = latent_prior_data(trained)
    with drawing_on(ax, 1.2 + 0.3 * data["latent"].nunique(), 6.0) as ax:
        return _draw_rows(ax, data, trained.prior_draws(DRAWS, "latent prior, prior"))


def _draw_rows(ax: Axes, data: pd.DataFrame, prior: Floats) -> Axes:
    names = []
    for place, (latent, rows) in enumerate(data.groupby("latent", sort=False)):
        colour = BLUE if rows["carrying"].iloc[0] else GREY
        for share, wide, thin in zip(MIDDLES, (15.0, 9.0), (5.0, 1.6), strict=True):
            ends = (0.5 - share / 2, 0.5 + share / 2)
            expected = np.quantile(prior[:, int(str(latent)) - 1], ends)
            ax.plot(
                expected, [place] * 2, color=PALE, zorder=1, linewidth=wide, alpha=0.55,
                solid_capstyle="butt",
            )  # fmt: skip
            ax.plot(rows["value"].quantile(list(ends)), [place] * 2, color=colour, linewidth=thin)
        ax.plot(rows["value"].median(), place, "|", color=BLACK, markersize=10, zorder=3)
        names.append(f"z{latent}: KL {number(rows['kl'].iloc[0])} nats")
    ax.set_yticks(range(len(names)), names, fontsize="small")
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel("latent value (no unit)")
    ax.grid(axis="y", visible=False)
    kinds = set(data["carrying"].astype(bool))
    looks = ((True, BLUE, "latent that carries"), (False, GREY, "latent not needed"))
    handles = [
        Line2D([], [], color=c, linewidth=4, label=text) for k, c, text in looks if k in kinds
    ]
    handles += [Line2D([], [], color=PALE, linewidth=9, label="prior")]
    ax.legend(handles=handles, fontsize="small")
    return ax


def _draw(results: StudyResults, trial: int | None) -> Drawing:
    trained = load_trial(results, trial)
    carrying = int(trained.carrying(trained.data.test).sum())
    note = (
        f"Trial {trained.trial}: {carrying} of {count(trained.latent_dim, 'latent')} "
        f"{'carries' if carrying == 1 else 'carry'} something on the test split."
    )
    if trained.latent_dim > SHOWN:
        note += f" The {SHOWN} with the largest KL are shown."
    rows = min(trained.latent_dim, SHOWN)
    return Drawing(
        lay_out([partial(latent_prior, results, trial=trial)], (6.4, 0.7 + 0.28 * rows)), note
    )


FIGURE = FigureSpec(
    name="latent_prior",
    title="Latents beside the prior",
    caption=(
        "A row a latent, by the mean KL a point: the middle half (thick) and 95 % (thin) of its "
        "posteriors q(z|x) over the test points, on a band with the same of the prior, which "
        "samples are generated from; a tick is the median. Where both differ, generated points "
        "come from latents that the decoder never learnt. A latent carries something where the "
        f"decoder reconstructs worse, by more than {percent(CARRIED)} of the MSE, with the "
        "latent's mean over the points in its place; those that are not needed can all be left out "
        "together. q(z|x) is what the encoder says: with an eps_w below 1 the decoder was trained "
        "on less noise."
    ),
    unfit=why_no_model,
    draw=_draw,
)
