"""A small training problem for one engine or two: a model, data, and an epoch's draws."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from moons.config import Config
from moons.data import DataSet
from moons.models import VAE, build_model
from moons.split import Split


@dataclass(frozen=True)
class Problem:
    """What an engine is made of, and what it is handed in an epoch."""

    config: Config
    model: VAE
    data: DataSet
    order: Tensor
    noise: Tensor
    val_noise: Tensor

    def engine(self, kind):
        return kind(self.model, self.config, self.data, self.val_noise)


def make_problem(config: Config, n_train: int, n_val: int = 7, seed: int = 0) -> Problem:
    rng = np.random.default_rng(seed)

    def split(n):
        return Split(
            rng.normal(size=(n, config.data_dim)).astype(np.float32),
            rng.integers(0, config.classes, n),
        )

    def noise(n):
        rows = config.importance_samples * config.latent_dim
        return torch.from_numpy(rng.normal(size=(rows, n)).astype(np.float32))

    data = DataSet(split(n_train), split(n_val), split(1))
    model = build_model(config, seed)
    order = torch.from_numpy(rng.permutation(n_train))
    return Problem(config, model, data, order, noise(n_train), noise(n_val))
