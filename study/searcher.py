"""Ray Tune's view of the ledger: an `OptunaSearch` that tells the truth, and a callback."""

from typing import Any

import optuna
from optuna.storages import JournalStorage
from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.search.optuna import OptunaSearch
from typing_extensions import override

from study.ledger import Ledger
from study.plan import Plan
from study.record.folder import Folder
from study.record.journal import SoleWriterJournal
from study.sampler import make_sampler


class HonestOptunaSearch(OptunaSearch):
    """Ray's own search tells a trial that ASHA stopped as complete, with its low-budget value.

    This one leaves the telling to the ledger, which knows complete, pruned, diverged and failed
    apart, and has the record on disk before the journal.
    """

    def __init__(self, plan: Plan) -> None:
        """Opens the study's journal.

        Raises:
            StudyError: the journal is damaged.
            OSError: it cannot be read or written.
        """
        journal = SoleWriterJournal(Folder(plan.folder).journal)
        metrics = plan.space.metrics
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        super().__init__(
            space=plan.space.distributions(),
            metric=metrics[0] if len(metrics) == 1 else list(metrics),
            mode="min" if len(metrics) == 1 else ["min"] * len(metrics),
            sampler=make_sampler(plan.space.sampler),
            study_name=plan.name,
            storage=JournalStorage(journal),
        )
        if plan.space.sampler == "grid":
            for point in plan.space.grid():
                self._ot_study.enqueue_trial(point)
        journal.commit()
        self.ledger = Ledger(plan, self._ot_study, journal)

    @override
    def suggest(self, trial_id: str) -> Any:
        job = self.ledger.begin(trial_id)
        return self.FINISHED if job is None else {"job": job}

    @override
    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing: `Recorder` hears of every report, also where ASHA answers with a stop."""

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        self.ledger.close(trial_id, "its worker died too often" if error else None)

    @override
    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal is the state."""


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
