"""The fused engine: an epoch of a `VAE` or `CVAE` is one call of a compiled kernel."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from moons.config import Config, EngineName
from moons.data import DataSet
from moons.engines.cache import compiled
from moons.engines.engine import CLIP_NORM, Engine
from moons.engines.kernel.epoch import TRAIN_EPOCH, VALIDATE, train_epoch, validate
from moons.engines.kernel.layout import PANEL, Layer, arrange
from moons.engines.supported import unknown_architecture, unknown_setting
from moons.labels import coded
from moons.models import VAE
from moons.objective import Losses
from moons.snapshot import EngineState
from moons.split import Split


class FusedEngine(Engine):
    """Trains a copy of a model's weights.

    Raises:
        ValueError: the kernel does not know a setting, or the model's architecture.
    """

    name: EngineName = "fused"

    def __init__(self, model: VAE, config: Config, data: DataSet, val_noise: Tensor) -> None:
        problem = unknown_setting(config) or unknown_architecture(model, config)
        if problem is not None:
            raise ValueError(problem)
        self._config = config
        linears = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
        encoder, decoder = (_widths(part.net) for part in (model.encoder, model.decoder))
        samples, activation = config.importance_samples, config.activation
        components = config.prior_components if config.prior == "mixture" else 0
        self._plan, self._layers, length = arrange(
            encoder, decoder, model.label_dim, samples, components, activation == "silu"
        )
        self._buffer = torch.zeros(length)
        self._data = self._buffer.numpy()
        self._weights = self._data[: self._plan.parameters]
        after = self._plan.second_moment + self._plan.parameters
        self._moments = self._data[self._plan.first_moment : after]
        self._names = list(linears)
        for linear, (matrix, layer) in zip(
            linears.values(), self._matrices(self._buffer), strict=True
        ):
            matrix[:, : layer.n_in] = linear.weight.detach()
            matrix[:, layer.n_in] = linear.bias.detach()
            copies = samples if layer.below >= self._plan.z else 1
            for copy in range(copies):
                ones = layer.below + layer.n_in * PANEL + copy * self._plan.copy
                self._buffer[ones : ones + PANEL] = 1.0
        self._prior = {f"prior.{name}": p.shape for name, p in model.prior.named_parameters()}
        for part, parameter in zip(
            self._prior_parts(self._buffer), model.prior.parameters(), strict=True
        ):
            part[:] = parameter.detach()
        labelled = config.classes if model.label_dim else 0
        self._train, self._val = (_points(part, labelled) for part in (data.train, data.val))
        self._val_order = np.arange(len(data.val), dtype=np.int64)
        self._val_noise = np.ascontiguousarray(val_noise.numpy())
        plain = (samples, activation, components, config.objective) == (1, "relu", 0, "elbo")
        self._sums = np.zeros(2 if plain else 3)
        self._constants = np.zeros((components, 2 + self._plan.latent), dtype=np.float32)
        self._step = 0
        self._kept = np.empty(0, dtype=np.float32)
        self._plain = plain
        if plain:
            self._train_epoch = compiled(train_epoch, TRAIN_EPOCH)
            self._validate = compiled(validate, VALIDATE)
        else:  # imported and loaded by those alone who need it
            from moons.engines.kernel import samples as kernel

            self._train_epoch = compiled(kernel.train_samples, kernel.TRAIN_SAMPLES)
            self._validate = compiled(kernel.validate_samples, kernel.VALIDATE_SAMPLES)
            self._kind = kernel.CODES[activation], config.objective == "iwae"

    @override
    def train_epoch(self, order: Tensor, noise: Tensor, lr: float) -> Losses:
        c, drawn = self._config, np.ascontiguousarray(noise.numpy())
        points = self._data, self._plan, self._layers, self._train, order.numpy(), drawn, self._sums
        steps = lr, CLIP_NORM, self._step, c.beta, c.eps_w, c.batch_size
        if self._plain:
            self._train_epoch(*points, *steps)
        else:
            self._train_epoch(*points, self._constants, *steps, *self._kind)
        self._step += -(-len(order) // c.batch_size)
        return self._losses(len(order))

    @override
    def validate(self) -> Losses:
        c, split = self._config, (self._val, self._val_order, self._val_noise)
        points = self._data, self._plan, self._layers, *split, self._sums
        if self._plain:
            self._validate(*points, c.eps_w)
        else:
            self._validate(*points, self._constants, c.beta, c.eps_w, *self._kind)
        return self._losses(len(self._val_order))

    @override
    def keep(self) -> None:
        self._kept = self._weights.copy()

    @override
    def kept(self) -> dict[str, Tensor]:
        return self._named(torch.from_numpy(self._kept)) if len(self._kept) else {}

    @override
    def state(self) -> EngineState:
        changed = {"weights": self._weights, "moments": self._moments, "kept": self._kept}
        return {name: array.copy() for name, array in changed.items()} | {"step": self._step}

    @override
    def restore(self, state: EngineState) -> None:
        self._weights[:] = state["weights"]
        self._moments[:] = state["moments"]
        self._kept, self._step = state["kept"].copy(), state["step"]

    def gradient(self) -> dict[str, Tensor]:
        """The last batch's gradient before it was clipped, by the names of the `state_dict`."""
        return self._named(self._buffer[self._plan.gradient :])

    def _named(self, buffer: Tensor) -> dict[str, Tensor]:
        tensors = {}
        for name, (matrix, layer) in zip(self._names, self._matrices(buffer), strict=True):
            tensors[f"{name}.weight"] = matrix[:, : layer.n_in].clone()
            tensors[f"{name}.bias"] = matrix[:, layer.n_in].clone()
        parts = zip(self._prior, self._prior_parts(buffer), strict=True)
        return tensors | {name: part.clone() for name, part in parts}

    def _losses(self, n_points: int) -> Losses:
        squared_error, kl, *gain = self._sums.tolist()
        return Losses.from_sums(
            squared_error, kl, (n_points, self._plan.columns), self._config.beta, *gain
        )

    def _prior_parts(self, buffer: Tensor) -> Iterator[Tensor]:
        """Views of the parameters of the prior."""
        start = self._plan.prior
        for shape in self._prior.values():
            yield buffer[start : start + shape.numel()].view(shape)
            start += shape.numel()

    def _matrices(self, buffer: Tensor) -> list[tuple[Tensor, Layer]]:
        """Views of each layer's weights, shape (n_out, stride), with the bias in column n_in."""
        layers = [Layer(*row) for row in self._layers.tolist()]
        return [
            (buffer[la.weight : la.weight + la.n_out * la.stride].view(la.n_out, la.stride), la)
            for la in layers
        ]


def _widths(net: nn.Sequential) -> list[int]:
    linears = [module for module in net if isinstance(module, nn.Linear)]
    return [linears[0].in_features, *(linear.out_features for linear in linears)]


def _points(split: Split, classes: int) -> NDArray[np.float32]:
    """Each point's coordinates and, of so many classes, its label as a network sees it; flat."""
    labels = [coded(torch.tensor(split.y), classes).numpy()] if classes else []
    return np.column_stack([split.x, *labels]).astype(np.float32).ravel()
