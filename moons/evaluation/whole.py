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
from moons.evaluated import Evaluation, Likelihood, SampleFigures
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
    VAL_SETS,
    real_validation,
    val_energy_distance,
    val_energy_distance_floor,
)
from moons.evaluation.samples import Points, Real, label_share, mean_energy_distance, sample_figures
from moons.evaluation.source import Source, SplitName, exact_log_density, points
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed

SETS = 4  # of draws, and as many of fresh points
SAMPLE_POINTS = 2000  # in each


class DensityModel(Protocol):
    """A model that knows its own density: a baseline, or the data themselves."""

    @property
    def conditional(self) -> bool:
        """Whether its density is that given the label."""

    def log_density(self, x: Points, y: NDArray[np.int64]) -> Floats:
        """The log of p(x), or of p(x|y), in nats, shape (n,)."""

    def draw(self, n: int, seed: int, y: NDArray[np.int64]) -> Points:
        """Draws, shape (n, 2), for the labels y where the model is conditional."""


def evaluate(model: VAE, config: Config, seed: int = 0, sigma_x: float | None = None) -> Evaluation:
    """Everything that is measured of a trained model.

    Args:
        model: `VAE`, `CVAE`, or a class of one's own with their `encode` and `decode`.
        config: what it was trained as; the data, beta and eps_w are read from it.
        seed: of fresh points and all draws. Models that are to be compared share it: they then
            meet the same points, and what depends on the data alone is computed once.
        sigma_x: the decoder's noise; fitted on validation points where it is not given.
    """
    source, conditional, draws = Source.of(config), model.label_dim > 0, ImportanceDraws()
    fresh = points(source, "fresh", seed)
    asked = fresh.y[: SETS * SAMPLE_POINTS] if conditional else None
    with evaluation_mode(model):
        if sigma_x is None:
            sigma_x = fit_decoder_noise(model, config, draws, seed)
        stream = derive_seed(seed, "drawn")
        n_drawn = SETS * SAMPLE_POINTS
        drawn = generate(model, n_drawn, stream, asked, sigma_x=sigma_x)
        # A model that mistakes the moons is fitted with a noise that hides which one it drew.
        sharp = generate(model, n_drawn, stream, asked, sigma_x=min(sigma_x, config.noise))
        samples, samples_se = _sample_figures(drawn, sharp, source, conditional, seed)
        exact, exact_se = floor(source, conditional, seed)
        on_val, on_val_se = val_energy_distance(model, config, seed=seed, sigma_x=sigma_x)
        val_floor, val_floor_se = val_energy_distance_floor(source, conditional, seed)

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
            val_energy_distance=on_val,
            val_energy_distance_se=on_val_se,
            val_energy_distance_floor=val_floor,
            val_energy_distance_floor_se=val_floor_se,
            samples=samples,
            samples_se=samples_se,
            floor=exact,
            floor_se=exact_se,
            latents=latent_figures(model, *as_tensors(fresh), config.eps_w, seed),
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
    asked = points(source, "fresh", seed).y[: SETS * SAMPLE_POINTS]
    drawn = model.draw(len(asked), derive_seed(seed, "drawn"), asked)
    samples, samples_se = _sample_figures(drawn, drawn, source, model.conditional, seed)
    exact, exact_se = floor(source, model.conditional, seed)
    few = model.draw(VAL_SETS * DRAWN, derive_seed(seed, "val"), np.tile(LABELS, VAL_SETS))
    val = real_validation(source, seed)
    on_val, on_val_se = mean_energy_distance(np.split(few, VAL_SETS), val)
    val_floor, val_floor_se = val_energy_distance_floor(source, model.conditional, seed)

    def likelihood(split: SplitName) -> Likelihood:
        held = points(source, split, seed)
        log_p = exact_log_density(source, split, seed, model.conditional)
        return score(model.log_density(held.x, held.y), log_p)

    return Evaluation(
        exact=exact_excess_of(model.log_density, source, model.conditional),
        val=likelihood("val"),
        test=likelihood("test"),
        val_energy_distance=on_val,
        val_energy_distance_se=on_val_se,
        val_energy_distance_floor=val_floor,
        val_energy_distance_floor_se=val_floor_se,
        samples=samples,
        samples_se=samples_se,
        floor=exact,
        floor_se=exact_se,
    )


@lru_cache(maxsize=32)
def floor(source: Source, conditional: bool, seed: int) -> tuple[SampleFigures, SampleFigures]:
    """The figures by samples of exact draws in the model's place, and their standard errors."""
    asked = points(source, "fresh", seed).y if conditional else None
    stream = derive_seed(seed, "floor")
    drawn = draw_exact(
        SETS * SAMPLE_POINTS,
        source.noise,
        stream,
        None if asked is None else asked[: SETS * SAMPLE_POINTS],
    ).x
    return _sample_figures(drawn, drawn, source, conditional, seed)


def _sample_figures(
    drawn: Points, labelled: Points, source: Source, conditional: bool, seed: int
) -> tuple[SampleFigures, SampleFigures]:
    """`sample_figures` of draws, set by set; `labelled` are those whose Bayes label counts."""
    labels = points(source, "fresh", seed).y
    shares = [
        label_share(labelled[each], labels[each] if conditional else None, source.noise)
        for each in sets()
    ]
    return sample_figures([drawn[each] for each in sets()], real_sets(source, seed), shares, seed)


@lru_cache(maxsize=32)
def real_sets(source: Source, seed: int) -> tuple[Real, ...]:
    """The sets of fresh points that draws are compared with."""
    fresh = points(source, "fresh", seed).x
    return tuple(
        Real(fresh[each], derive_seed(seed, "projections", i)) for i, each in enumerate(sets())
    )


def sets() -> list[slice]:
    """Where each set is among all draws."""
    return [slice(i * SAMPLE_POINTS, (i + 1) * SAMPLE_POINTS) for i in range(SETS)]


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
