"""Everything that is measured of a model, and of a baseline that knows its own density."""

from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from moons.config import Config
from moons.data import Origin
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
    VAL_SETS,
    real_validation,
    val_energy_distance,
    val_energy_distance_floor,
)
from moons.evaluation.points import SplitName, exact_log_density, own_points, points
from moons.evaluation.samples import Points, Real, label_share, mean_energy_distance, sample_figures
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed
from moons.sources.source import Floats
from moons.split import Split

SETS = 4  # of draws, and as many of fresh points
SAMPLE_POINTS = 2000  # in each, or as many as a file has test points for
LEAST_POINTS = 20  # in each; with fewer their figures say nothing


Measured = tuple[SampleFigures | None, SampleFigures | None]  # figures and their errors


class DensityModel(Protocol):
    """A model that knows its own density: a baseline, or the data themselves."""

    @property
    def conditional(self) -> bool:
        """Whether its density is that given the label."""

    def log_density(self, x: Points, y: NDArray[np.int64]) -> Floats:
        """The log of p(x), or of p(x|y), in nats, shape (n,)."""

    def draw(self, n: int, seed: int, y: NDArray[np.int64]) -> Points:
        """Draws, shape (n, columns), for the labels y where the model is conditional."""


def evaluate(model: VAE, config: Config, seed: int = 0, sigma_x: float | None = None) -> Evaluation:
    """Everything that is measured of a trained model.

    Args:
        model: `VAE`, `CVAE`, or a class of one's own with their `encode` and `decode`.
        config: what it was trained as; the data, beta and eps_w are read from it.
        seed: of fresh points and all draws. Models that are to be compared share it: they then
            meet the same points, and what depends on the data alone is computed once.
        sigma_x: the decoder's noise; that of `fit_decoder_noise` where it is not given.
    """
    origin, conditional, draws = Origin.of(config), model.label_dim > 0, ImportanceDraws()
    fresh = points(origin, "fresh", seed)
    n_drawn = SETS * sample_points(origin)
    asked = fresh.y[:n_drawn] if conditional else None
    with evaluation_mode(model):
        if sigma_x is None:
            sigma_x = fit_decoder_noise(model, config, draws, seed)
        stream = derive_seed(seed, "drawn")
        # A model that mistakes the classes is fitted with a noise that hides which one it drew.
        sharpest = min(sigma_x, origin.scaling.shrunk(config.noise)) if origin.known else sigma_x
        drawn, sharp = (
            origin.scaling.undo(generate(model, n_drawn, stream, asked, sigma_x=noise))
            for noise in (sigma_x, sharpest)
        )
        samples, samples_se = _sample_figures(drawn, sharp, origin, conditional, seed)
        exact, exact_se = floor(origin, conditional, seed)
        on_val, on_val_se = val_energy_distance(model, config, seed=seed, sigma_x=sigma_x)
        val_floor, val_floor_se = val_energy_distance_floor(origin, conditional, seed)

        def likelihood(split: SplitName) -> Likelihood:
            return excess_nll(
                model, config, split, draws, seed=seed, sigma_x=sigma_x, with_elbo=True
            )

        right = shuffled = None
        if conditional:
            right, shuffled = _losses(model, points(origin, "val", seed), config, seed)
        return Evaluation(
            exact=exact_excess(model, origin, sigma_x, seed),
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
    origin = Origin.of(config)
    asked = points(origin, "fresh", seed).y[: SETS * sample_points(origin)]
    drawn = model.draw(len(asked), derive_seed(seed, "drawn"), asked)
    samples, samples_se = _sample_figures(drawn, drawn, origin, model.conditional, seed)
    exact, exact_se = floor(origin, model.conditional, seed)
    labels = np.tile(origin.labels(DRAWN), VAL_SETS)
    few = model.draw(VAL_SETS * DRAWN, derive_seed(seed, "val"), labels)
    val = real_validation(origin, seed)
    on_val, on_val_se = mean_energy_distance(np.split(few, VAL_SETS), val)
    val_floor, val_floor_se = val_energy_distance_floor(origin, model.conditional, seed)

    def likelihood(split: SplitName) -> Likelihood:
        held = own_points(origin, split, seed)
        log_p = exact_log_density(origin, split, seed, model.conditional)
        return score(model.log_density(held.x, held.y), log_p)

    return Evaluation(
        exact=exact_excess_of(model.log_density, origin, model.conditional),
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


def sample_points(origin: Origin) -> int:
    """How many points are in each of the sets that draws are compared with; 0 for too few."""
    if origin.source.endless:
        return SAMPLE_POINTS
    each = min(SAMPLE_POINTS, len(points(origin, "fresh", 0)) // SETS)
    return each if each >= LEAST_POINTS else 0


@lru_cache(maxsize=32)
def floor(origin: Origin, conditional: bool, seed: int) -> Measured:
    """The figures by samples of draws of the data in the model's place, and their errors."""
    n_drawn = SETS * sample_points(origin)
    asked = points(origin, "fresh", seed).y[:n_drawn] if conditional else None
    drawn = origin.draw(n_drawn, derive_seed(seed, "floor"), asked).x
    return _sample_figures(drawn, drawn, origin, conditional, seed)


def _sample_figures(
    drawn: Points, labelled: Points, origin: Origin, conditional: bool, seed: int
) -> Measured:
    """`sample_figures` of draws, set by set; `labelled` are those whose Bayes label counts."""
    if not sample_points(origin):
        return None, None
    labels = points(origin, "fresh", seed).y
    shares = [
        label_share(labelled[each], labels[each] if conditional else None, origin)
        for each in sets(origin)
    ]
    drawn_sets = [drawn[each] for each in sets(origin)]
    return sample_figures(drawn_sets, real_sets(origin, seed), shares, seed)


@lru_cache(maxsize=32)
def real_sets(origin: Origin, seed: int) -> tuple[Real, ...]:
    """The sets of fresh points that draws are compared with."""
    fresh = own_points(origin, "fresh", seed).x
    return tuple(
        Real(fresh[each], derive_seed(seed, "projections", i))
        for i, each in enumerate(sets(origin))
    )


def sets(origin: Origin) -> list[slice]:
    """Where each set is among all draws."""
    each = sample_points(origin)
    return [slice(i * each, (i + 1) * each) for i in range(SETS)]


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
