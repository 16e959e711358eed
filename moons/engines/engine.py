"""What every engine does, however it computes an epoch."""

from typing import Protocol

from torch import Tensor

from moons.config import EngineName
from moons.objective import Losses
from moons.snapshot import EngineState

CLIP_NORM = 0.5  # of the gradient, in every engine


class Engine(Protocol):
    """Holds a model and its optimizer, and trains it an epoch at a time."""

    name: EngineName

    def train_epoch(self, order: Tensor, noise: Tensor, lr: float) -> Losses:
        """One pass over the training split.

        Args:
            order: a permutation of the points, shape (n_train,).
            noise: standard normal draws for the points in that order, a row a sample's latent,
                shape (samples * latent, n_train).
            lr: Adam's learning rate.

        Returns:
            Means over the points, each under the weights its batch met.
        """

    def validate(self) -> Losses:
        """The objective on the validation split, under fixed noise."""

    def keep(self) -> None:
        """Keeps a copy of the weights as they are now."""

    def kept(self) -> dict[str, Tensor]:
        """The weights last kept, by the names of the model's `state_dict`."""

    def state(self) -> EngineState:
        """A copy of all that its epochs have changed."""

    def restore(self, state: EngineState) -> None:
        """Goes on from the state of an engine that was made alike."""
