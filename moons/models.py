"""The VAE and the CVAE, and what a model of one's own has to offer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from moons.config import Activation, Config
from moons.labels import coded, label_columns
from moons.prior import Prior, build_prior
from moons.randomness import seeded
from moons.weights import load_weights

PROBED = 4  # points that a model is tried out on
ACTIVATIONS: Mapping[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "silu": nn.SiLU,
}


def mlp(
    n_in: int, hidden: Sequence[int], n_out: int, activation: Activation = "relu"
) -> nn.Sequential:
    """A network with a linear output; `hidden` lists the widths, input side first."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(n_in, width), ACTIVATIONS[activation]()]
        n_in = width
    return nn.Sequential(*layers, nn.Linear(n_in, n_out))


class Encoder(nn.Module):
    """x, and the label columns where there are any -> the posterior's mean and log variance."""

    def __init__(
        self,
        n_in: int,
        hidden: Sequence[int],
        latent_dim: int,
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        self.net = mlp(n_in, hidden, 2 * latent_dim, activation)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, each (batch, latent), of points (batch, columns + labels)."""
        mean, log_var = self.net(x).chunk(2, dim=-1)
        return mean, log_var


class Decoder(nn.Module):
    """z, and the label columns where there are any -> the mean of x."""

    def __init__(
        self,
        n_in: int,
        hidden: Sequence[int],
        data_dim: int,
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        self.net = mlp(n_in, hidden, data_dim, activation)

    def forward(self, z: Tensor) -> Tensor:
        """Means (..., columns) of latents (..., latent + labels)."""
        x_hat: Tensor = self.net(z)
        return x_hat


class VAE(nn.Module):
    """A variational autoencoder with a diagonal Gaussian posterior (arXiv:1312.6114).

    A user's own model derives from it, or is a module with its constructor, `encode`, `decode` and
    `forward`. Whether it looks at labels is what its family says, or its own `label_dim`. It reads
    `config.activation` itself; its prior is what the config names, or its own `prior`.
    """

    label_dim = 0

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.data_dim, self.classes = config.data_dim, config.classes
        seen, drawn = config.data_dim + self.label_dim, config.latent_dim + self.label_dim
        how = config.activation
        self.encoder = Encoder(seen, config.encoder_widths, config.latent_dim, how)
        self.decoder = Decoder(drawn, config.decoder_widths, config.data_dim, how)
        self.prior = build_prior(config)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The posterior q(z|x) of each point.

        Args:
            x: points, shape (batch, columns).
            y: labels, shape (batch,); a VAE does not look at them.

        Returns:
            Mean and log variance, each of shape (batch, latent).
        """
        return self.encoder(self._with_label(x, y))  # type: ignore[no-any-return]

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean of p(x|z), (..., batch, columns), for latents of shape (..., batch, latent)."""
        return self.decoder(self._with_label(z, y))  # type: ignore[no-any-return]

    def forward(
        self, x: Tensor, y: Tensor, noise: Tensor, eps_w: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstructs x from latent samples, z = mean + eps_w * sigma * noise.

        Args:
            x: points, shape (batch, columns).
            y: labels, shape (batch,).
            noise: standard normal draws, shape (batch, latent), or (samples, batch, latent) where
                `config.importance_samples` asks for more than one.
            eps_w: factor on the posterior's standard deviation; 1 is the VAE of the paper.

        Returns:
            The reconstruction (batch, columns), or (samples, batch, columns), and the posterior's
            mean and log variance (batch, latent).
        """
        mean, log_var = self.encode(x, y)
        z = mean + eps_w * torch.exp(0.5 * log_var) * noise
        return self.decode(z, y), mean, log_var

    def _with_label(self, values: Tensor, y: Tensor) -> Tensor:
        return values


class CVAE(VAE):
    """A VAE whose encoder and decoder also see the label (Sohn et al. 2015)."""

    label_dim = 1

    def __init__(self, config: Config) -> None:
        self.label_dim = label_columns(config.classes)
        super().__init__(config)

    def _with_label(self, values: Tensor, y: Tensor) -> Tensor:
        label = coded(y, self.classes, values.dtype)  # (batch,) -> (batch, labels)
        return torch.cat([values, label.expand(*values.shape[:-1], self.label_dim)], dim=-1)


MODELS: dict[str, type[VAE]] = {"vae": VAE, "cvae": CVAE}


def build_model(config: Config, seed: int, model_class: type[VAE] | None = None) -> VAE:
    """A model with torch's usual initial weights, the same for the same seed.

    Args:
        config: its family and sizes.
        seed: what the weights are drawn from; the global generators are left as they were.
        model_class: a model of one's own in place of the family's.

    Raises:
        ValueError: the class does not make what `VAE` describes.
    """
    if model_class is not None and not isinstance(model_class, type):
        raise ValueError(f"model_class must be a class, see moons.models.VAE, got {model_class!r}")
    with seeded(seed):
        try:
            model = (model_class or MODELS[config.family])(config)
        except SystemExit as error:  # which would end the worker
            raise ValueError(f"{model_class.__name__} raises SystemExit: {error}") from error  # type: ignore[union-attr]
        if not isinstance(model, nn.Module):
            kind = getattr(model_class, "__name__", model_class)
            raise ValueError(f"{kind} must be a torch.nn.Module, got {type(model).__name__}")
        for name in ("encode", "decode", "forward"):
            if getattr(type(model), name, None) in (None, nn.Module.forward):
                raise ValueError(f"{type(model).__name__} has no {name}, see moons.models.VAE")
        for name in ("latent_dim", "data_dim", "classes"):
            if not hasattr(model, name):
                setattr(model, name, getattr(config, name))
        if not hasattr(model, "label_dim"):
            model.label_dim = label_columns(config.classes) if config.family == "cvae" else 0
        if not isinstance(getattr(model, "prior", None), Prior):
            model.prior = build_prior(config)
        if any(map(is_lazy, model.parameters())):  # lazy layers take their shapes from a first call
            try_out(model, config)
        return model


def try_out(model: VAE, config: Config) -> None:
    """Calls every method of a model once, which leaves it as it was.

    Raises:
        ValueError: a method raises, or answers with something else than `VAE` describes.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(PROBED, config.data_dim, generator=generator)
    noise = torch.randn(PROBED, config.latent_dim, generator=generator)
    y = torch.arange(PROBED) % config.classes
    with evaluation_mode(model), torch.no_grad():
        _try(model, "encode", (x, y), [noise.shape, noise.shape])
        _try(model, "decode", (noise, y), [x.shape])
        if config.importance_samples > 1:
            several = noise.expand(config.importance_samples, *noise.shape)
            shapes = [torch.Size([*several.shape[:2], config.data_dim]), noise.shape, noise.shape]
            _try(model, "forward", (x, y, several, config.eps_w), shapes)
        else:
            _try(model, "forward", (x, y, noise, config.eps_w), [x.shape, noise.shape, noise.shape])


def _try(model: VAE, method: str, given: tuple[Any, ...], asked: list[torch.Size]) -> None:
    what = f"{type(model).__name__}.{method}"
    before = [value.clone() for value in given if isinstance(value, Tensor)]
    try:
        got = getattr(model, method)(*given)
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{what} raises {type(error).__name__}: {said}") from error
    after = [value for value in given if isinstance(value, Tensor)]
    if not all(map(torch.equal, before, after)):
        raise ValueError(f"{what} changes what it is given; it must compute with a copy")
    parts = got if isinstance(got, tuple | list) else [got]
    found = [part.shape if isinstance(part, Tensor) else type(part).__name__ for part in parts]
    if found != asked:
        wanted = " and ".join(str(tuple(shape)) for shape in asked)
        answer = " and ".join(str(tuple(f) if isinstance(f, torch.Size) else f) for f in found)
        raise ValueError(f"{what} must return tensors of shape {wanted}, got {answer}")


@contextmanager
def evaluation_mode(model: nn.Module, seed: int = 0) -> Iterator[None]:
    """The model is evaluated, and afterwards in the mode it was in, all of its modules.

    What it draws unasked is the same each time that this is entered with the same seed.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with seeded(seed, model):
            yield
    finally:
        for module, training in modes.items():
            module.training = training


def trained_model(
    config: Config, weights: Mapping[str, Tensor], model_class: type[VAE] | None = None
) -> VAE:
    """A model with the weights that training ended with, in evaluation mode.

    Raises:
        ValueError: the weights are of another model.
    """
    model = build_model(config, 0, model_class)
    load_weights(model, weights)
    return model.eval()


def count_parameters(config: Config, model_class: type[VAE] | None = None) -> int:
    """Trainable numbers of the family's model, or of one's own."""
    model = build_model(config, 0, model_class)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
