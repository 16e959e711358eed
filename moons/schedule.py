"""How the learning rate falls: on a plateau, or as a cosine over the budget."""

import math
from dataclasses import dataclass, field

from moons.config import Config

FACTOR = 0.1
GAIN = 1e-4  # the least share by which a loss is better
LEAST_FALL = 1e-8  # a rate so small stays as it is


@dataclass(slots=True)
class PlateauSchedule:
    """What torch's `ReduceLROnPlateau` does, for engines with and without a torch optimizer.

    Torch's own holds an optimizer, and to make the first one in a process takes two seconds of
    imports, which is as long as many trials.

    Attributes:
        lr: the rate for the next epoch.
        patience: epochs without a better loss before the rate falls.
        best: the least loss so far.
        worse: epochs since then, or since the rate fell.
    """

    lr: float
    patience: int
    best: float = math.inf
    worse: int = 0

    def step(self, val_loss: float) -> None:
        """Takes note of an epoch's validation loss; `lr` is the rate for the next epoch."""
        if val_loss < self.best * (1.0 - GAIN):
            self.best, self.worse = val_loss, 0
        else:
            self.worse += 1
        if self.worse > self.patience:
            self.worse = 0
            if self.lr * (1.0 - FACTOR) > LEAST_FALL:
                self.lr *= FACTOR


@dataclass(slots=True)
class CosineSchedule:
    """What torch's `CosineAnnealingLR` does, a step an epoch: from `first` towards 0.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.

    Attributes:
        first: the rate of the first epoch.
        epochs: after which it would be 0.
        epoch: how many are over.
        lr: the rate for the next epoch.
    """

    first: float
    epochs: int
    epoch: int = 0
    lr: float = field(init=False)

    def __post_init__(self) -> None:
        self.lr = self.first

    def step(self, val_loss: float) -> None:
        """Takes note that an epoch is over, whatever its loss."""
        self.epoch += 1
        self.lr = self.first * (1 + math.cos(math.pi * self.epoch / self.epochs)) / 2


@dataclass(slots=True)
class GivenSchedule:
    """The rates of another run, one an epoch.

    Attributes:
        rates: of its epochs.
        epoch: how many are over.
    """

    rates: tuple[float, ...]
    epoch: int = 0

    @property
    def lr(self) -> float:
        """The rate for the next epoch; after the last one its own."""
        return self.rates[min(self.epoch, len(self.rates) - 1)]

    def step(self, val_loss: float) -> None:
        """Takes note that an epoch is over, whatever its loss."""
        self.epoch += 1


Schedule = PlateauSchedule | CosineSchedule | GivenSchedule


def schedule_of(config: Config) -> Schedule:
    """The schedule that a config names, at its start."""
    if config.schedule == "cosine":
        return CosineSchedule(config.lr, config.max_epochs)
    return PlateauSchedule(config.lr, config.plateau_patience)
