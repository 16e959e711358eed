"""How long each part of a study takes: one definition each, and one way to say it.

The dry run predicts these, the live view counts the first of them, and the end of a study, its
page and comparisons say what they came to.
"""

from dataclasses import dataclass

import pandas as pd

from moons.words import count, duration
from study.record.manifest import Manifest

# What every clock measures, for the documentation.
MEANS = {
    "study": "from the driver's start to its last table, over all its drivers; without the report",
    "start": "of the study, until a worker begins the first trial: Ray and the workers' imports",
    "trials": "of the study, from there to the end of the last trial",
    "training": "the trials' seconds of training, summed over workers",
    "evaluation": "the trials' seconds of evaluation, at rungs and at the end, summed over workers",
    "end": "of the study, after the last trial: retrainings with --confirm, and the record's end",
    "report": "drawing the page and the figures, after the study",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Seconds, as `MEANS` defines them.

    Attributes:
        workers: that training and evaluation are summed over; None where that is not known.
        confirmed: whether the end holds retrainings.
    """

    study: float
    start: float
    trials: float
    training: float
    evaluation: float
    workers: int | None = None
    confirmed: bool = False

    @classmethod
    def of(cls, trials: pd.DataFrame, manifest: Manifest) -> "Clocks | None":
        """From a study's table and manifest; None before its first trial began."""
        begun = trials.dropna(subset=["start_s"])
        if begun.empty:
            return None
        start, last = float(begun["start_s"].min()), float(begun[["start_s", "end_s"]].max().max())
        return cls(
            study=max(manifest.seconds or 0.0, last),
            start=start,
            trials=last - start,
            training=float(trials["train_s"].sum()),
            evaluation=float(trials["eval_s"].sum()),
            workers=manifest.workers,
            confirmed=bool(manifest.options.get("confirm")),
        )

    @property
    def end(self) -> float:
        """What is left of the study after its last trial."""
        return max(self.study - self.start - self.trials, 0.0)

    def __str__(self) -> str:
        """All of them in one line, without the report."""
        over = f", summed over {count(self.workers, 'worker')}" if self.workers else ""
        end = "retrainings and end" if self.confirmed else "end"
        return (
            f"study {duration(self.study)}: start {duration(self.start)}, trials "
            f"{duration(self.trials)}, {end} {duration(self.end)} (training "
            f"{duration(self.training)} and evaluation {duration(self.evaluation)}{over})"
        )
