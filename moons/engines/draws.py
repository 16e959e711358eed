"""What an epoch draws: the order of the points and the latent noise, the same for every engine."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from moons.engines.cache import compiled
from moons.engines.kernel.random import DRAW, STREAMS, WORDS, draw


class Draws:
    """A stream of epochs' draws, a function of its seed.

    Attributes:
        state: where the stream is; one that is put in its place goes on from there.
    """

    def __init__(self, seed: int, n_points: int, rows: int) -> None:
        self._n_points, self._rows = n_points, rows
        words = np.random.SeedSequence(seed).generate_state(WORDS * STREAMS)
        self.state: NDArray[np.uint32] = words.astype(np.uint32)
        self._words = np.empty(_whole(n_points, STREAMS), dtype=np.uint32)
        self._draw = compiled(draw, DRAW)

    def next_epoch(self) -> tuple[Tensor, Tensor]:
        """The next epoch's draws.

        Returns:
            A permutation of the points, shape (n_points,), and standard normal draws for the
            points in that order, shape (rows, n_points).
        """
        numbers = self._rows * self._n_points
        order = np.empty(self._n_points, dtype=np.int64)
        noise = np.empty(_whole(numbers, 2 * STREAMS), dtype=np.float32)
        self._draw(self.state, self._words, order, noise)
        shaped = noise[:numbers].reshape(self._rows, self._n_points)
        return torch.from_numpy(order), torch.from_numpy(shaped)


def _whole(numbers: int, unit: int) -> int:
    return -(-numbers // unit) * unit
