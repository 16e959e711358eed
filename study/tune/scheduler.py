"""ASHA for Tune, by the project's own rule on its own rungs, which can be refilled."""

import math
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from typing_extensions import override

from study.record.rungs import Rungs


class FiniteASHA(FIFOScheduler):
    """Asynchronous successive halving in one bracket; a value that is not finite stops its trial.

    The end of a trial is no rung: a trial ends itself, at its patience or its last epoch.
    """

    def __init__(self, metric: str, rungs: tuple[int, ...], reduction: int) -> None:
        super().__init__()
        self._metric = metric
        self.rungs = Rungs(rungs, reduction)

    @override
    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        value = result.get(self._metric)
        if value is None:
            return str(TrialScheduler.CONTINUE)
        if not math.isfinite(value):
            return str(TrialScheduler.STOP)
        admitted = self.rungs.admit(trial.trial_id, result["epochs"], value)
        return str(TrialScheduler.CONTINUE if admitted else TrialScheduler.STOP)
