"""How an epoch is computed: a readable torch step, and a fused kernel that does the same faster."""

from typing import Literal, Protocol, get_args

from torch import Tensor

from moons.config import Config
from moons.data import Moons
from moons.models import VAE
from moons.objective import Losses

EngineName = Literal["fused", "torch"]
EngineChoice = Literal["auto", "fused", "torch"]


class Engine(Protocol):
    """Holds a model and its optimizer, and trains it an epoch at a time."""

    name: EngineName

    def train_epoch(self, order: Tensor, noise: Tensor, lr: float) -> Losses:
        """One pass over the training split.

        Args:
            order: a permutation of the points, shape (n_train,).
            noise: standard normal draws for the points in that order, shape (latent, n_train).
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


def choose_engine(
    choice: EngineChoice, model: VAE, config: Config, data: Moons, val_noise: Tensor
) -> Engine:
    """The engine that `choice` asks for.

    Raises:
        ValueError: the choice is unknown.
    """
    from moons.engines.reference import TorchEngine

    if choice not in get_args(EngineChoice):
        raise ValueError(f"engine must be one of {', '.join(get_args(EngineChoice))}, got {choice}")
    return TorchEngine(model, config, data, val_noise)
