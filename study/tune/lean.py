"""Ray Tune without what it does beside running trials and has no switch for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.air._internal import usage
from ray.tune.execution.class_cache import _ActorClassCache
from ray.tune.execution.tune_controller import TuneController


def _save_nothing(controller: Any) -> None:
    """A snapshot of the experiment that holds nothing; Tune does insist on the file.

    A real one pickles every trial's config, which makes the end of a study as dear as its trials
    are many, and only Tune reads it, where no trial ever began: a study resumes from its record.
    """
    folder = Path(controller._storage.experiment_driver_staging_path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / controller.experiment_state_file_name).write_text('{"trial_data": []}')


def _count_nothing(callbacks: Any) -> bool:
    """Callbacks are not counted by kind for Ray's usage report.

    To know the kinds Tune imports every tracker that is installed, which takes seconds.
    """
    return False


def _plain_actor(cache: _ActorClassCache, trainable: type) -> Any:
    """The actor's class without a runtime environment.

    Tune's own sets one for PyTorch Lightning, to which none of the workers fits that Ray starts
    ahead: each trial's process would be started anew while those are thrown away.
    """
    if trainable not in cache._cache:
        cache._cache[trainable] = ray.remote(trainable)
    return cache._cache[trainable]


REPLACED = (
    (TuneController, "save_to_dir", _save_nothing),
    (usage, "tag_callbacks", _count_nothing),
    (_ActorClassCache, "get", _plain_actor),
)


@contextmanager
def lean_tune() -> Iterator[None]:
    """Takes it out for as long as trials run."""
    theirs = [getattr(owner, name) for owner, name, _ in REPLACED]
    for owner, name, ours in REPLACED:
        setattr(owner, name, ours)
    try:
        yield
    finally:
        for (owner, name, _), kept in zip(REPLACED, theirs, strict=True):
            setattr(owner, name, kept)
