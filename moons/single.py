"""One training from a config to a folder: weights, config, curve and figures."""

import dataclasses
import os
import platform
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from moons.checkpoint import pack_weights, save_checkpoint
from moons.checksums import sealed_text
from moons.config import Config, EngineChoice
from moons.evaluated import EVALUATION_SEED
from moons.files import folder_appearing, write_whole
from moons.snapshot import EpochRecord

TRAINING = "training.json"
CURVE = tuple(f.name for f in dataclasses.fields(EpochRecord) if f.name != "epoch")
PACKAGES = ("torch", "numba", "numpy", "scipy", "scikit-learn")


class Divergence(Exception):
    """Training met a value that is not finite; one sentence."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A training that came to its end.

    Attributes:
        config, seed: what decided every number.
        weights: of the best epoch, in the safetensors format.
        curve: its epochs.
        row: its figures, under the names that a study's table of trials has.
        started: ISO 8601, UTC.
    """

    config: Config
    seed: int
    weights: bytes
    curve: tuple[EpochRecord, ...]
    row: Mapping[str, Any]
    started: str

    def save(self, folder: Path) -> None:
        """Writes the folder, which appears whole or not at all.

        Raises:
            FileExistsError: there is something already.
            OSError: it cannot be written.
        """
        curve = {name: [getattr(record, name) for record in self.curve] for name in CURVE}
        versions = {"python": platform.python_version()} | {p: version(p) for p in PACKAGES}
        about = {"seed": self.seed, "started": self.started, "versions": versions}
        with folder_appearing(folder) as draft:
            save_checkpoint(draft, self.weights, self.config, self.seed, self.config.family)
            whole = about | {"row": dict(self.row), "curve": curve}
            write_whole(draft / TRAINING, sealed_text(whole))


def train(
    config: Config,
    seed: int,
    engine: EngineChoice = "auto",
    watch: Callable[[EpochRecord], None] = lambda record: None,
) -> Trained:
    """Trains a config and evaluates it, to the numbers that a study's trial has.

    Args:
        config: what to train.
        seed: what to train it from.
        engine: what trains.
        watch: is told of every epoch.

    Raises:
        Divergence: a loss was not finite.
        ValueError: the engine does not fit the config.
    """
    import torch

    from moons.evaluation import evaluate
    from moons.fit import Diverged, fit, start
    from moons.models import count_parameters

    torch.set_num_threads(1)  # as a worker of a study has it
    started, began = datetime.now(UTC), time.perf_counter()
    run = start(config, seed, engine=engine)
    curve = []
    for record in fit(run):
        curve.append(record)
        watch(record)
    if isinstance(run.outcome, Diverged):
        raise Divergence(
            f"{run.outcome.term} was not finite in epoch {run.outcome.epoch}; a smaller lr may help"
        )
    assert run.best is not None
    trained = time.perf_counter()
    found = evaluate(run.best_model(), config, EVALUATION_SEED).as_row()
    best = run.best
    row = found | {
        "epochs": run.epoch,
        "best_epoch": best.epoch,
        "val_mse": best.val_mse,
        "val_loss": best.val_loss,
        "val_kl": best.val_kl,
        "train_s": round(trained - began, 6),
        "eval_s": round(time.perf_counter() - trained, 6),
        "engine": run.engine.name,
        "n_parameters": count_parameters(config),
        "worker": f"{socket.gethostname()}:{os.getpid()}",
    }
    return Trained(
        config=config,
        seed=seed,
        weights=pack_weights(run.best_weights()),
        curve=tuple(curve),
        row=row,
        started=started.isoformat(timespec="milliseconds"),
    )
