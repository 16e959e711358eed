"""What samplers see of a study's trials."""

from bisect import insort
from collections.abc import Container
from typing import Any, cast

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
MOST, BEST = 1000, 100


class View(Study):
    """A study with other trials in place of its own, for a sampler to look at."""

    def __init__(self, study: Study, trials: list[FrozenTrial]) -> None:
        self.__dict__ = dict(study.__dict__)
        self._trials = trials

    def _get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
        use_cache: bool = False,
    ) -> list[FrozenTrial]:
        return [t for t in self._trials if states is None or t.state in states]


class Experience:
    """Up to a thousand finished trials that TPE learns from, and those that are running.

    They are all that a study has, as long as it has no more. Beyond that they are the hundred best,
    which include the 25 that TPE models the good configs by, and a sample of the others, drawn
    anew for each proposal, that it models the rest by. With two objectives TPE sees all.
    """

    def __init__(self) -> None:
        self._ranked: list[tuple[tuple[int, float], int]] = []
        self._known = 0
        self._open: list[int] = []
        self._draw = np.random.RandomState(0)

    def reseed(self, seed: int) -> None:
        """Begins a new stream."""
        self._draw.seed(seed)

    def of(self, study: Study) -> Study:
        """The study itself, or a view of the trials to learn from."""
        if len(study.directions) > 1:
            return study
        trials = study._get_trials(deepcopy=False, use_cache=False)
        if len(trials) <= MOST:
            return study
        self._rank(trials)
        if len(self._ranked) <= MOST:
            return study
        others = self._draw.choice(len(self._ranked) - BEST, MOST - BEST, replace=False) + BEST
        kept = [number for _, number in self._ranked[:BEST]]
        kept += [self._ranked[place][1] for place in others.tolist()]
        return View(study, [trials[number] for number in sorted([*kept, *self._open])])

    def _rank(self, trials: list[FrozenTrial]) -> None:
        """Notes the trials that ended since the last time, and those that are under way."""
        under_way = []
        for number in [*self._open, *range(self._known, len(trials))]:
            trial = trials[number]
            if trial.state in FINISHED:
                insort(self._ranked, (score(trial), number))
            elif not trial.state.is_finished():
                under_way.append(number)
        self._open, self._known = under_way, len(trials)


def score(trial: FrozenTrial) -> tuple[int, float]:
    """What TPE ranks finished trials by: complete ones first, then by how far they came."""
    if trial.state == TrialState.COMPLETE:
        return -(2**62), cast(float, trial.value)
    if not trial.intermediate_values:
        return 1, 0.0
    step, value = max(trial.intermediate_values.items())
    return -step, value


def diverged(trial: FrozenTrial) -> bool:
    """Whether its loss was not finite; Optuna has such a trial as pruned."""
    return bool(trial.user_attrs.get("outcome", {}).get("state") == "diverged")


def as_complete(study: Study) -> list[FrozenTrial]:
    """The trials with a value for each that was stopped early, and those that are running.

    A pruned trial has what it last reported, one that diverged the worst value of all: a sampler
    that learns from complete trials alone would propose their like again. With two objectives such
    trials are left out, as rungs know the first one alone.
    """
    trials = study._get_trials(deepcopy=False, use_cache=False)
    if len(study.directions) > 1:
        return [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.RUNNING)]
    values = {t.number: _reached(t) for t in trials if t.state in FINISHED}
    worst = max((v for v in values.values() if v is not None), default=0.0)
    seen = []
    for trial in trials:
        if trial.state == TrialState.PRUNED:
            value = values[trial.number]
            seen.append(_completed(trial, worst if value is None else value))
        elif trial.state in (TrialState.COMPLETE, TrialState.RUNNING):
            seen.append(trial)
    return seen


def _reached(trial: FrozenTrial) -> float | None:
    """The value at the end or at the last rung; None where the trial diverged before either."""
    if trial.state == TrialState.COMPLETE:
        return trial.value
    if diverged(trial):
        return None
    return max(trial.intermediate_values.items(), default=(0, None))[1]


def _completed(trial: FrozenTrial, value: float) -> FrozenTrial:
    """The trial as if it had ended with that value."""
    copied: Any = FrozenTrial.__new__(FrozenTrial)
    copied.__dict__ = trial.__dict__ | {"state": TrialState.COMPLETE, "_values": [value]}
    return cast(FrozenTrial, copied)
