"""Ray Tune's view of the ledger: an `OptunaSearch` that tells the truth, and a callback."""

import time
from collections import Counter
from typing import Any, Protocol

from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch
from typing_extensions import override

from study.ledger import Ledger
from study.plan import Plan
from study.trial import Report, TrialJob

PAUSES_S = (1.0, 5.0, 12.0)  # after a worker's first, second and third death


class Source(Protocol):
    """Where Tune's jobs come from, and where their reports go."""

    def begin(self, key: str) -> TrialJob | None:
        """The next job, under Tune's name for the trial; None when there are no more."""

    def take(self, key: str, report: Report) -> None:
        """Records a report."""

    def close(self, key: str, error: str | None = None) -> None:
        """Ends a trial; `error` says why it could not be trained to its end."""


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
        return _suggestion(self._ledger, trial_id)

    @override
    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing: `Recorder` hears of every report, also where ASHA answers with a stop."""

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        _close(self._ledger, trial_id, error)


class InTurn(Searcher):
    """Takes a source's jobs in turn, where nothing is searched."""

    def __init__(self, source: Source) -> None:
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


def _suggestion(source: Source, trial_id: str) -> Any:
    job = source.begin(trial_id)
    return Searcher.FINISHED if job is None else {"job": job}


def _close(source: Source, trial_id: str, error: bool) -> None:
    source.close(trial_id, "its worker died too often" if error else None)


class Recorder(Callback):
    """Hands every report to its source, before the searcher hears of the trial's end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._deaths: Counter[str] = Counter()

    @override
    def on_trial_recover(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Waits before a trial begins again whose worker died, longer each time.

        Ray takes up to 15 s to notice that a node is lost; until then a trial would be sent there
        again and again, and die of it.
        """
        time.sleep(PAUSES_S[min(self._deaths[trial.trial_id], len(PAUSES_S) - 1)])
        self._deaths[trial.trial_id] += 1

    @override
    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        # Taken out, so that Tune does not keep the weights of every trial in memory.
        self._source.take(trial.trial_id, result.pop("report"))
