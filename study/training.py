"""A trial's training between two reports; a worker runs it, a test runs it without Ray."""

import os
import socket
import time
from itertools import islice
from typing import Any, cast

from moons.checkpoint import pack_weights
from moons.evaluation import Measure, evaluate, measure
from moons.fit import Diverged, fit, start
from moons.models import MODELS, VAE, count_parameters
from study.record.curves import Block
from study.trial import Report, TrialJob

SEED = 0  # of evaluations: the same for all studies, so that models meet the same points


class TrialTraining:
    """Trains one trial, a rung at a time."""

    def __init__(self, job: TrialJob) -> None:
        self._job = job
        self._train_s = self._eval_s = 0.0
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
        if outcome is None:
            metrics = self._measure()
            return Report(
                status="running",
                epochs=run.epoch,
                blocks=blocks,
                metrics=metrics,
                row=self._row(),
            )
        row = self._evaluate() | self._row()
        return Report(
            status="complete",
            epochs=run.epoch,
            blocks=blocks,
            metrics={name: _defined(name, row[name]) for name in self._job.metrics},
            row=row,
            weights=pack_weights(run.best_weights()),
        )

    def _model(self) -> VAE:
        """The model with the best weights so far."""
        job = self._job
        model = (job.model_class or MODELS[job.config.family])(job.config)
        model.load_state_dict(self._run.best_weights())
        return model.eval()

    def _measure(self) -> dict[str, float]:
        """The study's metrics at a rung, and no more."""
        began = time.perf_counter()
        metrics = {name: self._figure(name) for name in self._job.metrics}
        self._eval_s += time.perf_counter() - began
        return metrics

    def _figure(self, name: str) -> float:
        if name in ("val_mse", "val_loss"):
            return float(getattr(self._run.best, name))
        return _defined(name, measure(cast(Measure, name), self._model(), self._job.config, SEED))

    def _evaluate(self) -> dict[str, Any]:
        """Everything that is measured of a trial that ran to its end."""
        began = time.perf_counter()
        row = evaluate(self._model(), self._job.config, SEED).as_row()
        self._eval_s += time.perf_counter() - began
        return dict(row)

    def _row(self) -> dict[str, Any]:
        best = self._run.best
        return {
            "epochs": self._run.epoch,
            "best_epoch": best.epoch if best else None,
            "val_mse": best.val_mse if best else None,
            "val_loss": best.val_loss if best else None,
            "val_kl": best.val_kl if best else None,
            "train_s": round(self._train_s, 6),
            "eval_s": round(self._eval_s, 6),
            "engine": self._run.engine.name,
            "n_parameters": self._n_parameters,
            "worker": f"{socket.gethostname()}:{os.getpid()}",
        }


def _defined(name: str, value: object) -> float:
    if value is None:
        raise ValueError(f"{name} is not defined for data without noise; give noise above 0")
    assert isinstance(value, float | int)
    return float(value)
