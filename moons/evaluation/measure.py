"""Single figures of a model, for the rungs of a search."""

from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from moons.config import Config
from moons.density import draw_exact
from moons.evaluation.excess import RUNG_DRAWS, excess_nll, fit_decoder_noise
from moons.evaluation.generate import generate
from moons.evaluation.samples import Real, mean_energy_distance
from moons.evaluation.source import Source, points
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed

Measure = Literal["val_excess_nll", "val_energy_distance"]

DRAWN = 1000  # in a set, against the validation split's 400 points
VAL_SETS, FLOOR_SETS = 4, 8
LABELS = np.arange(DRAWN) % 2  # the splits are half of each moon


def measure(name: Measure, model: VAE, config: Config, seed: int = 0) -> float | None:
    """One figure, smaller is better; None where the data have no density.

    Takes milliseconds: `val_excess_nll` meets fewer importance samples than the column of that
    name in a whole evaluation, and is larger by what that costs the bound.

    Args:
        name: which figure.
        model: as it is now, in training or not.
        config: what it is trained as.
        seed: of the draws, the same for all models that are to be compared.

    Raises:
        ValueError: there is no such measure.
    """
    if name == "val_excess_nll":
        return None if config.noise == 0 else excess_nll(model, config, seed=seed).excess_nll
    if name == "val_energy_distance":
        return val_energy_distance(model, config, seed=seed)[0]
    raise ValueError(f"measure must be one of {', '.join(get_args(Measure))}, got {name!r}")


def val_energy_distance(
    model: VAE, config: Config, *, seed: int = 0, sigma_x: float | None = None
) -> tuple[float, float]:
    """The energy distance of the model's draws to the validation split, and its standard error.

    It is the mean over sets of draws. The error is theirs: the points are those of the split.

    Args:
        model: the trained model.
        config: what it was trained as.
        seed: of the draws.
        sigma_x: the decoder's noise; fitted on validation data where it is not given.
    """
    with evaluation_mode(model):
        if sigma_x is None:
            sigma_x = fit_decoder_noise(model, config, RUNG_DRAWS, seed)
        labels = np.tile(LABELS, VAL_SETS) if model.label_dim else None
        stream = derive_seed(seed, "val")
        drawn = generate(model, VAL_SETS * DRAWN, stream, labels, sigma_x=sigma_x)
    return mean_energy_distance(np.split(drawn, VAL_SETS), real_validation(Source.of(config), seed))


@lru_cache(maxsize=32)
def val_energy_distance_floor(source: Source, conditional: bool, seed: int) -> tuple[float, float]:
    """The same of exact draws in the model's place."""
    labels = LABELS if conditional else None
    seeds = [derive_seed(seed, "val floor", i) for i in range(FLOOR_SETS)]
    drawn = [draw_exact(DRAWN, source.noise, each, labels).x for each in seeds]
    return mean_energy_distance(drawn, real_validation(source, seed))


@lru_cache(maxsize=32)
def real_validation(source: Source, seed: int) -> Real:
    """The validation split, as draws are compared with it."""
    return Real(points(source, "val", seed).x)
