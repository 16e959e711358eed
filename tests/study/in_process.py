"""A whole study without Ray: the same record, ledger and training, one trial after another."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.schedulers import TrialScheduler

from moons.config import Config
from moons.evaluation import Evaluation, Likelihood, SampleFigures
from moons.models import VAE
from search_spaces.space import Choice, Float, SearchSpace
from study.history import take_stock
from study.ledger import Ledger
from study.opened import opened
from study.options import parse
from study.plan import Plan, make_plan
from study.reruns.ledger import RerunLedger
from study.training.job import Report, TrialJob
from study.training.trial import TrialTraining
from study.tune.driver import make_scheduler
from study.tune.scheduler import RungScheduler

QUICK = SearchSpace(
    name="quick",
    about="trials of a few milliseconds",
    family="cvae",
    searched={"lr": Float(1e-3, 1e-1, log=True), "latent_dim": Choice(1, 2, 4)},
    fixed={"n_samples": 40, "encoder_hidden": 4, "decoder_hidden": 4, "min_epochs": 1},
)
Train = Callable[[TrialJob], Iterator[Report]]


def _samples() -> SampleFigures:
    return SampleFigures(
        energy_distance=0.75,
        sliced_wasserstein=0.75,
        coverage=0.75,
        density=0.75,
        two_sample_accuracy=0.75,
    )


def made_up(model: VAE, config: Config, seed: int) -> Evaluation:
    """In place of `evaluate`, which takes a second: figures that tell where they come from."""
    density, samples = Likelihood(points=1, nll=0.25, excess_nll=0.5), _samples()
    return Evaluation(
        val=density,
        test=density,
        val_energy_distance=1.5,
        val_energy_distance_se=0.5,
        val_energy_distance_floor=1.25,
        val_energy_distance_floor_se=0.5,
        samples=samples,
        samples_se=samples,
        floor=samples,
        floor_se=samples,
    )


def quick_plan(results: Path, *words: str, space: SearchSpace = QUICK, name: str = "s") -> Plan:
    """A plan of trials of eight epochs with rungs at 2 and 4, unless the words say otherwise."""
    usual = ["--space=cvae", f"--results={results}", f"--name={name}", "--workers=1"]
    usual += ["--grace=2", "--reduction=2", "--max-epochs=8", "--trials=3"]
    plan = make_plan(parse([*usual, *words]))
    return replace(plan, space=replace(space, metric=plan.space.metric))


@contextmanager
def driver_of(plan: Plan) -> Iterator[tuple[Ledger, TrialScheduler]]:
    """The plan's ledger on its record, new or resumed, and its scheduler."""
    with opened(plan) as record:
        history = take_stock(plan, record)
        yield Ledger(plan, record, history), make_scheduler(plan, history)


@contextmanager
def ledger_of(plan: Plan) -> Iterator[Ledger]:
    """The ledger alone."""
    with driver_of(plan) as (ledger, _):
        yield ledger


def train(job: TrialJob) -> Iterator[Report]:
    """The reports of a trial that is never stopped."""
    training = TrialTraining(job)
    report = training.advance()
    yield report
    while report.status == "running":
        report = training.advance()
        yield report


def up_to(reports: int) -> Train:
    """Training that is stopped after so many reports, as a scheduler does."""

    def stopped(job: TrialJob) -> Iterator[Report]:
        for _, report in zip(range(reports), train(job), strict=False):
            yield report

    return stopped


def diverge(job: TrialJob) -> Iterator[Report]:
    """Training that diverges."""
    return train(replace(job, config=replace(job.config, lr=10.0, latent_dim=64)))


def fail(job: TrialJob) -> Iterator[Report]:
    """Training that raises in the worker."""
    yield Report(status="failed", epochs=0, error="RuntimeError: a test's own")


def run_in_process(
    plan: Plan,
    how: Sequence[Train | None] = (),
    *,
    scheduled: bool = False,
    stop_after: int | None = None,
) -> dict[int, dict[int, float]]:
    """Runs the plan's missing trials; what its scheduler has seen, by rung and slot.

    Args:
        plan: new or resumed.
        how: its trials go as told here, the others to their end; None never ends.
        scheduled: whether the plan's scheduler stops trials.
        stop_after: reports after which it leaves as a killed driver would.
    """
    reports = count(1)
    with driver_of(plan) as (ledger, scheduler):
        for index in count():
            if (job := ledger.begin(str(index))) is None:
                break
            trial = SimpleNamespace(config={"job": job})
            go = how[index] if index < len(how) else train
            for report in (up_to(1) if go is None else go)(job):
                ledger.take(str(index), report)
                if next(reports) == stop_after:
                    return rungs_of(scheduler)
                result = report.as_result()
                if not scheduled or result["done"]:
                    continue
                if scheduler.on_trial_result(None, trial, result) == TrialScheduler.STOP:
                    break
            if go is not None:
                ledger.close(str(index))
        return rungs_of(scheduler)


def rungs_of(scheduler: TrialScheduler) -> dict[int, dict[int, float]]:
    """What the scheduler has seen, by rung and slot."""
    return scheduler.rungs.values if isinstance(scheduler, RungScheduler) else {}


def retraining_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has `study.rerun` train in this process, one retraining after the other."""

    @contextmanager
    def connected(*_: object) -> Iterator[Any]:
        yield SimpleNamespace(watch=SimpleNamespace(give_up=None))

    def run_retrainings(ledger: RerunLedger, *_: object) -> None:
        while (job := ledger.begin("0")) is not None:
            for report in train(job):
                ledger.take("0", report)
            ledger.close("0")

    monkeypatch.setattr("study.tune.cluster.connected", connected)
    monkeypatch.setattr("study.tune.driver.run_retrainings", run_retrainings)
