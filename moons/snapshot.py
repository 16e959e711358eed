"""What a run of training has come to: an epoch's figures, and all that it needs to go on elsewhere.

Nothing here needs torch, so that who only hands a snapshot on does not load it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from moons.schedule import Schedule

EngineState = Mapping[str, Any]  # of arrays and numbers; each engine knows its own


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch: means over the training batches as they came, then over the validation split.

    Units as in `Losses`; `lr` is the rate that the epoch was trained with.
    """

    epoch: int
    train_loss: float
    train_mse: float
    train_kl: float
    val_loss: float
    val_mse: float
    val_kl: float
    lr: float


@dataclass(frozen=True, slots=True)
class Finished:
    """Training ran to its end; `reason` is its patience or its largest number of epochs."""

    epoch: int
    reason: Literal["patience", "max_epochs"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run between two epochs: all that it needs to go on elsewhere, to the very same end.

    `finished` where the run had ended, while other replicates of its trial had not.
    """

    epoch: int
    best: EpochRecord | None
    schedule: Schedule
    draws: NDArray[np.uint32]
    engine: EngineState
    finished: Finished | None = None

    def __repr__(self) -> str:
        """Short: it holds all weights."""
        return f"Snapshot(epoch {self.epoch})"
