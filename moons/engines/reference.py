"""The reference engine: autograd and torch's Adam, for every architecture."""

from copy import deepcopy

import torch
from torch import Tensor
from typing_extensions import override

from moons.config import Config, EngineName
from moons.data import Moons
from moons.engines.engine import CLIP_NORM, Engine
from moons.models import VAE
from moons.objective import Losses, NegativeElbo, negative_elbo
from moons.snapshot import EngineState


def batch_loss(model: VAE, x: Tensor, y: Tensor, noise: Tensor, config: Config) -> NegativeElbo:
    """What a step minimises; `noise` is of shape (batch, latent)."""
    x_hat, mean, log_var = model(x, y, noise, config.eps_w)
    return negative_elbo(x, x_hat, mean, log_var, config.beta)


class TorchEngine(Engine):
    """Trains any model that offers what `VAE` does."""

    name: EngineName = "torch"

    def __init__(self, model: VAE, config: Config, data: Moons, val_noise: Tensor) -> None:
        self._model = model
        self._config = config
        self._train_x = torch.tensor(data.train.x)
        self._train_y = torch.tensor(data.train.y)
        self._val_x = torch.tensor(data.val.x)
        self._val_y = torch.tensor(data.val.y)
        self._val_noise = val_noise.T
        self._optimizer = torch.optim.Adam(model.parameters(), lr=config.lr, fused=True)
        self._kept: dict[str, Tensor] = {}

    @override
    def train_epoch(self, order: Tensor, noise: Tensor, lr: float) -> Losses:
        config, model = self._config, self._model
        x, y, noise = self._train_x[order], self._train_y[order], noise.T
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        squared_error = kl = 0.0
        for start in range(0, len(x), config.batch_size):
            batch = slice(start, start + config.batch_size)
            loss = batch_loss(model, x[batch], y[batch], noise[batch], config)
            self._optimizer.zero_grad()
            loss.loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
            self._optimizer.step()
            squared_error += loss.squared_error.item()
            kl += loss.kl.item()
        return Losses.from_sums(squared_error, kl, len(x), config.beta)

    @override
    @torch.no_grad()
    def validate(self) -> Losses:
        x, y, config = self._val_x, self._val_y, self._config
        loss = batch_loss(self._model, x, y, self._val_noise, config)
        return Losses.from_sums(loss.squared_error.item(), loss.kl.item(), len(x), config.beta)

    @override
    def keep(self) -> None:
        self._kept = {name: t.detach().clone() for name, t in self._model.state_dict().items()}

    @override
    def kept(self) -> dict[str, Tensor]:
        return self._kept

    @override
    def state(self) -> EngineState:
        model, optimizer = self._model.state_dict(), self._optimizer.state_dict()
        return deepcopy({"model": model, "optimizer": optimizer, "kept": self._kept})

    @override
    def restore(self, state: EngineState) -> None:
        self._model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._kept = deepcopy(state["kept"])
