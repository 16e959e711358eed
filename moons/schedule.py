"""The learning rate's fall on a plateau."""

import math
from dataclasses import dataclass

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
