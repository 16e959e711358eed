"""How an epoch is computed: a readable torch step, and a fused kernel that does the same faster."""

import warnings
from typing import Protocol, get_args

from torch import Tensor

from moons.config import Config, EngineChoice, EngineName
from moons.data import Moons
from moons.models import MODELS, VAE
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

    def state(self) -> EngineState:
        """A copy of all that its epochs have changed."""

    def restore(self, state: EngineState) -> None:
        """Goes on from the state of an engine that was made alike."""


def choose_engine(
    choice: EngineChoice, model: VAE, config: Config, data: Moons, val_noise: Tensor
) -> Engine:
    """The engine that `choice` asks for.

    `auto` takes the fused kernel where it computes what the model does: for `VAE` and `CVAE` as
    long as they and their objective are what the kernel was written for.

    Raises:
        ValueError: the choice is unknown, or is `fused` and the kernel does not fit the model.
    """
    from moons.engines.reference import TorchEngine

    if choice not in get_args(EngineChoice):
        raise ValueError(f"engine must be one of {', '.join(get_args(EngineChoice))}, got {choice}")
    if choice == "torch":
        return TorchEngine(model, config, data, val_noise)
    from moons.engines.agreement import obstacle
    from moons.engines.fused import FusedEngine

    problem = obstacle(model, config)
    if problem is None:
        return FusedEngine(model, config, data, val_noise)
    if choice == "fused":
        raise ValueError(f"engine fused does not fit the model: {problem}")
    if type(model) in MODELS.values():  # the kernel was meant for it
        warnings.warn(f"trained with the slower torch engine: {problem}", stacklevel=2)
    return TorchEngine(model, config, data, val_noise)


def warm_up() -> None:
    """Loads the compiled kernels, or compiles them, so that the first run need not."""
    from moons.engines.cache import compiled
    from moons.engines.kernel.epoch import TRAIN_EPOCH, VALIDATE, train_epoch, validate
    from moons.engines.kernel.gaussians import SUM_GAUSSIANS, sum_gaussians
    from moons.engines.kernel.random import DRAW, draw

    compiled(draw, DRAW)
    compiled(train_epoch, TRAIN_EPOCH)
    compiled(validate, VALIDATE)
    compiled(sum_gaussians, SUM_GAUSSIANS)
