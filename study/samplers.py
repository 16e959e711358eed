"""Optuna's samplers, drawing each proposal from a stream of its own."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, runtime_checkable

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from moons.seeds import derive_seed
from search_spaces.space import Sampler

STARTUP_TRIALS = 10


@runtime_checkable
class Reseeding(Protocol):
    """A sampler whose next proposal is a function of the history and of a seed."""

    def reseed(self, seed: int) -> None:
        """Begins a new stream."""


class SeededTPE(TPESampler):
    """TPE (Bergstra et al. 2011) whose random state is set anew for each proposal.

    A study that is stopped and resumed then proposes what it would have proposed, which a state
    that lives in the driver's memory cannot do.
    """

    def reseed(self, seed: int) -> None:
        """Begins a new stream."""
        self._rng.rng.seed(seed)
        self._random_sampler._rng.rng.seed(derive_seed(seed, "start-up"))


class SeededRandom(RandomSampler):
    """Independent draws, likewise."""

    def reseed(self, seed: int) -> None:
        """Begins a new stream."""
        self._rng.rng.seed(seed)


SAMPLERS: Mapping[Sampler, Callable[[], BaseSampler]] = {
    "tpe": partial(SeededTPE, n_startup_trials=STARTUP_TRIALS),
    "random": SeededRandom,
    "grid": SeededRandom,  # its points are enqueued, which no sampler touches
}


def make_sampler(name: Sampler) -> BaseSampler:
    """The sampler of that name."""
    return SAMPLERS[name]()
