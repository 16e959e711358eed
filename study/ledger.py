"""The driver's account of every trial: what is told to the journal, in which order and state."""

import time
from dataclasses import dataclass, field
from typing import Any

import optuna

from moons.checkpoint import save_checkpoint
from moons.seeds import derive_seed
from study.plan import Plan
from study.record.curves import CurveWriter
from study.record.folder import Folder
from study.record.journal import SoleWriterJournal
from study.sampler import Reseeding
from study.tally import Tally
from study.trial import Report, State, TrialJob


@dataclass(slots=True)
class Flight:
    """A trial under way."""

    trial: optuna.Trial
    job: TrialJob
    start_s: float
    report: Report | None = None
    reported: set[int] = field(default_factory=set)


class Ledger:
    """Begins trials, takes their reports and closes them; the only writer of the record.

    A report reaches the disk in the order curves, checkpoint, journal: what the journal says is
    over is there to be read.
    """

    def __init__(self, plan: Plan, study: optuna.Study, journal: SoleWriterJournal) -> None:
        self._plan = plan
        self._study = study
        self._journal = journal
        self._folder = Folder(plan.folder)
        self._curves = CurveWriter(self._folder.curves)
        self._flights: dict[str, Flight] = {}
        self._began = time.time()
        self._slot = 0
        self.tally = Tally(plan.trials)

    def begin(self, key: str) -> TrialJob | None:
        """Asks the sampler for a trial; None when all have been asked for.

        Args:
            key: Tune's name for the trial.
        """
        if self._slot >= self._plan.trials:
            return None
        plan, slot = self._plan, self._slot
        sampler = self._study.sampler
        if isinstance(sampler, Reseeding):
            sampler.reseed(derive_seed(plan.seed, "sampler", slot))
        trial = self._study.ask(fixed_distributions=plan.space.distributions())
        self._slot += 1
        job = TrialJob(
            trial=trial.number,
            config=plan.config(trial.params),
            seed=derive_seed(plan.seed, "trial", slot),
            rungs=plan.rungs,
            metrics=plan.space.metrics,
            engine=plan.engine,
            model_class=plan.space.model,
        )
        trial.set_user_attr("slot", slot)
        trial.set_user_attr("seed", job.seed)
        trial.set_user_attr("config", job.config.as_dict())
        self._journal.commit()
        self._flights[key] = Flight(trial, job, self._now())
        self.tally.begin(job)
        return job

    def take(self, key: str, report: Report) -> None:
        """Records a report.

        Raises:
            OSError: the disk is full or gone.
        """
        flight = self._flights[key]
        flight.report = report
        job = flight.job
        self._curves.append(job.trial, report.blocks)
        if report.weights is not None:
            folder = self._folder.checkpoint(job.trial)
            name = self._plan.space.model_name
            save_checkpoint(folder, report.weights, job.config, job.seed, name)
        if report.status == "running" and len(job.metrics) == 1:
            if report.epochs not in flight.reported:  # a restarted worker reports again
                flight.trial.report(report.metrics[job.metrics[0]], report.epochs)
                flight.reported.add(report.epochs)
            self._journal.commit()
        self.tally.take(job, report)

    def close(self, key: str, error: str | None = None) -> None:
        """Ends a trial: complete, diverged or failed as its last report says, otherwise pruned.

        Args:
            key: Tune's name for the trial.
            error: why it could not be trained to its end.
        """
        flight = self._flights.pop(key)
        report = flight.report
        if error is not None or report is None:
            state: State = "failed"
        else:
            state = "pruned" if report.status == "running" else report.status
        error = error or (report.error if report else "it never reported")
        row = {"epochs": 0} | (report.row if report else {})
        flight.trial.set_user_attr("outcome", self._outcome(flight, row, state, error))
        tell = self._study.tell
        if state == "complete":
            assert report is not None
            tell(flight.trial, list(report.metrics.values()))
        elif state == "failed":
            tell(flight.trial, state=optuna.trial.TrialState.FAIL)
        else:  # TPE learns from a diverged trial as from a pruned one; from a failed one, nothing
            tell(flight.trial, state=optuna.trial.TrialState.PRUNED)
        self._journal.commit()
        self._curves.forget(flight.job.trial)
        self.tally.close(flight.job, state, error)

    def _outcome(
        self, flight: Flight, row: dict[str, Any], state: State, error: str | None
    ) -> dict[str, Any]:
        return row | {
            "state": state,
            "error": error,
            "start_s": round(flight.start_s, 3),
            "end_s": round(self._now(), 3),
        }

    def _now(self) -> float:
        return time.time() - self._began

    def shut(self) -> None:
        """Commits what is open and lets go of the files; trials under way stay `running`."""
        self._curves.close()
        self._journal.close()
