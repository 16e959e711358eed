"""How an epoch is computed: a readable torch step, and a fused kernel that does the same faster."""

import warnings
from typing import get_args

from torch import Tensor

from moons.config import Config, EngineChoice
from moons.data import DataSet
from moons.engines.engine import Engine
from moons.models import MODELS, VAE


def choose_engine(
    choice: EngineChoice,
    model: VAE,
    config: Config,
    data: DataSet,
    val_noise: Tensor,
    seed: int = 0,
) -> Engine:
    """The engine that `choice` asks for.

    `auto` takes the fused kernel where it computes what the model does: for `VAE` and `CVAE` as
    long as they, their settings and their objective are what the kernel was written for.

    Args:
        choice: which one.
        model: what to train.
        config: how.
        data: on what.
        val_noise: latent noise that every validation meets, shape (latent, n_val).
        seed: of what the model draws unasked.

    Raises:
        ValueError: the choice is unknown, or is `fused` and the kernel does not fit the model.
    """
    from moons.engines.reference import TorchEngine

    if choice not in get_args(EngineChoice):
        raise ValueError(f"engine must be one of {', '.join(get_args(EngineChoice))}, got {choice}")
    if choice == "torch":
        return TorchEngine(model, config, data, val_noise, seed)
    from moons.engines.agreement import obstacle
    from moons.engines.fused import FusedEngine

    problem = obstacle(model, config)
    if problem is None:
        return FusedEngine(model, config, data, val_noise)
    if choice == "fused":
        raise ValueError(f"engine fused does not fit the model: {problem}")
    if type(model) in MODELS.values():  # the kernel was meant for it
        warnings.warn(f"trained with the slower torch engine: {problem}", stacklevel=2)
    return TorchEngine(model, config, data, val_noise, seed)


def warm_up() -> None:
    """Loads the compiled kernels, or compiles them, so that the first run need not."""
    from moons.engines.cache import compiled
    from moons.engines.kernel.distances import SUM_DISTANCES, sum_distances
    from moons.engines.kernel.epoch import TRAIN_EPOCH, VALIDATE, train_epoch, validate
    from moons.engines.kernel.gaussians import SUM_GAUSSIANS, sum_gaussians
    from moons.engines.kernel.random import DRAW, draw

    compiled(draw, DRAW)
    compiled(train_epoch, TRAIN_EPOCH)
    compiled(validate, VALIDATE)
    compiled(sum_gaussians, SUM_GAUSSIANS)
    compiled(sum_distances, SUM_DISTANCES)
