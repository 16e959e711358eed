"""A scheduler for Tune that stops trials at rungs, by the project's own rules."""

import math
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from typing_extensions import override

from study.record.rungs import Rungs


class RungScheduler(FIFOScheduler):
    """Stops a trial at a rung where the rule says so, and one whose value is not finite.

    The end of a trial is no rung: a trial ends itself, at its patience or its last epoch.
    """

    def __init__(self, metric: str, rungs: Rungs) -> None:
        super().__init__()
        self._metric = metric
        self.rungs = rungs

    @override
    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        value = result.get(self._metric)
        if value is None:
            return str(TrialScheduler.CONTINUE)
        if not math.isfinite(value):
            return str(TrialScheduler.STOP)
        admitted = self.rungs.admit(trial.config["job"].slot, result["epochs"], value)
        return str(TrialScheduler.CONTINUE if admitted else TrialScheduler.STOP)
