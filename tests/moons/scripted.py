"""An engine that trains nothing and reports what a test tells it to."""

from collections.abc import Sequence

import torch

from moons.config import Config
from moons.engines.engine import Engine
from moons.fit import Run, start
from moons.objective import Losses


class ScriptedEngine(Engine):
    """Plays back losses, one pair an epoch; its weights are the number of the epoch.

    Attributes:
        seen: what `fit` handed to each epoch: order, noise and learning rate.
    """

    name = "torch"

    def __init__(self, train: Sequence[Losses], val: Sequence[Losses]) -> None:
        self._train, self._val = train, val
        self._kept: dict[str, torch.Tensor] = {}
        self.seen: list[tuple[torch.Tensor, torch.Tensor, float]] = []

    def train_epoch(self, order, noise, lr):
        self.seen.append((order, noise, lr))
        return self._train[len(self.seen) - 1]

    def validate(self):
        return self._val[len(self.seen) - 1]

    def keep(self):
        self._kept = {"epoch": torch.tensor(len(self.seen))}

    def kept(self):
        return self._kept


def scripted_run(
    val_mse: Sequence[float],
    *,
    val_loss: Sequence[float] | None = None,
    train_loss: Sequence[float] | None = None,
    **settings,
) -> Run:
    """A run whose validation goes as told; where its end is not reached, the script is too short.

    Args:
        val_mse: one an epoch.
        val_loss: likewise; `val_mse` where it is left out.
        train_loss: likewise; 1 in every epoch where it is left out.
        settings: of the `Config`; the patience is as long as the script unless told.
    """
    n = len(val_mse)
    settings = {"max_epochs": n, "min_epochs": 1, "patience": n, "n_samples": 20} | settings
    run = start(Config(**settings), seed=0, engine="torch")
    train = [Losses(loss, 0.5, 0.5) for loss in train_loss or [1.0] * n]
    pairs = zip(val_loss or val_mse, val_mse, strict=True)
    run.engine = ScriptedEngine(train, [Losses(loss, mse, 0.25) for loss, mse in pairs])
    return run
