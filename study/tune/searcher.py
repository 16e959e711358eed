"""Ray Tune's view of the ledger: an `OptunaSearch` that tells the truth, and a callback."""

from pathlib import Path
from typing import Any

import ray
from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch
from typing_extensions import override

from moons.sources import to_send
from study.plan import Plan
from study.tune.lost_workers import RecoveringSource


class InTurn(Searcher):
    """Takes a source's jobs in turn, where nothing is searched."""

    def __init__(self, source: RecoveringSource, **options: Any) -> None:
        super().__init__(**{"metric": "val_mse", "mode": "min"} | options)
        self._source = source
        self._shared: dict[str, ray.ObjectRef] = {}

    @override
    def suggest(self, trial_id: str) -> Any:
        if (job := self._source.begin(trial_id)) is not None:
            return {"job": job} | self._points(job.config.data)
        return Searcher.FINISHED if self._source.over else None

    def _points(self, data: str) -> dict[str, Any]:
        """Where a worker finds a file's points or a source of one's own, put there once."""
        if data not in self._shared:
            if (sent := to_send(data)) is None:
                return {}
            self._shared[data] = ray.put(sent)
        return {"points": self._shared[data]}

    @override
    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing: `Recorder` hears of every report, also where ASHA answers with a stop."""

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        if error:  # of the worker: what the training itself raises is a report
            self._source.lose(trial_id)
        else:
            self._source.close(trial_id)

    @override
    def save(self, checkpoint_path: str) -> None:
        """An empty file, which Tune insists on: a study resumes from its record."""
        Path(checkpoint_path).touch()


class HonestOptunaSearch(InTurn, OptunaSearch):
    """Ray's own search tells a trial that ASHA stopped as complete, with its low-budget value.

    This one leaves asking and telling to the ledger, which knows complete, pruned, diverged and
    failed apart, and has the record on disk before the journal.
    """

    def __init__(self, plan: Plan, source: RecoveringSource) -> None:
        metrics = list(plan.space.metrics)
        many = len(metrics) > 1
        super().__init__(
            source,
            metric=metrics if many else metrics[0],
            mode=["min"] * len(metrics) if many else "min",
        )

    @override
    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        return True  # the space, the sampler and the study are the ledger's


class Recorder(Callback):
    """Hands every report to its source, before the searcher hears of the trial's end."""

    def __init__(self, source: RecoveringSource) -> None:
        self._source = source

    @override
    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        # Taken out, so that Tune does not keep the weights of every trial in memory.
        self._source.take(trial.trial_id, result.pop("report"))
