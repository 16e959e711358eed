"""One study of an arm in this process: the study's own parts, driven as Ray Tune drives them."""

import math
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from optuna.trial import TrialState
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch
from typing_extensions import override

from moons.config import Config
from study.history import History, take_stock
from study.ledger import Ledger
from study.opened import opened
from study.plan import Plan
from study.record.columns import State
from study.training.job import Report, TrialJob
from study.training.trial import TrialTraining
from study.tune.driver import make_scheduler
from study.tune.lost_workers import RecoveringSource
from study.tune.searcher import HonestOptunaSearch, Recorder
from tests.benchmarks.ablation.arms import Arm, Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A trial that was over within the budget.

    Attributes:
        trial: its number.
        state: how it ended, whatever Optuna was told.
        epochs: that it trained.
        spent: epochs of the study, all trials so far and this one.
        value: the metric at its best epoch; NaN where it diverged.
        told: the value that Optuna holds for it as a complete trial's; NaN where it holds none.
        config: what was trained.
    """

    trial: int
    state: State
    epochs: int
    spent: int
    value: float
    told: float
    config: Config


class MetricAlone(TrialTraining):
    """Training that ends with the study's metric, where a study evaluates everything."""

    @override
    def _evaluate(self) -> dict[str, Any]:
        return dict(self._measure())


class RaysOptunaSearch(HonestOptunaSearch):
    """Proposes as the study does, and tells what Ray's `OptunaSearch` tells, by its own code."""

    def __init__(self, plan: Plan, ledger: Ledger, source: RecoveringSource) -> None:
        super().__init__(plan, source)
        self._ledger = ledger
        self._ot_study = ledger.study

    @override
    def suggest(self, trial_id: str) -> Any:
        suggestion = super().suggest(trial_id)
        self._ot_trials[trial_id] = self._ledger._flights[trial_id].trial
        return suggestion

    on_trial_result = OptunaSearch.on_trial_result

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        # A trainable written for Ray reports the NaN that it met; ours leaves the metric out.
        known = {self._metric: float("nan")} | (result or {})
        OptunaSearch.on_trial_complete(self, trial_id, known, error)


class Deaf(Recorder):
    """Keeps reports from the ledger, which would tell Optuna of rungs in its own way."""

    @override
    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        result.pop("report")


def run_study(arm: Arm, space: str, seed: int, budget: int, max_epochs: int) -> tuple[Ended, ...]:
    """The trials that a study of this arm ends within a budget, one after the other.

    Each is trained as a worker trains it, and every epoch counts, also of trials that were pruned
    or diverged. The one that is under way when the budget is used up is cut off and is no trial.

    Args:
        arm: how the study goes about it.
        space: what it searches, by one metric.
        seed: of data, proposals and training.
        budget: epochs of all trials together.
        max_epochs: a trial's largest budget.

    Raises:
        StudyError: there is no such space, or a number is out of range.
        ValueError: the space has two metrics.
    """
    with tempfile.TemporaryDirectory(prefix="moons-ablation-") as folder:
        plan = arm.plan(space, seed, max_epochs, Path(folder))
        if len(plan.space.metrics) != 1:
            raise ValueError(f"--space must have one metric, got {plan.space.metric}; name another")
        with opened(plan) as record:
            history = take_stock(plan, record)
            driver = Driver(plan, Ledger(plan, record, history), history, arm.telling)
            ended: list[Ended] = []
            while (trial := driver.next_trial(budget)) is not None:
                ended.append(trial)
            return tuple(ended)


class Driver:
    """Hands a trial's reports to scheduler, searcher and ledger in the order of Tune's own."""

    def __init__(self, plan: Plan, ledger: Ledger, history: History, telling: Telling) -> None:
        self._ledger = ledger
        source = RecoveringSource(ledger)
        if telling == "honest":
            self._search = HonestOptunaSearch(plan, source)
            self._recorder = Recorder(source)
        else:
            self._search = RaysOptunaSearch(plan, ledger, source)
            self._recorder = Deaf(source)
        self._scheduler = make_scheduler(plan, history)
        self._spent = 0

    def next_trial(self, budget: int) -> Ended | None:
        """Runs one trial to its end; None where the budget is used up before."""
        key = f"after-{self._spent}"
        suggestion = self._search.suggest(key)
        if suggestion == Searcher.FINISHED:
            raise self._ledger.broken or AssertionError("a study without end has no more trials")
        job: TrialJob = suggestion["job"]
        trial, training = SimpleNamespace(trial_id=key, config=suggestion), MetricAlone(job)
        self._scheduler.on_trial_add(None, trial)
        for iteration in count(1):
            report = training.advance()
            if self._spent + report.epochs > budget:
                return None
            result = report.as_result() | {"training_iteration": iteration}
            if result["done"] or self._decide(trial, result) == TrialScheduler.STOP:
                break
            self._search.on_trial_result(key, result)
            self._recorder.on_trial_result(iteration, [], trial, result)
        self._recorder.on_trial_result(iteration, [], trial, result)
        self._scheduler.on_trial_complete(None, trial, result)
        self._search.on_trial_complete(key, result)
        self._spent += report.epochs
        return self._account(job, report)

    def _decide(self, trial: SimpleNamespace, result: dict[str, Any]) -> str:
        return str(self._scheduler.on_trial_result(None, trial, result))

    def _account(self, job: TrialJob, report: Report) -> Ended:
        frozen = self._ledger.study.get_trials(deepcopy=False)[job.trial]
        complete = frozen.state == TrialState.COMPLETE
        return Ended(
            trial=job.trial,
            state="pruned" if report.status == "running" else report.status,
            epochs=report.epochs,
            spent=self._spent,
            value=report.metrics.get(job.metrics[0], math.nan),
            told=frozen.values[0] if complete else math.nan,
            config=job.config,
        )
