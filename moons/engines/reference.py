"""The reference engine: autograd and torch's Adam, for every architecture."""

from copy import deepcopy

import torch
from torch import Tensor
from typing_extensions import override

from moons.config import Config, EngineName
from moons.data import DataSet
from moons.engines.engine import CLIP_NORM, Engine
from moons.models import VAE, evaluation_mode
from moons.objective import OBJECTIVES, BatchLoss, Losses, Reconstruction
from moons.prior import prior_of
from moons.randomness import Stream, reachable_generators
from moons.seeds import derive_seed
from moons.snapshot import EngineState
from moons.weights import attributes_of, load_weights, set_attributes, weights_of


def batch_loss(model: VAE, x: Tensor, y: Tensor, noise: Tensor, config: Config) -> BatchLoss:
    """What a step minimises; `noise` is as an engine has it, shape (samples * latent, batch)."""
    drawn = noise.reshape(config.importance_samples, -1, noise.shape[1]).transpose(1, 2)
    if config.importance_samples == 1:  # a user's own model need not know of more
        x_hat, mean, log_var = model(x, y, drawn[0], config.eps_w)
        x_hat = x_hat.unsqueeze(0)
    else:
        x_hat, mean, log_var = model(x, y, drawn, config.eps_w)
    made = Reconstruction(x_hat, mean, log_var, drawn)
    return OBJECTIVES[config.objective](x, made, prior_of(model), config.beta)


class TorchEngine(Engine):
    """Trains any model that offers what `VAE` does.

    What the model draws unasked, as dropout does, comes from two streams of this engine: one that
    goes on through training, and one that is the same in every validation.
    """

    name: EngineName = "torch"

    def __init__(
        self, model: VAE, config: Config, data: DataSet, val_noise: Tensor, seed: int = 0
    ) -> None:
        self._model = model
        self._config = config
        self._train_x = torch.tensor(data.train.x)
        self._train_y = torch.tensor(data.train.y)
        self._val_x = torch.tensor(data.val.x)
        self._val_y = torch.tensor(data.val.y)
        self._val_noise = val_noise
        self._seed = seed
        self._stream = Stream(derive_seed(seed, "training draws"), reachable_generators(model))
        trainable = [p for p in model.parameters() if p.requires_grad]
        fused = all(parameter.is_floating_point() for parameter in trainable)
        self._optimizer = torch.optim.Adam(trainable, config.lr, fused=fused) if trainable else None
        self._kept: dict[str, Tensor] = {}

    @override
    def train_epoch(self, order: Tensor, noise: Tensor, lr: float) -> Losses:
        config, model = self._config, self._model
        x, y = self._train_x[order], self._train_y[order]
        for group in self._optimizer.param_groups if self._optimizer else ():
            group["lr"] = lr
        squared_error = kl = gain = 0.0
        model.train()
        with self._stream.entered():
            for start in range(0, len(x), config.batch_size):
                batch = slice(start, start + config.batch_size)
                loss = batch_loss(model, x[batch], y[batch], noise[:, batch], config)
                self._step(loss.loss)
                squared_error += loss.squared_error.item()
                kl += loss.kl.item()
                gain += loss.gain.item()
        return Losses.from_sums(squared_error, kl, x.shape, config.beta, gain)

    def _step(self, loss: Tensor) -> None:
        if self._optimizer is None or not loss.requires_grad:
            return  # a model that has nothing to learn is measured all the same
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), CLIP_NORM)
        self._optimizer.step()

    @override
    def validate(self) -> Losses:
        return self.losses_of(self._model)

    @torch.no_grad()
    def losses_of(self, model: VAE) -> Losses:
        """What `validate` would say of another model."""
        x, y, config = self._val_x, self._val_y, self._config
        draws = derive_seed(self._seed, "validation draws")
        with evaluation_mode(model, draws):
            return batch_loss(model, x, y, self._val_noise, config).whole(x.shape, config.beta)

    @override
    def keep(self) -> None:
        self._kept = weights_of(self._model)

    @override
    def kept(self) -> dict[str, Tensor]:
        return self._kept

    @override
    def state(self) -> EngineState:
        model, optimizer = self._model, self._optimizer
        changed = {"weights": weights_of(model), "attributes": attributes_of(model)}
        changed |= {"optimizer": optimizer.state_dict() if optimizer else {}, "kept": self._kept}
        return deepcopy(changed | {"stream": self._stream.state})

    @override
    def restore(self, state: EngineState) -> None:
        load_weights(self._model, state["weights"])
        set_attributes(self._model, state["attributes"])
        if self._optimizer:
            self._optimizer.load_state_dict(state["optimizer"])
        self._kept, self._stream.state = deepcopy(state["kept"]), deepcopy(state["stream"])
