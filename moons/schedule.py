"""The learning rate's fall on a plateau."""

import math

FACTOR = 0.1
GAIN = 1e-4  # the least share by which a loss is better
LEAST_FALL = 1e-8  # a rate so small stays as it is


class PlateauSchedule:
    """What torch's `ReduceLROnPlateau` does, for engines with and without a torch optimizer.

    Torch's own holds an optimizer, and to make the first one in a process takes two seconds of
    imports, which is as long as many trials.
    """

    def __init__(self, lr: float, patience: int) -> None:
        self.lr = lr
        self._patience = patience
        self._best = math.inf
        self._worse = 0

    def step(self, val_loss: float) -> None:
        """Takes note of an epoch's validation loss; `lr` is the rate for the next epoch."""
        if val_loss < self._best * (1.0 - GAIN):
            self._best, self._worse = val_loss, 0
        else:
            self._worse += 1
        if self._worse > self._patience:
            self._worse = 0
            if self.lr * (1.0 - FACTOR) > LEAST_FALL:
                self.lr *= FACTOR
