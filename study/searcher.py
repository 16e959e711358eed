"""Ray Tune's view of the ledger: an `OptunaSearch` that tells the truth, and a callback."""

from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.search.optuna import OptunaSearch
from typing_extensions import override

from study.ledger import Ledger
from study.plan import Plan


class HonestOptunaSearch(OptunaSearch):
    """Ray's own search tells a trial that ASHA stopped as complete, with its low-budget value.

    This one leaves the telling to the ledger, which knows complete, pruned, diverged and failed
    apart, and has the record on disk before the journal.
    """

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self._ledger = ledger
        metrics = plan.space.metrics
        super().__init__(
            space=plan.space.distributions(),
            metric=metrics[0] if len(metrics) == 1 else list(metrics),
            mode="min" if len(metrics) == 1 else ["min"] * len(metrics),
        )

    @override
    def _setup_study(self, mode: str | list[str]) -> None:
        self._ot_study = self._ledger.study  # already there, in the journal

    @override
    def suggest(self, trial_id: str) -> Any:
        job = self._ledger.begin(trial_id)
        return self.FINISHED if job is None else {"job": job}

    @override
    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing: `Recorder` hears of every report, also where ASHA answers with a stop."""

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        self._ledger.close(trial_id, "its worker died too often" if error else None)


class Recorder(Callback):
    """Hands every report to the ledger, before the searcher hears of the trial's end."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @override
    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        # Taken out, so that Tune does not keep the weights of every trial in memory.
        self._ledger.take(trial.trial_id, result.pop("report"))
