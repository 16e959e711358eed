"""CMA-ES with margin, rebuilt from the trials themselves: no pickle is kept of its state."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial
from typing_extensions import override

from moons.seeds import derive_seed
from study.record.damage import DamagedRecord
from study.samplers.axes import ordered, place_of, steps, value_at
from study.samplers.experience import FINISHED, diverged, score

if TYPE_CHECKING:
    from cmaes import CMAwM

SIGMA = 1 / 6  # of an axis, to begin with, as Optuna has it
POINT, GENERATION, TOLD = "cma:point", "cma:generation", "cma:told"
LEAST_LEARNED = 10  # trials of another study, for a tenth of them to be one


class SeededCMA(BaseSampler):
    """CMA-ES with margin (Hamano et al. 2022, arXiv:2205.13482) over the ordered settings.

    Each trial's attributes say where it was drawn, in which generation, and which trials the
    distribution was moved by before: numbers, from which a resumed study comes to the same state.
    It learns from ranks alone: complete trials come before pruned ones, those before diverged ones.
    Settings without an order are drawn independently.
    """

    def __init__(self, space: Mapping[str, BaseDistribution]) -> None:
        self._axes = {key: domain for key, domain in space.items() if ordered(domain)}
        self._others = RandomSampler()
        self._optimizer: CMAwM | None = None
        self._told = 0
        self._seed = 0

    def reseed(self, seed: int, slot: int) -> None:
        """Begins the stream of the slot."""
        self._seed = seed
        self._others._rng.rng.seed(derive_seed(seed, "others"))

    @override
    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Any:
        return self._axes

    @override
    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: Any) -> Any:
        trials = study.get_trials(deepcopy=False)
        try:
            optimizer, group = self._brought_up_to_date(trials)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise DamagedRecord(
                f"the journal is damaged: CMA-ES cannot be rebuilt from its trials ({error!r}); "
                "put back a copy"
            ) from error
        optimizer.reseed_rng(self._seed)
        where, point = optimizer.ask()
        noted = {POINT: point.tolist(), GENERATION: optimizer.generation}
        for key, value in (noted | ({TOLD: group} if group else {})).items():
            study._storage.set_trial_system_attr(trial._trial_id, key, value)
        domains = self._axes.items()
        return {key: value_at(d, at) for (key, d), at in zip(domains, where.tolist(), strict=True)}

    @override
    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> Any:
        return self._others.sample_independent(study, trial, param_name, param_distribution)

    def _brought_up_to_date(self, trials: list[FrozenTrial]) -> "tuple[CMAwM, list[int]]":
        """The distribution to draw from, and the trials by which it has just been moved, if any."""
        optimizer = self._optimizer or self._begin(trials)
        self._optimizer = optimizer
        # A trial that was begun again has its point from the one that was cut off in its slot.
        drawn = {
            t.user_attrs.get("slot"): t.system_attrs for t in trials if POINT in t.system_attrs
        }
        groups = [t.system_attrs[TOLD] for t in trials if TOLD in t.system_attrs]

        def tell(group: list[int]) -> None:
            if len(group) != optimizer.population_size:
                raise ValueError(f"a generation of {len(group)}")
            ranked = sorted((trials[number] for number in group), key=_rank)
            points = (_point(drawn[t.user_attrs["slot"]], len(self._axes)) for t in ranked)
            optimizer.tell([(point, float(rank)) for rank, point in enumerate(points)])
            self._told += 1

        for group in groups[self._told :]:
            tell(group)
        of_this = [
            t.number
            for t in trials
            if t.state in FINISHED
            and drawn.get(t.user_attrs.get("slot"), {}).get(GENERATION) == optimizer.generation
        ]
        if len(of_this) < optimizer.population_size:
            return optimizer, []
        tell(group := of_this[: optimizer.population_size])
        return optimizer, group

    def _begin(self, trials: list[FrozenTrial]) -> "CMAwM":
        from cmaes import CMAwM, get_warm_start_mgd

        sizes = [steps(domain) for domain in self._axes.values()]
        mean, sigma, covariance = np.full(len(sizes), 0.5), SIGMA, None
        learned = sorted((t for t in trials if "warm_start" in t.user_attrs), key=_rank)
        if len(learned) >= LEAST_LEARNED:
            places = [
                np.array([place_of(d, t.params[key]) for key, d in self._axes.items()])
                for t in learned
            ]
            ranked = [(place, float(rank)) for rank, place in enumerate(places)]
            mean, sigma, covariance = get_warm_start_mgd(ranked)
        return CMAwM(
            mean=mean,
            sigma=sigma,
            bounds=np.tile([0.0, 1.0], (len(sizes), 1)),
            steps=np.array([1 / n if n else 0.0 for n in sizes]),
            n_max_resampling=10 * len(sizes),
            seed=0,  # each draw has its own
            cov=covariance,
        )


def _rank(trial: FrozenTrial) -> tuple[bool, tuple[int, float], int]:
    return diverged(trial), score(trial), trial.number


def _point(attrs: Mapping[str, Any], dimension: int) -> NDArray[np.float64]:
    point = np.array(attrs[POINT], dtype=np.float64)
    if point.shape != (dimension,) or not np.isfinite(point).all():
        raise ValueError(f"a point of {point.shape}")
    return point
