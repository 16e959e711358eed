"""Runs a plan: the record, the cluster, the trials, the tables."""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

from moons.config import Config
from moons.terminal import console, say, say_whole
from study.errors import NO_RESULT, RAY, STORAGE, ExitCode, StudyError, Unreachable, complain
from study.history import History, take_stock
from study.ledger import Ledger
from study.monitoring.live import watched
from study.monitoring.progress import announce
from study.opened import opened
from study.plan import Plan
from study.record.manifest import Manifest, Outcome
from study.record.opening import Record
from study.reruns.confirm import confirmation, confirming_title, write_confirmed
from study.reruns.ledger import RerunLedger
from study.signals import Stop, sigterm_deferred
from study.tune.cluster import Cluster, connected


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
    manifest = _manifest(plan, record)
    began = time.monotonic()
    searching = len(history.finished) < plan.trials
    confirming = None if searching else confirmation(plan)
    tally = ledger.tally if confirming is None else confirming.tally
    stop = Stop(plan.time_budget_s, tally)
    leaving = ExitStack()
    if searching or (confirming is not None and confirming.missing):
        if plan.resumed:  # it may extend the study, which a dead driver could not say any more
            record.write_manifest(manifest.going_on(plan.options()))
        try:
            with stop.on_signals(), ExitStack() as staying:
                cluster = staying.enter_context(_cluster(plan, record, stop))
                from study.tune.driver import run_retrainings, run_trials

                if searching and not stop.asked:
                    run_trials(plan, cluster, ledger, history, stop)
                if not (stop.asked or ledger.broken or ledger.hopeless):
                    confirming = confirming or confirmation(plan)
                    if confirming is not None and confirming.missing:
                        say(console(), confirming_title(plan))
                        run_retrainings(confirming, cluster, stop)
                leaving = staying.pop_all()
        except StudyError as error:
            if isinstance(error, Unreachable):
                _leave_as_it_was(plan, record)
                if stop.signum is not None:
                    raise StudyError("stopped before it had a cluster", stop.code) from None
            raise _to_go_on(plan, error) from None
    with _beside(leaving.close):
        for account in (ledger, confirming):
            if account is not None and account.broken is not None:
                raise account.broken
        outcome = _outcome(ledger, confirming, stop)
        seconds = time.monotonic() - began
        ended = manifest.end(outcome, plan.options(), seconds)
        record.write_manifest(ended)
        return _conclude(plan, ledger, outcome, stop, ended)


@contextmanager
def _beside(leave: Callable[[], None]) -> Iterator[None]:
    """Has a thread leave the cluster, which takes Ray more than a second, until the end.

    Ray ends the process where another thread drops one of its references meanwhile. Nothing here
    holds any but garbage, which is therefore not collected before Ray is left.
    """
    thread = Thread(target=leave)
    gc.freeze()
    with sigterm_deferred():
        thread.start()
    try:
        yield
    finally:
        thread.join()
        gc.unfreeze()


def _manifest(plan: Plan, record: Record) -> Manifest:
    """The study's manifest, with the code that its model has now: `--resume` has allowed it."""
    code = plan.space.as_dict().get("code")
    if code is None or record.manifest.space.get("code") == code:
        return record.manifest
    space = dict(record.manifest.space) | {"code": code}
    return replace(record.manifest, space=space, space_hash=plan.space.digest())


def _leave_as_it_was(plan: Plan, record: Record) -> None:
    """For the same command, perhaps with another address."""
    if plan.resumed:
        record.write_manifest(record.manifest)
    else:
        record.discard()


def _to_go_on(plan: Plan, error: StudyError) -> StudyError:
    """The error of a Ray that did not start or died, with how to go on where there is a record."""
    if (isinstance(error, Unreachable) and not plan.resumed) or error.code != RAY:
        return error
    how = f"the record is whole, go on with: {plan.resume_command()}"
    return StudyError(f"{error}; {how}", error.code)


def _give_up(plan: Plan, record: Record, began: float, error: StudyError) -> None:
    """Ends the process at once, before Ray does in its own way."""
    with suppress(OSError):  # the manifest then is as after a kill
        if isinstance(error, Unreachable):
            _leave_as_it_was(plan, record)
        else:
            worked_s = time.monotonic() - began
            record.write_manifest(_manifest(plan, record).cut_off(plan.options(), worked_s))
    os._exit(complain("study.run", _to_go_on(plan, error)))


def _cluster(plan: Plan, record: Record, stop: Stop) -> AbstractContextManager[Cluster]:
    announce(plan.title, plan.workers, plan.address)
    give_up = partial(_give_up, plan, record, time.monotonic())
    return connected(
        plan.address, plan.workers, lambda: _load(plan), lambda: stop.asked, give_up, plan.name
    )


def _load(plan: Plan) -> None:
    """Imports and draws what the first trial needs."""
    import study.tune.driver  # noqa: F401
    from moons.data import load_data

    if "n_samples" not in plan.space.searched and "noise" not in plan.space.searched:
        data = plan.space.modelled
        usual = data.defaults | dict(plan.space.fixed) | data.settings
        load_data(Config(**usual, data_seed=plan.data_seed))


def _outcome(ledger: Ledger, confirming: RerunLedger | None, stop: Stop) -> Outcome:
    tally = ledger.tally
    if ledger.hopeless is not None:
        return "no result"
    cut_off = stop.asked and confirming is not None and bool(confirming.unfinished)
    if tally.finished < tally.wanted or cut_off:
        return "interrupted" if stop.signum is not None else "time budget"
    return "complete" if tally.states["complete"] else "no result"


def _conclude(
    plan: Plan, ledger: Ledger, outcome: Outcome, stop: Stop, ended: Manifest
) -> ExitCode:
    from study.final_table import show_summary
    from study.record.tables import write_tables
    from study.report import describe

    write_tables(plan.folder, settled=True)
    confirmed = write_confirmed(plan)
    if outcome in ("interrupted", "time budget"):
        print(f"saved; go on with: {plan.resume_command()}", flush=True)
    show_summary(plan, ledger.tally, ended, confirmed)
    if ledger.tally.states["complete"] and outcome != "interrupted":
        describe(plan)
    say_whole(console(), str(plan.folder))
    if ledger.hopeless is not None:
        mended = f"mend it and go on with: {plan.resume_command()}"
        print(f"study.run: no worker can train: {ledger.hopeless}; {mended}", file=sys.stderr)
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
    draft = f".{plan.name}.draft-"  # what the folder was called
    if place.name.startswith(draft):
        place = plan.folder
    elif place.parent.name.startswith(draft):
        place = plan.folder / place.name
    ending = ""
    if (plan.folder / "study.json").is_file():
        ending = f"; the record is whole, go on with: {plan.resume_command()}"
    return f"cannot write {place}: {error.strerror or error}{ending}"
