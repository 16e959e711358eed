"""Runs a plan: the record, the cluster, the trials, the tables."""

import os
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from moons.config import Config
from moons.terminal import console, say
from study.errors import NO_RESULT, STORAGE, ExitCode, StudyError, Unreachable, complain
from study.history import History, take_stock
from study.ledger import Ledger
from study.monitoring.live import watched
from study.monitoring.progress import announce
from study.opened import opened
from study.plan import Plan
from study.record.manifest import Outcome
from study.record.opening import Record
from study.reruns.confirm import confirmation, confirming_title, write_confirmed
from study.reruns.ledger import RerunLedger
from study.signals import Stop, sigterm_deferred
from study.tune.cluster import Cluster, connected, lost


def execute(plan: Plan) -> ExitCode:
    """Runs the study that the plan describes and writes its tables.

    Raises:
        StudyError: it cannot be run; nothing was written, or the record is whole.
    """
    try:
        with ExitStack() as stack:
            with sigterm_deferred():  # threads that begin here leave it to the main thread
                record = stack.enter_context(opened(plan))
                stack.enter_context(watched(plan))
                history = take_stock(plan, record)
            return _run(plan, record, history)
    except OSError as error:
        raise StudyError(_storage_sentence(plan, error), STORAGE) from error


def _run(plan: Plan, record: Record, history: History) -> ExitCode:
    ledger = Ledger(plan, record, history)
    began = time.monotonic()
    searching = len(history.finished) < plan.trials
    confirming = None if searching else confirmation(plan)
    tally = ledger.tally if confirming is None else confirming.tally
    stop = Stop(plan.time_budget_s, tally)
    if searching or (confirming is not None and confirming.missing):
        if plan.resumed:  # it may extend the study, which a dead driver could not say any more
            record.write_manifest(record.manifest.going_on(plan.options()))
        try:
            with stop.on_signals(), _cluster(plan, stop) as cluster:
                from study.tune.driver import run_retrainings, run_trials

                cluster.watch.give_up = lambda gone: _give_up(plan, gone)
                if searching and not stop.asked:
                    run_trials(plan, cluster, ledger, history, stop)
                if not (stop.asked or ledger.broken or ledger.hopeless):
                    confirming = confirming or confirmation(plan)
                    if confirming is not None and confirming.missing:
                        say(console(), confirming_title(plan))
                        run_retrainings(confirming, cluster, stop)
        except Unreachable:  # leave it as it was, for the same command with another address
            if plan.resumed:
                record.write_manifest(record.manifest)
            else:
                record.discard()
            if stop.signum is not None:
                raise StudyError("stopped before it had a cluster", stop.code) from None
            raise
    for account in (ledger, confirming):
        if account is not None and account.broken is not None:
            raise account.broken
    outcome = _outcome(ledger, confirming, stop)
    seconds = time.monotonic() - began
    ended = record.manifest.end(outcome, plan.options(), seconds)
    record.write_manifest(ended)
    return _conclude(plan, ledger, outcome, stop, ended.seconds or seconds)


def _give_up(plan: Plan, gone: str) -> None:
    """Ends the process at once, before Ray does in its own way; the manifest is as after a kill."""
    os._exit(complain("study.run", lost(gone, plan.resume_command())))


def _cluster(plan: Plan, stop: Stop) -> AbstractContextManager[Cluster]:
    announce(plan.title, plan.workers, plan.address)
    return connected(plan.address, plan.workers, lambda: _load(plan), lambda: stop.asked)


def _load(plan: Plan) -> None:
    """Imports and draws what the first trial needs."""
    import study.tune.driver  # noqa: F401
    from moons.data import load_data

    if "n_samples" not in plan.space.searched and "noise" not in plan.space.searched:
        load_data(Config(**dict(plan.space.fixed) | {"data_seed": plan.data_seed}))


def _outcome(ledger: Ledger, confirming: RerunLedger | None, stop: Stop) -> Outcome:
    tally = ledger.tally
    if ledger.hopeless is not None:
        return "no result"
    cut_off = stop.asked and confirming is not None and bool(confirming.unfinished)
    if tally.finished < tally.wanted or cut_off:
        return "interrupted" if stop.signum is not None else "time budget"
    return "complete" if tally.states["complete"] else "no result"


def _conclude(plan: Plan, ledger: Ledger, outcome: Outcome, stop: Stop, seconds: float) -> ExitCode:
    from study.final_table import show_summary
    from study.record.tables import write_tables
    from study.report import describe

    write_tables(plan.folder, settled=True)
    confirmed = write_confirmed(plan)
    if outcome in ("interrupted", "time budget"):
        print(f"saved; go on with: {plan.resume_command()}", flush=True)
    if ledger.tally.states["complete"] and outcome != "interrupted":
        describe(plan)
    show_summary(plan, ledger.tally, seconds, confirmed)
    if ledger.hopeless is not None:
        print(f"study.run: no worker can train: {ledger.hopeless}", file=sys.stderr)
        return NO_RESULT
    if outcome == "no result":
        why = ledger.tally.last_error or "all were pruned"
        print(f"study.run: no trial completed: {why}", file=sys.stderr)
        return NO_RESULT
    if outcome == "interrupted":
        return stop.code
    return 0


def _storage_sentence(plan: Plan, error: OSError) -> str:
    place = Path(error.filename or plan.folder)
    if place.parent.name.startswith(f".{plan.name}."):  # what the folder was called as a draft
        place = plan.folder / place.name
    ending = ""
    if (plan.folder / "study.json").is_file():
        ending = f"; the record is whole, go on with: {plan.resume_command()}"
    return f"cannot write {place}: {error.strerror or error}{ending}"
