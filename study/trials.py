"""Runs the trials that a study is missing, on Ray Tune."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ray import tune
from ray.tune.execution.tune_controller import TuneController
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from study.cluster import Cluster
from study.history import History
from study.ledger import Ledger
from study.plan import Plan
from study.progress import Progress
from study.scheduler import FiniteASHA
from study.searcher import HonestOptunaSearch, Recorder
from study.stop import Stop
from study.stopper import Asked
from study.trainable import MoonsTrial

MAX_WORKER_DEATHS = 3  # of one trial; then the trial has failed


def run_trials(plan: Plan, cluster: Cluster, ledger: Ledger, history: History, stop: Stop) -> None:
    """Returns when the last trial is over, or when there was a reason to stop."""
    if plan.space.model is not None:
        _send_by_value(plan.space.model)
    scratch = Path(tempfile.mkdtemp(prefix="moons-study-"))
    try:
        with Progress(plan, ledger.tally, cluster), without_snapshots():
            # Not `tune.Tuner`: it pickles the searcher and every callback to disk at its start.
            tune.run(
                MoonsTrial,
                name=plan.name,
                resources_per_trial={"cpu": 1},
                num_samples=plan.trials - len(history.finished),
                search_alg=HonestOptunaSearch(plan, ledger),
                scheduler=make_scheduler(plan, history),
                max_concurrent_trials=cluster.workers,
                reuse_actors=True,
                stop=Asked(lambda: stop.asked or ledger.broken is not None),
                callbacks=[Recorder(ledger)],
                storage_path=str(scratch),  # for Tune's own files, which nothing reads
                max_failures=MAX_WORKER_DEATHS,
                raise_on_failed_trial=False,
                verbose=0,
            )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def without_snapshots() -> Iterator[None]:
    """Has Tune write no snapshot of the experiment, for which it has no switch.

    A snapshot pickles every trial's config, which makes the end of a study as dear as its trials
    are many, and nothing reads it: a study resumes from its record.
    """
    kept = TuneController.checkpoint
    TuneController.checkpoint = lambda self, force=False, wait=False: None
    try:
        yield
    finally:
        TuneController.checkpoint = kept


def make_scheduler(plan: Plan, history: History) -> TrialScheduler:
    """ASHA with the rungs as they were, or none."""
    if not plan.rungs:
        return FIFOScheduler()
    scheduler = FiniteASHA(plan.space.metrics[0], plan.rungs, plan.reduction)
    scheduler.refill(history.rung_values())
    return scheduler


def _send_by_value(model: type) -> None:
    """Has a class from a user's file travel as code, as no worker can import that file."""
    import sys

    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[model.__module__])
