"""Single figures of a model, for the rungs of a search."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from moons.config import Config
from moons.data import Origin
from moons.evaluation.excess import RUNG_DRAWS, excess_nll, fit_decoder_noise
from moons.evaluation.generate import generate
from moons.evaluation.points import own_points
from moons.evaluation.samples import Real, mean_energy_distance
from moons.models import VAE, evaluation_mode
from moons.seeds import derive_seed

DRAWN = 1000  # in a set, against the validation split's 400 points
VAL_SETS, FLOOR_SETS = 4, 8


def val_energy_distance(
    model: VAE, config: Config, *, seed: int = 0, sigma_x: float | None = None
) -> tuple[float, float]:
    """The energy distance of the model's draws to the validation split, and its standard error.

    It is the mean over sets of draws. The error is theirs: the points are those of the split.

    Args:
        model: the trained model.
        config: what it was trained as.
        seed: of the draws.
        sigma_x: the decoder's noise; that of `fit_decoder_noise` where it is not given.
    """
    with evaluation_mode(model):
        if sigma_x is None:
            sigma_x = fit_decoder_noise(model, config, RUNG_DRAWS, seed)
        origin = Origin.of(config)
        labels = np.tile(origin.labels(DRAWN), VAL_SETS) if model.label_dim else None
        stream = derive_seed(seed, "val")
        drawn = generate(model, VAL_SETS * DRAWN, stream, labels, sigma_x=sigma_x)
    sets = np.split(origin.scaling.undo(drawn), VAL_SETS)
    return mean_energy_distance(sets, real_validation(origin, seed))


@lru_cache(maxsize=32)
def val_energy_distance_floor(origin: Origin, conditional: bool, seed: int) -> tuple[float, float]:
    """The same of draws of the data in the model's place."""
    labels = origin.labels(DRAWN) if conditional else None
    seeds = [derive_seed(seed, "val floor", i) for i in range(FLOOR_SETS)]
    drawn = [origin.draw(DRAWN, each, labels).x for each in seeds]
    return mean_energy_distance(drawn, real_validation(origin, seed))


@lru_cache(maxsize=32)
def real_validation(origin: Origin, seed: int) -> Real:
    """The validation split in the data's own units, as draws are compared with it."""
    return Real(own_points(origin, "val", seed).x)


def _val_excess_nll(model: VAE, config: Config, seed: int) -> float | None:
    return excess_nll(model, config, seed=seed).excess_nll if Origin.of(config).known else None


# A figure of `moons.evaluated.SOUGHT` each, in milliseconds: of a model as it is now, the config it
# is trained as, and a seed of the draws, the same for all models to be compared. Less is better;
# None where it takes a density that is unknown. `val_excess_nll` and `val_nll` meet fewer
# importance samples than the columns of those names, and are larger by what that costs the bound.
MEASURES: Mapping[str, Callable[[VAE, Config, int], float | None]] = {
    "val_energy_distance": lambda m, config, seed: val_energy_distance(m, config, seed=seed)[0],
    "val_excess_nll": _val_excess_nll,
    "val_nll": lambda model, config, seed: excess_nll(model, config, seed=seed).nll,
}
