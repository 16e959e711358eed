"""`python -m study.rerun`: the best configs on fresh seeds, to tell luck from quality."""

if __name__ == "__main__":
    from study import early

    early.begin()

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from moons.callable_module import make_callable
from moons.words import count
from study.errors import NO_RESULT, STORAGE, ExitCode, StudyError, complain, stopped
from study.reader import outlive_readers
from study.reruns.options import RerunOptions, Vary, parse
from study.signals import sigterm_deferred

if TYPE_CHECKING:
    import pandas as pd

    from study.record.manifest import Manifest
    from study.reruns.jobs import Retraining
    from study.training.job import OwnModel


def main(argv: Sequence[str]) -> ExitCode:
    """Runs the command; what it returns is the process's exit code."""
    try:
        return dispatch(parse(argv))
    except StudyError as error:
        return complain("study.rerun", error)
    except OSError as error:
        place, reason = error.filename or "the results", error.strerror or error
        return complain("study.rerun", StudyError(f"cannot use {place}: {reason}", STORAGE))
    except KeyboardInterrupt:
        return stopped("study.rerun")


def dispatch(options: RerunOptions) -> ExitCode:
    """Does what the options ask for."""
    with sigterm_deferred():  # as in study.run
        from study.record.folder import StudyFolder
        from study.record.lock import held
        from study.record.manifest import Manifest
        from study.record.parquet import read_table
        from study.record.stored import trials_of
        from study.record.tables import write_tables
        from study.resume import check_data

    folder = StudyFolder(options.study)
    manifest = Manifest.read(folder.manifest)
    check_data(manifest)
    model = _own_model(options, manifest)
    with held(folder.lock):
        with sigterm_deferred():  # Arrow's threads leave it to the main thread too
            if not folder.single:
                write_tables(folder.path)
            trials = trials_of(folder.path) if folder.single else read_table(folder.trials)
        if options.seed_of_trial is not None:
            from study.reruns.repeat import repeat_trial

            same, sentence = repeat_trial(folder, trials, manifest, options.seed_of_trial, model)
            print(sentence)
            return 0 if same else 6
        wanted = _wanted(options, manifest, trials)
        code = _train(options, manifest, wanted, model)
        if code == 0:
            _show(options, manifest, trials, model)
    return code


def _own_model(options: RerunOptions, manifest: "Manifest") -> "OwnModel | None":
    from study.own_model import space_of_file
    from study.record.own_model import own_model

    if own_model(manifest.space) is None:
        return None
    return space_of_file(manifest, options.space, options.study).sent_model


def _wanted(
    options: RerunOptions, manifest: "Manifest", trials: "pd.DataFrame"
) -> "list[Retraining]":
    from study.reruns.candidates import changed, config_from_file, named_candidates, top_candidates
    from study.reruns.jobs import audited, on_fresh_seeds

    seed, engine = manifest.seed, manifest.engine
    if options.audit is not None:
        replicates = manifest.replicates
        return audited(trials, options.audit, seed, replicates, manifest.rungs, engine)
    candidates = named_candidates(trials, options.trial)
    candidates += [config_from_file(path, manifest) for path in options.config]
    if not candidates:
        candidates = top_candidates(trials, manifest.metric, options.top)
    if options.set:
        candidates += [changed(candidate, options.set) for candidate in candidates]
    return on_fresh_seeds(candidates, options.seeds, _varied(options, manifest), seed, engine)


def _varied(options: RerunOptions, manifest: "Manifest") -> Vary:
    """As asked; otherwise as the study was confirmed, so that those retrainings count too."""
    from study.reruns.confirm import CONFIRMED_BY

    return options.vary or (CONFIRMED_BY if manifest.options.get("confirm") else "init")


def _train(
    options: RerunOptions,
    manifest: "Manifest",
    wanted: "list[Retraining]",
    model: "OwnModel | None",
) -> ExitCode:
    from study.cpus import usable_cpus
    from study.monitoring.progress import announce
    from study.options import default_address
    from study.record.folder import StudyFolder
    from study.record.tables import write_rerun_tables
    from study.reruns.ledger import RerunLedger
    from study.signals import Stop
    from study.tune.cluster import connected

    retrainings = StudyFolder(options.study).retrainings
    ledger = RerunLedger(retrainings, wanted, manifest.metrics, model)
    stop = Stop(None, ledger.tally)
    if ledger.missing:
        address = options.address or default_address()
        workers = options.workers or (usable_cpus() if address is None else None)
        why = (
            "for an audit" if options.audit is not None else f"varying {_varied(options, manifest)}"
        )
        title = (
            f"{options.study}: {count(len(wanted), 'retraining')} {why}, {ledger.missing} to come"
        )
        announce(title, workers, address)
        with (
            stop.on_signals(),
            connected(
                address, workers, _load, lambda: stop.asked, _give_up, manifest.name
            ) as cluster,
        ):
            from study.tune.driver import run_retrainings

            run_retrainings(ledger, cluster, stop)
    if ledger.broken is not None:
        raise ledger.broken
    write_rerun_tables(options.study)
    if stop.signum is not None:
        print("saved; the same command goes on with what is missing")
        return stop.code
    states = ledger.tally.states
    if not states["complete"]:
        why = ledger.tally.last_error or "all of them diverged"
        raise StudyError(f"no retraining completed: {why}", NO_RESULT)
    if states["failed"]:
        print(
            f"study.rerun: {states['failed']} of {count(len(wanted), 'retraining')} failed, the "
            f"last with: {ledger.tally.last_error}; the same command tries them again",
            file=sys.stderr,
        )
    return 0


def _give_up(error: StudyError) -> None:
    said = f"{error}; what was finished is on record, the same command goes on"
    os._exit(complain("study.rerun", StudyError(said, error.code)))


def _load() -> None:
    """Imports what the first training needs."""
    import study.tune.driver  # noqa: F401


def _show(
    options: RerunOptions,
    manifest: "Manifest",
    trials: "pd.DataFrame",
    model: "OwnModel | None",
) -> None:
    from study.report import export, show_audit, show_leaderboard

    metric = manifest.metric
    if options.audit is not None:
        show_audit(options.study, trials, metric, manifest.rungs, manifest.seed)
        return
    vary = _varied(options, manifest)
    show_leaderboard(options.study, trials, metric, vary)
    if options.export is not None:
        winner = (options.study, options.export, metric, vary)
        export(*winner, refitted=options.refit, own=model)


make_callable(__name__, "study.calls.rerun")

if __name__ == "__main__":
    outlive_readers()
    early.imported()
    code = main(sys.argv[1:])
    gc.freeze()  # as in study.run
    sys.exit(code)
