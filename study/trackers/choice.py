"""`--log`: which trackers there are, and whether they can be used here."""

import os
from importlib.util import find_spec
from typing import Literal, get_args

from study.errors import StudyError

Tracker = Literal["tensorboard", "mlflow", "wandb"]
TRACKERS: tuple[Tracker, ...] = get_args(Tracker)
MODULES: dict[Tracker, str] = {"tensorboard": "tensorboardX", "mlflow": "mlflow", "wandb": "wandb"}


def read_trackers(text: str | None) -> tuple[Tracker, ...]:
    """The trackers that a comma-separated list names; none for None and for `none`.

    Raises:
        StudyError: a name is no tracker's.
    """
    if text in (None, "none"):
        return ()
    assert text is not None
    named = dict.fromkeys(text.split(","))  # each once, in the order given
    if set(named) - set(TRACKERS):
        raise StudyError(f"--log must be none or some of {', '.join(TRACKERS)}, got {text!r}")
    return tuple(tracker for tracker in TRACKERS if tracker in named)


def check_usable(trackers: tuple[Tracker, ...]) -> None:
    """Refuses a tracker that could not keep anything, before anything is written.

    Raises:
        StudyError: its package is not installed, or it has no key.
    """
    for tracker in trackers:
        if find_spec(MODULES[tracker]) is None:
            raise StudyError(
                f"--log {tracker} needs the package {MODULES[tracker]}, which is not installed; "
                f"install moons-study[{tracker}], or leave {tracker} out"
            )
    if "wandb" in trackers:
        _check_wandb()


def _check_wandb() -> None:
    if os.environ.get("WANDB_MODE") in ("offline", "disabled"):
        return
    import wandb

    if not wandb.login(prompt=False):
        raise StudyError(
            "--log wandb needs a key: set WANDB_API_KEY or run `wandb login`; WANDB_MODE=offline "
            "keeps the runs in the study's folder"
        )
