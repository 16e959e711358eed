"""A study without Ray: the same ledger, scheduler and training, one trial after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from ray.tune.schedulers import TrialScheduler

from study.history import take_stock
from study.ledger import Ledger
from study.opened import opened
from study.options import parse
from study.plan import Plan, make_plan
from study.record.agreement import counts
from study.record.folder import StudyFolder
from study.record.journal import read_trials
from study.resume import plan_to_resume
from study.training.trial import TrialTraining
from study.tune.driver import make_scheduler
from study.tune.scheduler import RungScheduler


def plan(results: Path, *words: object, space: str = "cvae", name: str = "s") -> Plan:
    defaults = ["--space", space, "--name", name, "--results", results, "--max-epochs", 12]
    return make_plan(parse([str(w) for w in [*defaults, "--grace", 4, *words]]))


def resumed(folder: Path, *words: object) -> Plan:
    return plan_to_resume(parse([str(w) for w in ["--resume", folder, *words]]), folder)


@contextmanager
def ledger_of(plan: Plan) -> Iterator[tuple[Ledger, TrialScheduler]]:
    with opened(plan) as record:
        history = take_stock(plan, record)
        scheduler = make_scheduler(plan, history)
        yield Ledger(plan, record, history), scheduler


def run_locally(plan: Plan, stop_after: int | None = None) -> dict[int, dict[int, float]]:
    """Runs the missing trials; after `stop_after` reports it leaves as a killed driver would."""
    reports = 0
    with ledger_of(plan) as (ledger, scheduler):
        for index in range(plan.trials):
            trial = SimpleNamespace(trial_id=f"local-{index}")
            if (job := ledger.begin(trial.trial_id)) is None:
                break
            trial.config = {"job": job}
            scheduler.on_trial_add(None, trial)
            training = TrialTraining(job)
            while True:
                report = training.advance()
                ledger.take(trial.trial_id, report)
                reports += 1
                if reports == stop_after:
                    return rungs_of(scheduler)
                result = report.as_result()
                if result["done"] or scheduler.on_trial_result(None, trial, result) == "STOP":
                    break
            scheduler.on_trial_complete(None, trial, result)
            ledger.close(trial.trial_id)
        return rungs_of(scheduler)


def rungs_of(scheduler: TrialScheduler) -> dict[int, dict[int, float]]:
    """What the scheduler has seen, by rung and slot."""
    return scheduler.rungs.values if isinstance(scheduler, RungScheduler) else {}


def trained(plan: Plan) -> dict[int, tuple[dict[str, object], str, dict[int, float]]]:
    """Parameters, state and rungs of the plan's trials that are over, by slot."""
    over = [t for t in read_trials(StudyFolder(plan.folder).journal) if counts(t)]
    return {
        t.user_attrs["slot"]: (
            dict(t.params),
            t.user_attrs["outcome"]["state"],
            t.intermediate_values,
        )
        for t in over
    }
