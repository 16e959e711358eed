"""Everything that is measured of a model, and of a baseline that knows its own density."""

from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from moons.config import Config
from moons.data import Split
from moons.density import Floats, draw_exact
from moons.engines.reference import batch_loss
from moons.evaluated import Evaluation, Likelihood, SampleFigures, mean_figures
from moons.evaluation.exact import exact_excess, exact_excess_of
from moons.evaluation.excess import (
    as_tensors,
    excess_nll,
    fit_decoder_noise,
    score,
)
from moons.evaluation.generate import generate
from moons.evaluation.importance import ImportanceDraws
from moons.evaluation.latents import latent_figures
from moons.evaluation.measure import (
    DRAWN,
    LABELS,
    val_energy_distance,
    val_energy_distance_floor,
)
from moons.evaluation.samples import Points, energy_distance, label_share, sample_figures
from moons.evaluation.source import Source, SplitName, exact_log_density, points, thinned
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed

SAMPLE_POINTS = 2000  # draws, and as many fresh points
FLOOR_SETS = 4


class DensityModel(Protocol):
    """A model that knows its own density: a baseline, or the data themselves."""

    @property
    def conditional(self) -> bool:
        """Whether its density is that given the label."""

    def log_density(self, x: Points, y: NDArray[np.int64]) -> Floats:
        """The log of p(x), or of p(x|y), in nats, shape (n,)."""

    def draw(self, n: int, seed: int, y: NDArray[np.int64]) -> Points:
        """Draws, shape (n, 2), for the labels y where the model is conditional."""


def evaluate(model: VAE, config: Config, seed: int = 0) -> Evaluation:
    """Everything that is measured of a trained model.

    Args:
        model: `VAE`, `CVAE`, or a class of one's own with their `encode` and `decode`.
        config: what it was trained as; the data, beta and eps_w are read from it.
        seed: of fresh points and all draws. Models that are to be compared share it: they then
            meet the same points, and what depends on the data alone is computed once.
    """
    source, conditional, draws = Source.of(config), model.label_dim > 0, ImportanceDraws()
    fresh = points(source, "fresh", seed)
    real = thinned(fresh, SAMPLE_POINTS)
    asked = real.y if conditional else None
    with evaluation_mode(model):
        sigma_x = fit_decoder_noise(model, config, draws, seed)
        stream = derive_seed(seed, "drawn")
        drawn = generate(model, len(real), stream, asked, sigma_x=sigma_x)
        # A model that mistakes the moons is fitted with a noise that hides which one it drew.
        sharp = generate(model, len(real), stream, asked, sigma_x=min(sigma_x, config.noise))
        share = label_share(sharp, asked, config.noise)

        def likelihood(split: SplitName) -> Likelihood:
            return excess_nll(
                model, config, split, draws, seed=seed, sigma_x=sigma_x, with_elbo=True
            )

        right = shuffled = None
        if conditional:
            right, shuffled = _losses(model, points(source, "val", seed), config, seed)
        return Evaluation(
            exact=exact_excess(model, source, sigma_x, seed),
            sigma_x=sigma_x,
            val=likelihood("val"),
            test=likelihood("test"),
            fresh=likelihood("fresh"),
            val_energy_distance=val_energy_distance(model, config, seed=seed, sigma_x=sigma_x),
            val_energy_distance_floor=val_energy_distance_floor(source, conditional, seed),
            samples=sample_figures(drawn, real, seed, share),
            floor=floor(source, conditional, seed),
            latents=latent_figures(model, *as_tensors(fresh), seed),
            val_right_loss=right,
            val_shuffled_loss=shuffled,
        )


def evaluate_density(model: DensityModel, config: Config, seed: int = 0) -> Evaluation:
    """The same record of a model without latents, whose density is what it says itself.

    Args:
        model: a baseline; the exact density and its draws get the floor of every figure.
        config: names the source of the data.
        seed: as in `evaluate`.
    """
    source = Source.of(config)
    real = thinned(points(source, "fresh", seed), SAMPLE_POINTS)
    asked = real.y if model.conditional else None
    drawn = model.draw(len(real), derive_seed(seed, "drawn"), real.y)
    few = model.draw(DRAWN, derive_seed(seed, "val"), LABELS)

    def likelihood(split: SplitName) -> Likelihood:
        held = points(source, split, seed)
        exact = exact_log_density(source, split, seed, model.conditional)
        return score(model.log_density(held.x, held.y), exact)

    return Evaluation(
        exact=exact_excess_of(model.log_density, source, model.conditional),
        val=likelihood("val"),
        test=likelihood("test"),
        fresh=likelihood("fresh"),
        val_energy_distance=energy_distance(few, points(source, "val", seed).x),
        val_energy_distance_floor=val_energy_distance_floor(source, model.conditional, seed),
        samples=sample_figures(drawn, real, seed, label_share(drawn, asked, config.noise)),
        floor=floor(source, model.conditional, seed),
    )


@lru_cache(maxsize=32)
def floor(source: Source, conditional: bool, seed: int) -> SampleFigures:
    """The sample-based figures of exact draws in the model's place, means over four sets."""
    real = thinned(points(source, "fresh", seed), SAMPLE_POINTS)
    asked = real.y if conditional else None
    found = []
    for i in range(FLOOR_SETS):
        exact = draw_exact(len(real), source.noise, derive_seed(seed, "floor", i), asked)
        share = label_share(exact.x, asked, source.noise)
        found.append(sample_figures(exact.x, real, seed, share))
    return mean_figures(found)


@torch.no_grad()
def _losses(model: VAE, val: Split, config: Config, seed: int) -> tuple[float, float]:
    """The training loss with the right labels and with shuffled ones, under the same noise."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "shuffled labels"))
    x, y = as_tensors(val)
    rows = config.importance_samples * model.latent_dim
    noise = torch.randn(len(x), rows, generator=generator).T

    def loss(labels: torch.Tensor) -> float:
        return float(batch_loss(model, x, labels, noise, config).loss)

    return loss(y), loss(y[torch.randperm(len(y), generator=generator)])
