"""The learning rate's fall on a plateau, for engines with and without a torch optimizer."""

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

FACTOR = 0.1


class PlateauSchedule:
    """torch's `ReduceLROnPlateau` where the learning rate is a plain number."""

    def __init__(self, lr: float, patience: int) -> None:
        # The scheduler asks for an optimizer; this one holds the rate and nothing to optimise.
        self._holder = torch.optim.SGD([torch.zeros(1)], lr=lr)
        self._scheduler = ReduceLROnPlateau(self._holder, factor=FACTOR, patience=patience)

    @property
    def lr(self) -> float:
        """The rate for the next epoch."""
        return float(self._holder.param_groups[0]["lr"])

    def step(self, val_loss: float) -> None:
        """Takes note of an epoch's validation loss."""
        self._scheduler.step(val_loss)
