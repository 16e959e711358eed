"""Optuna's samplers, drawing each proposal from a stream of its own."""

import warnings
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import GPSampler, QMCSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial
from typing_extensions import override

from moons.seeds import derive_seed
from study.samplers.experience import Experience, View, as_complete

STARTUP_TRIALS = 10
Space = Mapping[str, BaseDistribution]


@runtime_checkable
class Reseeding(Protocol):
    """A sampler whose next proposal is a function of the history, of a seed and of the slot."""

    def reseed(self, seed: int, slot: int) -> None:
        """Begins the stream of the slot."""


class SeededTPE(TPESampler):
    """TPE (Bergstra et al. 2011) whose random state is set anew for each proposal.

    A study that is stopped and resumed then proposes what it would have proposed, which a state
    that lives in the driver's memory cannot do. Beyond a thousand finished trials it looks at
    the best and at a sample of the others, so that a proposal's time stays what it is.
    """

    def __init__(self) -> None:
        super().__init__(n_startup_trials=STARTUP_TRIALS)
        self._experience = Experience()

    def reseed(self, seed: int, slot: int) -> None:
        """Begins the stream of the slot."""
        self._rng.rng.seed(seed)
        self._random_sampler._rng.rng.seed(derive_seed(seed, "start-up"))
        self._experience.reseed(derive_seed(seed, "experience"))

    @override
    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: Any) -> Any:
        return super().sample_relative(self._experience.of(study), trial, search_space)


class SeededRandom(RandomSampler):
    """Independent draws, likewise."""

    def reseed(self, seed: int, slot: int) -> None:
        """Begins the stream of the slot."""
        self._rng.rng.seed(seed)


class SeededGP(GPSampler):
    """Optuna's Gaussian process, which also learns from trials that were stopped early.

    One that was pruned counts with what it had reached, one that diverged with the worst of all;
    with two objectives, complete trials alone count. Kernels are fitted anew for each proposal.
    """

    def __init__(self, space: Space) -> None:
        super().__init__(n_startup_trials=STARTUP_TRIALS, warn_independent_sampling=False)
        self._space = {key: domain for key, domain in space.items() if not domain.single()}

    def reseed(self, seed: int, slot: int) -> None:
        """Begins the stream of the slot."""
        self._rng.rng.seed(seed)
        self._independent_sampler._rng.rng.seed(derive_seed(seed, "start-up"))  # type: ignore[attr-defined]
        self._gprs_cache_list = None  # where the last fit ended is not in the record

    @override
    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Any:
        return self._space

    @override
    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: Any) -> Any:
        return super().sample_relative(View(study, as_complete(study)), trial, search_space)


class SlotQMC(QMCSampler):
    """A scrambled Sobol sequence (Owen 1998), of which each slot has its point."""

    def __init__(self, space: Space, seed: int) -> None:
        with warnings.catch_warnings():  # that its interface may change; pyproject.toml bounds it
            warnings.simplefilter("ignore", ExperimentalWarning)
            super().__init__(scramble=True, seed=seed, warn_independent_sampling=False)
        self._space = dict(space)
        self._slot = 0

    def reseed(self, seed: int, slot: int) -> None:
        """Begins the stream of the slot."""
        self._slot = slot

    @override
    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Any:
        return self._space

    @override
    def _find_sample_id(self, study: Study, search_space: Any) -> int:
        return self._slot
