"""The commands as functions: `study.run(...)`, `study.resume(...)`, `study.rerun(...)`."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from study.apart import run_apart
from study.keywords import signature_of, words_of
from study.options import Options
from study.options import parse as parse_run
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.own_model import own_model
from study.record.results import StudyResults, read_results
from study.reruns.options import RerunOptions
from study.reruns.options import parse as parse_rerun

PROGRESS = inspect.Parameter(
    "progress", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=bool
)


def run(
    space: str | Path | None = None, *, progress: bool = False, **options: Any
) -> StudyResults | None:
    """Runs a study, as `python -m study.run` does, and returns what it left.

    Args:
        space: the name of a search space, or a Python file that defines SPACE.
        progress: shows what the command prints, in notebooks too.
        options: of the command, under their names with underscores. `set` may be a mapping, such
            as `{"beta": 0.045, "latent_dim": [1, 2, 4]}`.

    Returns:
        The study; None with `dry_run` or `list_spaces`, which print.

    Raises:
        StudyError: with the command's sentence, and its exit code as `code`.
        KeyboardInterrupt: the study was stopped; what was finished is on record.
    """
    from study.run import dispatch, planned

    words = words_of(Options, "study.run", {"space": space} | options)
    parsed = parse_run(words)
    if parsed.list_spaces or parsed.dry_run:
        dispatch(parsed)
        return None
    plan = planned(parsed)
    if parsed.resume is None and parsed.name is None:
        words.append(f"--name={plan.name}")  # which holds the time
    run_apart("study.run", words + _their_cluster(parsed.address), progress=progress)
    return read_results(plan.folder, plan.space.model)


def resume(folder: str | Path, *, progress: bool = False, **options: Any) -> StudyResults | None:
    """Goes on with a study, as `study.run(resume=folder)`; `trials=200` extends it."""
    return run(resume=folder, progress=progress, **options)


def rerun(
    study: str | Path | StudyResults, *, progress: bool = False, **options: Any
) -> StudyResults:
    """Trains the best configs again on fresh seeds, as `python -m study.rerun` does.

    Args:
        study: a study's folder, or its results.
        progress: shows what the command prints, in notebooks too.
        options: of the command, under their names with underscores.

    Returns:
        The study as it is then, with the retrainings in `reruns`, those of `audit` in `audited`.

    Raises:
        StudyError: with the command's sentence, and its exit code as `code`; also where a trial
            that `seed_of_trial` repeats comes out otherwise.
        KeyboardInterrupt: it was stopped; the same call goes on with what is missing.
    """
    folder, model = study, None
    if isinstance(study, StudyResults):
        folder, model = study.folder.path, study.model_class
    words = words_of(RerunOptions, "study.rerun", {"study": folder} | options)
    parsed = parse_rerun(words)
    run_apart("study.rerun", words + _their_cluster(parsed.address), progress=progress)
    own = own_model(Manifest.read(StudyFolder(parsed.study).manifest).space)
    return read_results(parsed.study, None if own is None else parsed.space or model)


def _their_cluster(address: str | None) -> list[str]:
    """The cluster that the caller is connected to, where no other is named."""
    ray = sys.modules.get("ray")
    if address is not None or ray is None or not ray.is_initialized():
        return []
    return [f"--address={ray.get_runtime_context().gcs_address}"]


def _described(function: Callable[..., Any], kind: type, positional: str) -> None:
    signature = signature_of(kind, positional, [PROGRESS], function.__annotations__["return"])
    function.__signature__ = signature  # type: ignore[attr-defined]


_described(run, Options, "space")
_described(rerun, RerunOptions, "study")
