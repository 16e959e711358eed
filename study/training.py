"""A trial's training between two reports; a worker runs it, a test runs it without Ray."""

import os
import socket
import time
from itertools import islice
from typing import Any

from moons.checkpoint import pack_weights
from moons.fit import Diverged, fit, start
from moons.models import count_parameters
from study.record.curves import Block
from study.trial import Report, TrialJob


class TrialTraining:
    """Trains one trial, a rung at a time."""

    def __init__(self, job: TrialJob) -> None:
        self._job = job
        self._train_s = 0.0
        self._run = start(
            job.config, job.seed, engine=job.engine, model_class=job.model_class, data=job.data
        )
        self._records = fit(self._run)
        self._n_parameters = count_parameters(job.config, job.model_class)

    def advance(self) -> Report:
        """Trains to the next rung, or to the end, and says how it went."""
        run, began = self._run, time.perf_counter()
        target = next((r for r in self._job.rungs if r > run.epoch), self._job.config.max_epochs)
        records = list(islice(self._records, target - run.epoch))
        # A rung may fall on the very epoch where training ends: the outcome is known by then.
        self._train_s += time.perf_counter() - began
        blocks = (Block.of(0, records),) if records else ()
        outcome = run.outcome
        if isinstance(outcome, Diverged):
            return Report(
                status="diverged",
                epochs=run.epoch,
                blocks=blocks,
                row=self._row(),
                error=f"{outcome.term} was not finite in epoch {outcome.epoch}",
            )
        return Report(
            status="running" if outcome is None else "complete",
            epochs=run.epoch,
            blocks=blocks,
            metrics=self._metrics(),
            row=self._row(),
            weights=None if outcome is None else pack_weights(run.best_weights()),
        )

    def _metrics(self) -> dict[str, float]:
        return {name: float(getattr(self._run.best, name)) for name in self._job.metrics}

    def _row(self) -> dict[str, Any]:
        best = self._run.best
        return {
            "epochs": self._run.epoch,
            "best_epoch": best.epoch if best else None,
            "val_mse": best.val_mse if best else None,
            "val_loss": best.val_loss if best else None,
            "val_kl": best.val_kl if best else None,
            "train_s": round(self._train_s, 6),
            "engine": self._run.engine.name,
            "n_parameters": self._n_parameters,
            "worker": f"{socket.gethostname()}:{os.getpid()}",
        }
