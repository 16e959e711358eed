"""What an epoch draws: the order of the points and the latent noise, the same for every engine."""

import numpy as np
import torch
from torch import Tensor

from moons.engines.cache import compiled
from moons.engines.kernel.random import DRAW, STREAMS, WORDS, draw


class Draws:
    """A stream of epochs' draws, a function of its seed."""

    def __init__(self, seed: int, n_points: int, latent: int) -> None:
        self._state = np.random.SeedSequence(seed).generate_state(WORDS * STREAMS)
        self._words = np.empty(-(-n_points // STREAMS) * STREAMS, dtype=np.uint32)
        self._order = torch.empty(n_points, dtype=torch.int64)
        self._noise = torch.empty(-(-latent * n_points // (2 * STREAMS)) * 2 * STREAMS)
        self._shape = latent, n_points
        self._draw = compiled(draw, DRAW)

    def next_epoch(self) -> tuple[Tensor, Tensor]:
        """The next epoch's draws, valid until the one after it is asked for.

        Returns:
            A permutation of the points, shape (n_points,), and standard normal draws for the
            points in that order, shape (latent, n_points).
        """
        self._draw(self._state, self._words, self._order.numpy(), self._noise.numpy())
        latent, n_points = self._shape
        return self._order, self._noise[: latent * n_points].view(latent, n_points)
