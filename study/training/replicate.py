"""One of a trial's trainings, and what several of them come to together."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moons.evaluation import EVALUATION_SEED, MEASURES, Evaluation, evaluate
from moons.evaluation.pointwise import point_losses
from moons.fit import Run, fit, start
from moons.models import VAE
from moons.seeds import derive_seed
from moons.snapshot import EpochRecord
from study.record.curves import Block
from study.training.job import TrialJob

# These describe one model, not a mean over models: the first replicate's, whose weights are kept.
OF_THE_FIRST = ("best_epoch", "fresh_kl_per_latent")


class Replicate:
    """A trial's config trained from one of its seeds; the first is the trial's own."""

    def __init__(self, job: TrialJob, index: int) -> None:
        self._job = job
        self._index = index
        self.run: Run = start(
            job.config,
            job.seed if index == 0 else derive_seed(job.seed, "replicate", index),
            engine=job.engine,
            model_class=job.own_model(),
            data=job.data,
        )
        if job.snapshot is not None:
            self.run.restore(job.snapshot.runs[index])
        self._records: Iterator[EpochRecord] = fit(self.run)

    def train(self, epoch: int) -> tuple[Block, ...]:
        """Trains up to that epoch, or to its end before it; the epochs as a block, if any."""
        records = list(islice(self._records, max(0, epoch - self.run.epoch)))
        return (Block.of(self._index, records),) if records else ()

    def best(self) -> dict[str, Any]:
        """The best epoch so far, under the names of `trials.parquet`."""
        best = self.run.best
        return {
            "best_epoch": best.epoch if best else None,
            "val_mse": best.val_mse if best else None,
            "val_loss": best.val_loss if best else None,
            "val_kl": best.val_kl if best else None,
        }

    def measure(self, name: str) -> float:
        """One of the study's metrics, at the best epoch so far.

        Raises:
            ValueError: it is not defined for the config's data.
        """
        if name not in MEASURES:  # a loss
            return float(getattr(self.run.best, name))
        return defined(name, MEASURES[name](self.model(), self._job.config, EVALUATION_SEED))

    def evaluate(self) -> Evaluation:
        """Everything that is measured of a model that was trained to its end."""
        return evaluate(self.model(), self._job.config, EVALUATION_SEED)

    def losses(self, evaluation: Evaluation) -> dict[str, NDArray[np.float64]]:
        """What the evaluation's figures are means of, point by point."""
        run = self.run
        return point_losses(evaluation, self.model(), self._job.config, run.seed, run.data)

    def model(self) -> VAE:
        """The model with the best weights so far, in evaluation mode."""
        return self.run.best_model()


def mean_row(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The replicates' figures as one row: means; None where a replicate has none.

    The mean of standard errors over the same points is at least the standard error of the mean.
    """
    first = rows[0]
    if len(rows) == 1:
        return dict(first)
    return {
        name: value if name in OF_THE_FIRST else _mean([row[name] for row in rows])
        for name, value in first.items()
    }


def seed_errors(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Standard errors of the means over seeds, as `<name>_seed_se`; none for one replicate."""
    if len(rows) == 1:
        return {}
    found = {name: [row[name] for row in rows] for name in names}
    return {
        f"{name}_seed_se": None
        if None in values
        else statistics.stdev(values) / math.sqrt(len(values))
        for name, values in found.items()
    }


def defined(name: str, value: object) -> float:
    """A metric's value.

    Raises:
        ValueError: there is none.
    """
    if value is None:
        raise ValueError(f"{name} is not defined for data without noise; give noise above 0")
    assert isinstance(value, float | int)
    return float(value)


def _mean(values: Sequence[Any]) -> float | None:
    return None if None in values else statistics.fmean(values)
