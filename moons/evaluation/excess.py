"""How far a model's density is from the exact one, split by split."""

import numpy as np
import torch
from torch import Tensor

from moons.config import Config
from moons.data import Origin, joined, load_data
from moons.evaluated import Likelihood
from moons.evaluation.importance import ImportanceDraws
from moons.evaluation.likelihood import elbo, fit_sigma_x, log_likelihood
from moons.evaluation.points import SplitName, exact_log_density, points, thinned
from moons.models import VAE, evaluation_mode
from moons.sources.source import Floats
from moons.split import Split

RUNG_DRAWS = ImportanceDraws(prior=1024, posterior=16)
FIT_POINTS = 1000  # that many settle one number
ELBO_LATENTS = 16_000  # shared by the points of a split: an error below 0.01 nats


def excess_nll(
    model: VAE,
    config: Config,
    split: SplitName = "val",
    draws: ImportanceDraws = RUNG_DRAWS,
    *,
    seed: int = 0,
    sigma_x: float | None = None,
    with_elbo: bool = False,
) -> Likelihood:
    """The model's likelihood on a split and its excess over the exact one, in nats.

    Args:
        model: the trained model; given the label where it takes one.
        config: what it was trained as; names the data.
        split: `val`, `test`, or `fresh`, as `points` has them.
        draws: importance samples a point.
        seed: of the draws and of fresh points.
        sigma_x: the decoder's noise; that of `fit_decoder_noise` where it is not given.
        with_elbo: fills in the ELBO and the inference gap.
    """
    origin = Origin.of(config)
    x, y = as_tensors(points(origin, split, seed))
    exact = exact_log_density(origin, split, seed, model.label_dim > 0)
    with evaluation_mode(model):
        alone = config.objective == "elbo" and split == "val" and len(x) <= FIT_POINTS
        if sigma_x is None and alone:
            fitted = fit_sigma_x(model, x, y, draws, seed)
            sigma_x, log_p = fitted.sigma_x, fitted.log_p
        else:
            if sigma_x is None:
                sigma_x = fit_decoder_noise(model, config, draws, seed)
            log_p = log_likelihood(model, x, y, sigma_x, draws, seed)
        n_draws = min(64, max(4, ELBO_LATENTS // len(x)))
        lower = elbo(model, x, y, sigma_x, n_draws, seed) if with_elbo else None
    shift = origin.scaling.log_volume  # to a density in the data's own units
    return score(
        log_p.numpy() - shift, exact, None if lower is None else lower.numpy() - shift, draws
    )


def score(
    log_p: Floats,
    exact: Floats | None,
    lower: Floats | None = None,
    draws: ImportanceDraws | None = None,
) -> Likelihood:
    """A split's record from log densities at its points, each of shape (n,), in nats.

    Args:
        log_p: the model's, or its importance-weighted bounds.
        exact: log p*; None where it is unknown.
        lower: the ELBO.
        draws: the importance samples of `log_p`.
    """
    excess = None if exact is None else exact - log_p
    return Likelihood(
        points=len(log_p),
        nll=-float(log_p.mean()),
        excess_nll=None if excess is None else float(excess.mean()),
        excess_nll_se=None if excess is None else float(excess.std(ddof=1) / np.sqrt(len(excess))),
        elbo=None if lower is None else float(lower.mean()),
        inference_gap=None if lower is None else float((log_p - lower).mean()),
        prior_draws=None if draws is None else draws.prior,
        posterior_draws=None if draws is None else draws.posterior,
        per_point=excess,
    )


def fit_decoder_noise(model: VAE, config: Config, draws: ImportanceDraws, seed: int) -> float:
    """The decoder's noise, by `fit_sigma_x` on points that are not the test's.

    Importance weights train a model as a density, whose noise is one more of its parameters: all
    training and validation points fit it, since 400 alone miss it by 2 %, which costs 0.001 nats.
    The ELBO may draw a decoder closer to its training points than to others, so that those of
    validation fit its noise, 1000 of them if there are more.
    """
    data = load_data(config)
    if config.objective == "elbo":
        val = thinned(data.val, FIT_POINTS)
        return fit_sigma_x(model, *as_tensors(val), draws, seed).sigma_x
    whole = thinned(joined(data.train, data.val), 2 * FIT_POINTS)
    return fit_sigma_x(model, *as_tensors(whole), RUNG_DRAWS, seed).sigma_x


def as_tensors(split: Split) -> tuple[Tensor, Tensor]:
    """Copies of a split's points and labels."""
    return torch.tensor(split.x), torch.tensor(split.y)
