"""Trials slow enough to be killed in the middle, with numbers that time has no part in."""

import time

import torch

from moons.models import VAE
from search_spaces.base import BASE
from search_spaces.space import SearchSpace


class Slow(VAE):
    def encode(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        time.sleep(0.002)
        return super().encode(x, y)


SPACE = SearchSpace(
    name="slow",
    about="the base search with a model that dawdles",
    family="vae",
    searched={key: domain for key, domain in BASE.items() if key != "batch_size"},
    fixed={"batch_size": 256},
    model=Slow,
)
