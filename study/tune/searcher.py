"""Ray Tune's view of the ledger: an `OptunaSearch` that tells the truth, and a callback."""

from typing import Any

import optuna
from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch
from typing_extensions import override

from study.plan import Plan
from study.tune.lost_workers import Restarts


class HonestOptunaSearch(OptunaSearch):
    """Ray's own search tells a trial that ASHA stopped as complete, with its low-budget value.

    This one leaves the telling to the ledger, which knows complete, pruned, diverged and failed
    apart, and has the record on disk before the journal.
    """

    def __init__(self, plan: Plan, study: optuna.Study, source: Restarts) -> None:
        self._recorded = study
        self._source = source
        metrics = plan.space.metrics
        super().__init__(
            space=plan.space.distributions(),
            metric=metrics[0] if len(metrics) == 1 else list(metrics),
            mode="min" if len(metrics) == 1 else ["min"] * len(metrics),
        )

    @override
    def _setup_study(self, mode: str | list[str]) -> None:
        self._ot_study = self._recorded  # already there, in the journal

    @override
    def suggest(self, trial_id: str) -> Any:
        return _suggestion(self._source, trial_id)

    @override
    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing: `Recorder` hears of every report, also where ASHA answers with a stop."""

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        _close(self._source, trial_id, error)


class InTurn(Searcher):
    """Takes a source's jobs in turn, where nothing is searched."""

    def __init__(self, source: Restarts) -> None:
        super().__init__(metric="val_mse", mode="min")
        self._source = source

    @override
    def suggest(self, trial_id: str) -> Any:
        return _suggestion(self._source, trial_id)

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        _close(self._source, trial_id, error)


def _suggestion(source: Restarts, trial_id: str) -> Any:
    if (job := source.begin(trial_id)) is not None:
        return {"job": job}
    return Searcher.FINISHED if source.over else None


def _close(source: Restarts, trial_id: str, error: bool) -> None:
    if error:  # of the worker: what the training itself raises is a report
        source.lose(trial_id)
    else:
        source.close(trial_id)


class Recorder(Callback):
    """Hands every report to its source, before the searcher hears of the trial's end."""

    def __init__(self, source: Restarts) -> None:
        self._source = source

    @override
    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        # Taken out, so that Tune does not keep the weights of every trial in memory.
        self._source.take(trial.trial_id, result.pop("report"))
