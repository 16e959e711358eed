"""Models whose posterior, decoder and density are known in closed form."""

import math

import torch
from torch import Tensor

from analysis.trained import TrainedTrial
from moons.checkpoint import Checkpoint
from moons.config import Config
from moons.data import load_data
from moons.models import VAE

SHIFT = 3.0  # what the label moves the decoder's x1 by


class Known(VAE):
    """Latents 1 and 2 are x times `scale`, further ones are the prior; the decoder undoes it."""

    def __init__(self, config: Config, scale: float = 1.0, sigma: float = 0.1) -> None:
        super().__init__(config)
        self.scale, self.sigma = scale, sigma

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        mean = torch.zeros(len(x), self.latent_dim)
        log_var = torch.zeros(len(x), self.latent_dim)
        seen = min(2, self.latent_dim)
        mean[:, :seen] = self.scale * x[:, :seen]
        log_var[:, :seen] = 2 * math.log(self.sigma)
        return mean, log_var

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        x = torch.zeros(len(z), 2)
        seen = min(2, self.latent_dim)
        x[:, :seen] = z[:, :seen] / self.scale
        x[:, 0] += self.label_dim * SHIFT * y
        return x


class KnownConditional(Known):
    label_dim = 1

    def __init__(self, config: Config, scale: float = 1.0, sigma: float = 0.1) -> None:
        VAE.__init__(self, config)
        self.scale, self.sigma = scale, sigma


def known_trial(
    latent_dim: int = 2,
    *,
    conditional: bool = False,
    scale: float = 1.0,
    sigma: float = 0.1,
    n_samples: int = 500,
    noise: float = 0.15,
) -> TrainedTrial:
    family = "cvae" if conditional else "vae"
    config = Config(family=family, latent_dim=latent_dim, n_samples=n_samples, noise=noise)
    model = (KnownConditional if conditional else Known)(config, scale, sigma).eval()
    data = load_data(config)
    return TrainedTrial(7, Checkpoint(model, config, seed=1), data)
