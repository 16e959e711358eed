"""A grid of four trials that meet what can go wrong in training, and what can go right."""

import torch

from moons.config import Config
from moons.models import VAE
from search_spaces.space import Choice, SearchSpace

RAISES, GIVES_NAN, GIVES_INF, SOUND = 2, 3, 4, 5


class Faulty(VAE):
    def __init__(self, config: Config) -> None:
        super().__init__(config)
        if self.latent_dim == RAISES:
            raise RuntimeError("this latent is cursed")

    def decode(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        x_hat = super().decode(z, y)
        if self.latent_dim == GIVES_NAN:
            return x_hat * float("nan")
        return x_hat + float("inf") if self.latent_dim == GIVES_INF else x_hat


SPACE = SearchSpace(
    name="faulty",
    about="one trial raises, one gives nan, one gives inf, one is sound",
    family="vae",
    searched={"latent_dim": Choice(RAISES, GIVES_NAN, GIVES_INF, SOUND)},
    fixed={"batch_size": 256},
    sampler="grid",
    model=Faulty,
)
