"""ASHA on rungs of our own: what is not finite never reaches them, and they can be refilled."""

import math
from collections.abc import Mapping
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import AsyncHyperBandScheduler, TrialScheduler
from typing_extensions import override


class FiniteASHA(AsyncHyperBandScheduler):
    """Asynchronous successive halving (Li et al. 2020, arXiv:1810.05934), one bracket."""

    def __init__(self, metric: str, rungs: tuple[int, ...], reduction: int) -> None:
        super().__init__(
            time_attr="epochs",
            metric=metric,
            mode="min",
            grace_period=rungs[0],
            max_t=rungs[-1] + 1,
            reduction_factor=reduction,
            stop_last_trials=False,  # a trial ends itself, at its patience or its last epoch
        )
        # Ray's own rungs come from a quotient of logarithms, which can lose the last one.
        self._rungs: list[tuple[int, dict[str, float]]] = [(r, {}) for r in reversed(rungs)]
        self._brackets[0]._rungs = self._rungs

    @override
    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        value = result.get(self._metric)
        if value is not None and not math.isfinite(value):
            self._num_stopped += 1
            return str(TrialScheduler.STOP)
        return str(super().on_trial_result(tune_controller, trial, result))

    @override
    def on_trial_complete(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> None:
        # The end of a trial is no rung: what a trial reached at its rungs is recorded there.
        self._trial_info.pop(trial.trial_id, None)

    def refill(self, recorded: Mapping[int, Mapping[str, float]]) -> None:
        """Puts values of trials that are over back into their rungs.

        Args:
            recorded: the metric by trial, by rung.
        """
        for rung, values in self._rungs:
            for trial, value in recorded.get(rung, {}).items():
                values[trial] = -value  # ASHA maximises inside

    def rung_values(self) -> dict[int, dict[str, float]]:
        """The metric by trial, by rung."""
        return {rung: {trial: -v for trial, v in values.items()} for rung, values in self._rungs}
