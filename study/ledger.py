"""The driver's account of every trial: what is told to the journal, in which order and state."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Concatenate, ParamSpec, TypeVar

import optuna

from moons.seeds import derive_seed
from study.history import History
from study.plan import Plan
from study.record.columns import State
from study.record.opening import Record
from study.samplers.seeded import Reseeding
from study.training.job import Report, TrialJob, drawn

P = ParamSpec("P")
T = TypeVar("T")


def until_broken(
    method: Callable[Concatenate["Ledger", P], T],
) -> Callable[Concatenate["Ledger", P], T | None]:
    """Keeps an error of the disk in `broken`, after which the ledger writes nothing more."""

    def guarded(self: "Ledger", /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        if self.broken is None:
            try:
                return method(self, *args, **kwargs)
            except OSError as error:
                self.broken = error
        return None

    return guarded


@dataclass(slots=True)
class Flight:
    """A trial under way.

    Attributes:
        start_s: when its worker began to train it, in the study's seconds; until the first report,
            when it was given out.
        report: the last one.
        row: what the last report that had one said; a failure has none.
        rungs: the first metric by epoch.
    """

    trial: optuna.Trial
    job: TrialJob
    start_s: float
    report: Report | None = None
    row: dict[str, Any] = field(default_factory=dict)
    rungs: dict[int, float] = field(default_factory=dict)


class Ledger:
    """Begins trials, takes their reports and closes them; the only writer of the record.

    A report reaches the disk in the order curves, checkpoint, journal: what the journal says is
    over is there to be read. Where the disk refuses, `broken` says why, and the record stays as it
    was, to be resumed; `hopeless` says why no worker can train any trial.
    """

    def __init__(self, plan: Plan, record: Record, history: History) -> None:
        self._plan = plan
        self._record = record
        self._journal = record.journal
        self._flights: dict[str, Flight] = {}
        self._began = time.monotonic() - history.worked_s  # no clock that is set moves it
        self._next_slot = history.next_slot
        self._missing = plan.trials - len(history.finished)
        self.study = record.study
        self.tally = history.tally(plan.trials)
        self.broken: OSError | None = None
        self.hopeless: str | None = None

    @until_broken
    def begin(self, key: str) -> TrialJob | None:
        """Asks the sampler for a trial; None when all have been asked for.

        Args:
            key: Tune's name for the trial.
        """
        if self._missing <= 0:
            return None
        self._missing -= 1
        plan, sampler = self._plan, self.study.sampler
        if isinstance(sampler, Reseeding):
            sampler.reseed(derive_seed(plan.seed, "sampler", self._next_slot), self._next_slot)
        trial = self.study.ask(fixed_distributions=plan.space.distributions())
        slot = trial.user_attrs.get("slot")
        if slot is None:
            slot = self._next_slot
            self._next_slot += 1
        config = plan.config(trial.params)
        job = TrialJob(
            trial=trial.number,
            slot=slot,
            config=config,
            seed=derive_seed(plan.seed, "trial", slot),
            rungs=plan.rungs,
            metrics=plan.space.metrics,
            engine=plan.engine,
            replicates=plan.replicates,
            model_class=plan.space.sent_model,
            data=drawn(config),
        )
        trial.set_user_attr("slot", slot)
        trial.set_user_attr("seed", job.seed)
        trial.set_user_attr("config", job.config.as_dict())
        self._journal.commit()
        self._flights[key] = Flight(trial, job, self._now())
        self.tally.begin(job)
        return job

    @until_broken
    def take(self, key: str, report: Report) -> None:
        """Records a report."""
        flight = self._flights[key]
        if flight.report is None:  # a worker's start is no part of its first trial
            spent_s = report.row.get("train_s", 0.0) + report.row.get("eval_s", 0.0)
            flight.start_s = max(flight.start_s, self._now() - spent_s)
        flight.report = report
        flight.row = report.row or flight.row
        job = flight.job
        if report.fatal:
            self.hopeless = report.error
        self._record.curves.append(job.trial, report.blocks)
        if report.weights is not None:
            self._record.save_checkpoint(
                job.trial, report.weights, job.config, job.seed, self._plan.space.as_dict()
            )
        if report.status == "running":
            self._note_rung(flight, report.epochs, report.metrics[job.metrics[0]])
        self.tally.take(job, report)

    def _note_rung(self, flight: Flight, epoch: int, value: float) -> None:
        flight.rungs[epoch] = value
        if len(flight.job.metrics) == 1:
            flight.trial.report(value, epoch)
        else:  # with two objectives Optuna takes no intermediate values
            flight.trial.set_user_attr("rungs", flight.rungs)
        self._journal.commit()

    @until_broken
    def close(self, key: str, error: str | None = None) -> None:
        """Ends a trial: complete, diverged or failed as its last report says, otherwise pruned.

        Where no worker can train any trial, those under way are interrupted, to be begun again.

        Args:
            key: Tune's name for the trial.
            error: why it could not be trained to its end.
        """
        flight = self._flights.pop(key)
        report = flight.report
        under_way = report is None or report.status == "running" or report.fatal
        if self.hopeless is not None and under_way:
            state: State = "interrupted"
        elif error is not None or report is None:
            state = "failed"
        else:
            state = "pruned" if report.status == "running" else report.status
        error = error or (report.error if report else "it never reported")
        row = {"epochs": 0} | flight.row
        flight.trial.set_user_attr("outcome", self._outcome(flight, row, state, error))
        tell = self.study.tell
        if state == "complete":
            assert report is not None
            tell(flight.trial, list(report.metrics.values()))
        elif state in ("failed", "interrupted"):
            tell(flight.trial, state=optuna.trial.TrialState.FAIL)
        else:  # TPE learns from a diverged trial as from a pruned one; from a failed one, nothing
            tell(flight.trial, state=optuna.trial.TrialState.PRUNED)
        self._journal.commit()
        self.tally.close(flight.job, state, error)

    def _outcome(
        self, flight: Flight, row: dict[str, Any], state: State, error: str | None
    ) -> dict[str, Any]:
        # Keys that came from a worker are strings of their own, and rows are kept in memory.
        return {intern(name): value for name, value in row.items()} | {
            "state": state,
            "error": error,
            "start_s": round(flight.start_s, 3),
            "end_s": round(self._now(), 3),
        }

    def _now(self) -> float:
        return time.monotonic() - self._began
