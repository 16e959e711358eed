"""A trial's training between two reports; a worker runs it, a test runs it without Ray."""

import os
import socket
import statistics
import time
from collections.abc import Callable
from typing import Any

from moons.checkpoint import pack_weights
from moons.fit import Diverged
from moons.models import count_parameters
from study.record.curves import Block
from study.record.point_losses import pack_losses
from study.training.job import Report, TrialJob, TrialSnapshot
from study.training.replicate import Replicate, defined, mean_row, seed_errors

LOSSES = ("val_mse", "val_loss", "val_kl")


class TrialTraining:
    """Trains one trial, a rung at a time: each of its replicates in turn.

    Where the job brings a snapshot, it goes on from there and ends as if it had never stopped.
    """

    def __init__(self, job: TrialJob) -> None:
        self._job = job
        snapshot = job.snapshot
        self._train_s = snapshot.train_s if snapshot else 0.0
        self._eval_s = snapshot.eval_s if snapshot else 0.0
        self._replicates = [Replicate(job, index) for index in range(job.replicates)]
        self._n_parameters = count_parameters(job.config, job.own_model())
        self._losses: bytes | None = None

    def advance(self) -> Report:
        """Trains to the next rung, or to the end, and says how it went."""
        began, blocks = time.perf_counter(), tuple[Block, ...]()
        target = self._next_report()
        for replicate in self._replicates:
            blocks += replicate.train(target)
            if isinstance(replicate.run.outcome, Diverged):
                break  # a mean over the others would hide it
        # A rung may fall on the very epoch where training ends: the outcome is known by then.
        self._train_s += time.perf_counter() - began
        if error := self._divergence():
            return Report(
                status="diverged",
                epochs=self._epochs,
                blocks=blocks,
                row=self._row(),
                error=error,
            )
        metrics = self._job.metrics
        if any(r.run.outcome is None for r in self._replicates):
            row = self._timed(self._measure)
            return Report(
                status="running",
                epochs=self._epochs,
                blocks=blocks,
                metrics={name: row[name] for name in metrics},
                row=self._row(),
                snapshot=self._snapshot(),
            )
        row = self._timed(self._evaluate) | self._row()
        return Report(
            status="complete",
            epochs=self._epochs,
            blocks=blocks,
            metrics={name: defined(name, row[name]) for name in metrics},
            row=row,
            weights=pack_weights(self._replicates[0].run.best_weights()),
            losses=self._losses,
        )

    def _snapshot(self) -> TrialSnapshot:
        runs = tuple(replicate.run.snapshot() for replicate in self._replicates)
        return TrialSnapshot(runs=runs, train_s=self._train_s, eval_s=self._eval_s)

    @property
    def _epochs(self) -> int:
        return max(replicate.run.epoch for replicate in self._replicates)

    def _next_report(self) -> int:
        return next((r for r in self._job.rungs if r > self._epochs), self._job.config.max_epochs)

    def _divergence(self) -> str | None:
        for index, replicate in enumerate(self._replicates):
            outcome = replicate.run.outcome
            if isinstance(outcome, Diverged):
                which = f" of replicate {index}" if self._job.replicates > 1 else ""
                return f"{outcome.term}{which} was not finite in epoch {outcome.epoch}"
        return None

    def _measure(self) -> dict[str, Any]:
        """The study's metrics at a rung, and no more."""
        return {
            name: statistics.fmean(replicate.measure(name) for replicate in self._replicates)
            for name in self._job.metrics
        }

    def _evaluate(self) -> dict[str, Any]:
        """Everything that is measured of a trial that ran to its end."""
        found = [replicate.evaluate() for replicate in self._replicates]
        if self._job.keep_losses:
            self._losses = pack_losses(self._replicates[0].losses(found[0]))
        dear = [name for name in self._job.metrics if name not in LOSSES]
        rows = [evaluation.as_row() for evaluation in found]
        for replicate, row in zip(self._replicates, rows, strict=True):
            row |= {name: replicate.measure(name) for name in dear if name not in row}
        return mean_row(rows) | seed_errors(rows, dear)

    def _timed(self, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        began = time.perf_counter()
        row = look()
        self._eval_s += time.perf_counter() - began
        return row

    def _row(self) -> dict[str, Any]:
        best = [replicate.best() for replicate in self._replicates]
        return {
            "epochs": self._epochs,
            **mean_row(best),
            **seed_errors(best, LOSSES),
            "train_s": round(self._train_s, 6),
            "eval_s": round(self._eval_s, 6),
            "replicates": self._job.replicates,
            "engine": self._replicates[0].run.engine.name,
            "n_parameters": self._n_parameters,
            "worker": f"{socket.gethostname()}:{os.getpid()}",
        }
