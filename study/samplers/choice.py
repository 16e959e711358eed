"""`--sampler`: what makes the sampler of each name."""

from collections.abc import Callable, Mapping

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler

from moons.seeds import derive_seed
from search_spaces.space import SearchSpace
from study.samplers.evolution import SeededCMA
from study.samplers.seeded import SeededGP, SeededRandom, SeededTPE, SlotQMC

MADE_BY: Mapping[str, Callable[[Mapping[str, BaseDistribution], int], BaseSampler]] = {
    "tpe": lambda space, seed: SeededTPE(),
    "random": lambda space, seed: SeededRandom(),
    "grid": lambda space, seed: SeededRandom(),  # its points are enqueued, untouched by samplers
    "gp": lambda space, seed: SeededGP(space),
    "cmaes": lambda space, seed: SeededCMA(space),
    "qmc": lambda space, seed: SlotQMC(space, derive_seed(seed, "sobol")),
}


def make_sampler(space: SearchSpace, seed: int) -> BaseSampler:
    """The sampler of the space, whose streams are derived from the study's seed."""
    return MADE_BY[space.sampler](space.distributions(), seed)
