"""A trial and its reports as trackers see them: plain names and plain numbers."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from study.training.job import Report, TrialJob


@dataclass(frozen=True, eq=False)
class TrialView:
    """What Ray's callbacks ask a trial for. In Tune's own the config is one opaque job.

    Attributes:
        trial_id: Tune's.
        experiment_dir_name: the study's name.
        folder: for the tracker's files of this trial.
    """

    job: TrialJob
    trial_id: str
    experiment_dir_name: str
    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """The settings of training, and the seed."""
        settings = self.job.config.as_dict() | {"trial": self.job.trial, "seed": self.job.seed}
        return {key: str(v) if isinstance(v, list) else v for key, v in settings.items()}

    @property
    def evaluated_params(self) -> dict[str, Any]:
        """The same, under TensorBoard's name."""
        return self.config

    @property
    def local_path(self) -> str:
        """The folder, as Tune names it."""
        return str(self.folder)

    def init_local_path(self) -> None:
        """Makes the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def __str__(self) -> str:
        return f"trial-{self.job.trial}"


def plain_result(report: Report) -> dict[str, float]:
    """The finite numbers of a report, by name; Tune's step is the epoch.

    `complete` is 1 in the last report of a trial that ran to its end: the best is chosen among
    those alone.
    """
    numbers = {key: value for key, value in report.row.items() if _is_number(value)}
    finished = {"complete": int(report.status == "complete")}
    step = {"epochs": report.epochs, "training_iteration": report.epochs}
    return numbers | report.metrics | finished | step


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
