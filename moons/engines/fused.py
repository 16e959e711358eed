"""The fused engine: an epoch of a ReLU `VAE` or `CVAE` is one call of a compiled kernel."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from moons.config import Config, EngineName
from moons.data import Moons, Split
from moons.engines.cache import compiled
from moons.engines.engine import CLIP_NORM, Engine
from moons.engines.kernel.epoch import TRAIN_EPOCH, VALIDATE, train_epoch, validate
from moons.engines.kernel.layout import PANEL, Layer, arrange
from moons.models import MODELS, VAE, X_DIM, Decoder, Encoder
from moons.objective import Losses
from moons.snapshot import EngineState

# The settings that the kernel and the loop around it see to, with the values that they know; None
# where those are all that `Config` allows. Any other setting sends a trial to the torch engine, so
# that a new one belongs here only when the kernel computes it.
SUPPORTED: Mapping[str, frozenset[object] | None] = {
    "family": frozenset({"vae", "cvae"}),
    "monitor": frozenset({"val_mse", "val_loss"}),
    **dict.fromkeys(("encoder_hidden", "encoder_layers", "decoder_hidden", "decoder_layers")),
    **dict.fromkeys(("latent_dim", "lr", "batch_size", "beta", "eps_w")),
    **dict.fromkeys(("n_samples", "noise", "data_seed")),
    **dict.fromkeys(("max_epochs", "min_epochs", "patience", "plateau_patience")),
    **dict.fromkeys(("schedule", "keep", "prior_components")),
    "objective": frozenset({"elbo"}),
    "importance_samples": frozenset({1}),
    "activation": frozenset({"relu"}),
    "prior": frozenset({"standard"}),
}


class FusedEngine(Engine):
    """Trains a copy of a model's weights.

    Raises:
        ValueError: the kernel does not know a setting, or the model's architecture.
    """

    name: EngineName = "fused"

    def __init__(self, model: VAE, config: Config, data: Moons, val_noise: Tensor) -> None:
        problem = unknown_setting(config) or unknown_architecture(model)
        if problem is not None:
            raise ValueError(problem)
        self._config = config
        linears = {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear)}
        encoder, decoder = (_widths(part.net) for part in (model.encoder, model.decoder))
        self._plan, self._layers, length = arrange(encoder, decoder, model.label_dim)
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
            ones = layer.below + layer.n_in * PANEL
            self._buffer[ones : ones + PANEL] = 1.0
        self._train, self._val = _points(data.train), _points(data.val)
        self._val_order = np.arange(len(data.val), dtype=np.int64)
        self._val_noise = np.ascontiguousarray(val_noise.numpy())
        self._sums = np.zeros(2)
        self._step = 0
        self._kept = np.empty(0, dtype=np.float32)
        self._train_epoch = compiled(train_epoch, TRAIN_EPOCH)
        self._validate = compiled(validate, VALIDATE)

    @override
    def train_epoch(self, order: Tensor, noise: Tensor, lr: float) -> Losses:
        config = self._config
        self._train_epoch(
            self._data,
            self._plan,
            self._layers,
            self._train,
            order.numpy(),
            np.ascontiguousarray(noise.numpy()),
            self._sums,
            lr,
            CLIP_NORM,
            self._step,
            config.beta,
            config.eps_w,
            config.batch_size,
        )
        self._step += -(-len(order) // config.batch_size)
        return self._losses(len(order))

    @override
    def validate(self) -> Losses:
        self._validate(
            self._data,
            self._plan,
            self._layers,
            self._val,
            self._val_order,
            self._val_noise,
            self._sums,
            self._config.eps_w,
        )
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
        return tensors

    def _losses(self, n_points: int) -> Losses:
        squared_error, kl = self._sums.tolist()
        return Losses.from_sums(squared_error, kl, n_points, self._config.beta)

    def _matrices(self, buffer: Tensor) -> list[tuple[Tensor, Layer]]:
        """Views of each layer's weights, shape (n_out, stride), with the bias in column n_in."""
        layers = [Layer(*row) for row in self._layers.tolist()]
        return [
            (buffer[la.weight : la.weight + la.n_out * la.stride].view(la.n_out, la.stride), la)
            for la in layers
        ]


def unknown_setting(config: Config) -> str | None:
    """Which setting the kernel does not know, in a sentence, or None."""
    for field in dataclasses.fields(config):
        value, known = getattr(config, field.name), SUPPORTED.get(field.name, frozenset())
        if known is not None and value not in known:
            allowed = f"it knows {', '.join(map(str, known))}" if known else "it does not know that"
            return f"the kernel is not written for {field.name} {value!r}; {allowed}"
    return None


def unknown_architecture(model: nn.Module) -> str | None:
    """Why the kernel cannot train the model, in a sentence, or None."""
    kind = type(model).__name__
    if not isinstance(model, VAE) or type(model) not in MODELS.values():
        return f"the kernel is written for {' and '.join(MODELS)}, got the class {kind}"
    n_label, latent = model.label_dim, model.latent_dim
    ends = {
        "encoder": (Encoder, X_DIM + n_label, 2 * latent),
        "decoder": (Decoder, latent + n_label, X_DIM),
    }
    for name, (part_type, n_in, n_out) in ends.items():
        part = getattr(model, name, None)
        net = getattr(part, "net", None)
        if type(part) is not part_type or not _is_relu_mlp(net, n_in, n_out):
            got = (
                ", ".join(type(m).__name__ for m in net) if isinstance(net, nn.Sequential) else net
            )
            return f"the kernel is written for ReLU MLPs, the {name} of {kind} is made of {got}"
    linears = sum(isinstance(module, nn.Linear) for module in model.modules())
    if len(model.state_dict()) != 2 * linears:
        return f"the kernel knows the weights of encoder and decoder alone, {kind} has more"
    if (X_DIM, n_label) not in ((2, 0), (2, 1)):
        return f"the kernel is written for 2 coordinates and 1 label, got {X_DIM} and {n_label}"
    return None


def _is_relu_mlp(net: object, n_in: int, n_out: int) -> bool:
    if type(net) is not nn.Sequential or len(net) % 2 == 0:
        return False
    modules = list(net)
    if any(type(module) is not nn.ReLU for module in modules[1::2]):
        return False
    for module in modules[::2]:
        if type(module) is not nn.Linear or module.bias is None or module.in_features != n_in:
            return False
        if module.weight.dtype != torch.float32:
            return False
        n_in = int(module.out_features)
    return n_in == n_out


def _widths(net: nn.Sequential) -> list[int]:
    linears = [module for module in net if isinstance(module, nn.Linear)]
    return [linears[0].in_features, *(linear.out_features for linear in linears)]


def _points(split: Split) -> NDArray[np.float32]:
    return np.column_stack([split.x, split.y]).astype(np.float32).ravel()
