"""The VAE and the CVAE, and what a model of one's own has to offer."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from moons.config import Config

X_DIM = 2


def mlp(n_in: int, hidden: Sequence[int], n_out: int) -> nn.Sequential:
    """A ReLU network with a linear output; `hidden` lists the widths, input side first."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(n_in, width), nn.ReLU()]
        n_in = width
    return nn.Sequential(*layers, nn.Linear(n_in, n_out))


class Encoder(nn.Module):
    """x, and the label columns where there are any -> the posterior's mean and log variance."""

    def __init__(self, label_dim: int, hidden: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        self.net = mlp(X_DIM + label_dim, hidden, 2 * latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, each (batch, latent), of points (batch, 2 + labels)."""
        mean, log_var = self.net(x).chunk(2, dim=-1)
        return mean, log_var


class Decoder(nn.Module):
    """z, and the label columns where there are any -> the mean of x."""

    def __init__(self, label_dim: int, hidden: Sequence[int], latent_dim: int) -> None:
        super().__init__()
        self.net = mlp(latent_dim + label_dim, hidden, X_DIM)

    def forward(self, z: Tensor) -> Tensor:
        """Means (batch, 2) of latents (batch, latent + labels)."""
        x_hat: Tensor = self.net(z)
        return x_hat


class VAE(nn.Module):
    """A variational autoencoder with a diagonal Gaussian posterior (arXiv:1312.6114).

    A model of one's own derives from it, or has its constructor, `encode`, `decode` and `forward`.
    """

    label_dim = 0

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.encoder = Encoder(self.label_dim, config.encoder_widths, config.latent_dim)
        self.decoder = Decoder(self.label_dim, config.decoder_widths, config.latent_dim)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The posterior q(z|x) of each point.

        Args:
            x: points, shape (batch, 2).
            y: moon labels, shape (batch,); a VAE does not look at them.

        Returns:
            Mean and log variance, each of shape (batch, latent).
        """
        return self.encoder(self._with_label(x, y))  # type: ignore[no-any-return]

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean of p(x|z), shape (batch, 2), for latents of shape (batch, latent)."""
        return self.decoder(self._with_label(z, y))  # type: ignore[no-any-return]

    def forward(
        self, x: Tensor, y: Tensor, noise: Tensor, eps_w: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstructs x from one latent sample, z = mean + eps_w * sigma * noise.

        Args:
            x: points, shape (batch, 2).
            y: moon labels, shape (batch,).
            noise: standard normal draws, shape (batch, latent).
            eps_w: factor on the posterior's standard deviation; 1 is the VAE of the paper.

        Returns:
            The reconstruction (batch, 2), the mean and the log variance (batch, latent).
        """
        mean, log_var = self.encode(x, y)
        z = mean + eps_w * torch.exp(0.5 * log_var) * noise
        return self.decode(z, y), mean, log_var

    def _with_label(self, values: Tensor, y: Tensor) -> Tensor:
        return values


class CVAE(VAE):
    """A VAE whose encoder and decoder also see the moon's label (Sohn et al. 2015)."""

    label_dim = 1

    def _with_label(self, values: Tensor, y: Tensor) -> Tensor:
        label = y.to(values.dtype).unsqueeze(-1)  # (batch,) -> (batch, 1)
        return torch.cat([values, label], dim=-1)


MODELS: dict[str, type[VAE]] = {"vae": VAE, "cvae": CVAE}


def build_model(config: Config, seed: int, model_class: type[VAE] | None = None) -> VAE:
    """A model with torch's usual initial weights, the same for the same seed.

    Args:
        config: its family and sizes.
        seed: what the weights are drawn from; torch's global generator is left as it was.
        model_class: a model of one's own in place of the family's.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return (model_class or MODELS[config.family])(config)


def count_parameters(config: Config, model_class: type[VAE] | None = None) -> int:
    """Trainable numbers of the family's model, or of one's own."""
    with torch.device("meta"):
        model = (model_class or MODELS[config.family])(config)
    return sum(p.numel() for p in model.parameters())
