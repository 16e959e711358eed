"""Single figures of a model, for the rungs of a search."""

from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from moons.config import Config
from moons.density import draw_exact
from moons.evaluation.excess import RUNG_DRAWS, excess_nll, fit_decoder_noise
from moons.evaluation.generate import generate
from moons.evaluation.samples import energy_distance
from moons.evaluation.source import Source, points
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed

Measure = Literal["val_excess_nll", "val_energy_distance"]

DRAWN = 1000  # against the validation split's 400 points
FLOOR_SETS = 8
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
        return val_energy_distance(model, config, seed=seed)
    raise ValueError(f"measure must be one of {', '.join(get_args(Measure))}, got {name!r}")


def val_energy_distance(
    model: VAE, config: Config, *, seed: int = 0, sigma_x: float | None = None
) -> float:
    """The energy distance between draws of the model and the validation split.

    Args:
        model: the trained model.
        config: what it was trained as.
        seed: of the draws.
        sigma_x: the decoder's noise; fitted on validation data where it is not given.
    """
    with evaluation_mode(model):
        if sigma_x is None:
            sigma_x = fit_decoder_noise(model, config, RUNG_DRAWS, seed)
        labels = LABELS if model.label_dim else None
        drawn = generate(model, DRAWN, derive_seed(seed, "val"), labels, sigma_x=sigma_x)
    return energy_distance(drawn, points(Source.of(config), "val", seed).x)


@lru_cache(maxsize=32)
def val_energy_distance_floor(source: Source, conditional: bool, seed: int) -> float:
    """The same figure for exact draws in the model's place, its mean over eight sets."""
    labels, val = LABELS if conditional else None, points(source, "val", seed)
    found = []
    for i in range(FLOOR_SETS):
        exact = draw_exact(DRAWN, source.noise, derive_seed(seed, "val floor", i), labels)
        found.append(energy_distance(exact.x, val.x))
    return sum(found) / len(found)
