"""Runs a plan: the record, the cluster, the trials, the tables."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from study.cluster import Cluster, connected
from study.errors import INTERRUPTED, NO_RESULT, STORAGE, TERMINATED, ExitCode, StudyError
from study.plan import Plan
from study.progress import Progress
from study.record.folder import Folder
from study.record.lock import held
from study.record.manifest import Manifest, Outcome
from study.tally import Tally


def execute(plan: Plan) -> ExitCode:
    """Runs the study that the plan describes and writes its tables.

    Raises:
        StudyError: it cannot be run; nothing was written, or the record is whole.
    """
    folder = Folder(plan.folder)
    try:
        make_folder(plan)
        with held(folder.lock):
            return _run_locked(plan, folder)
    except OSError as error:
        raise StudyError(f"{error.filename or plan.folder}: {error.strerror}", STORAGE) from error


def make_folder(plan: Plan) -> None:
    """Makes the study's folder.

    Raises:
        StudyError: a study of that name is there.
        OSError: the folder cannot be made.
    """
    plan.results.mkdir(parents=True, exist_ok=True)
    try:
        plan.folder.mkdir()
    except FileExistsError:
        raise StudyError(
            f"{plan.folder} is there already; give another --name, or go on with it by "
            f"--resume {plan.folder}"
        ) from None


def _run_locked(plan: Plan, folder: Folder) -> ExitCode:
    manifest = Manifest.of(plan)
    manifest.write(folder.manifest)
    began = time.monotonic()
    with ExitStack() as stack:
        cluster = stack.enter_context(connected(plan.address, plan.workers))
        manifest = manifest.at(cluster.address)
        stop = stack.enter_context(Stop.on_signals())
        tally = run_trials(plan, cluster, stop)
        signum = stop.signum
    outcome = _outcome(tally, stop)
    manifest.end(outcome, time.monotonic() - began).write(folder.manifest)

    from analysis.tables import write_tables
    from study.summary import show_summary

    write_tables(plan.folder)
    show_summary(plan, tally)
    if signum is not None or outcome == "time budget":
        print(f"go on with: python -m study.run --resume {plan.folder}")
    if tally.states["complete"] == 0 and outcome == "no result":
        why = tally.last_error or "all were pruned"
        print(f"study.run: no trial completed: {why}", file=sys.stderr)
        return NO_RESULT
    if signum is None:
        return 0
    return INTERRUPTED if signum == signal.SIGINT else TERMINATED


def _outcome(tally: Tally, stop: "Stop") -> Outcome:
    if stop.signum is not None:
        return "interrupted"
    if tally.finished < tally.wanted:
        return "time budget"
    return "complete" if tally.states["complete"] else "no result"


class Stop:
    """A stop that was asked for by a signal; Tune looks at it between two events."""

    def __init__(self) -> None:
        self.signum: int | None = None

    @classmethod
    @contextmanager
    def on_signals(cls) -> "Iterator[Stop]":
        """Catches SIGINT and SIGTERM once; a second one of them ends the process at once."""
        stop = cls()

        def note(signum: int, frame: FrameType | None) -> None:
            if stop.signum is not None:
                os._exit(128 + signum)
            stop.signum = signum

        # After ray.init, which puts a handler of its own in place.
        before = {s: signal.signal(s, note) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield stop
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)


def run_trials(plan: Plan, cluster: Cluster, stop: Stop) -> Tally:
    """Runs the trials that are missing, and returns the counts."""
    from ray import tune
    from ray.tune.schedulers import FIFOScheduler, TrialScheduler

    from study.scheduler import FiniteASHA
    from study.searcher import HonestOptunaSearch, Recorder
    from study.stopper import Asked
    from study.trainable import MoonsTrial

    search = HonestOptunaSearch(plan)
    ledger = search.ledger
    scheduler: TrialScheduler
    if plan.rungs:
        scheduler = FiniteASHA(plan.space.metrics[0], plan.rungs, plan.reduction)
    else:
        scheduler = FIFOScheduler()
    scratch = Path(tempfile.mkdtemp(prefix="moons-study-"))
    try:
        with Progress(plan, ledger.tally, cluster):
            # Not `tune.Tuner`: it pickles the searcher and every callback to disk before it begins.
            tune.run(
                MoonsTrial,
                name=plan.name,
                resources_per_trial={"cpu": 1},
                num_samples=plan.trials,
                search_alg=search,
                scheduler=scheduler,
                max_concurrent_trials=cluster.workers,
                reuse_actors=True,
                stop=Asked(stop, plan.time_budget_s),
                callbacks=[Recorder(ledger)],
                storage_path=str(scratch),  # for Tune's own files, which nothing reads
                max_failures=3,
                raise_on_failed_trial=False,
                verbose=0,
            )
    finally:
        ledger.shut()
        shutil.rmtree(scratch, ignore_errors=True)
    return ledger.tally
