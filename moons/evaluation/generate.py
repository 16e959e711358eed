"""Draws of the model: what the sample-based figures look at."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from moons.prior import prior_of
from moons.seeds import derive_seed


class Model(Protocol):
    """What evaluation asks of a model.

    Its prior is N(0, I) unless it has a `moons.prior.Prior` as `prior`.
    """

    latent_dim: int
    label_dim: int

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x), each (batch, latent)."""

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean of p(x|z), shape (batch, columns)."""


@torch.no_grad()
def generate(
    model: Model, n: int, seed: int, labels: ArrayLike | None = None, *, sigma_x: float
) -> NDArray[np.float32]:
    """Independent draws of p_model: x = decode(z) + sigma_x * noise, z of its prior.

    The decoder's noise belongs to the model as much as its mean does: without it the draws would
    lie on the decoder's surface, which is not the density that `excess_nll` speaks of.

    Args:
        model: in evaluation mode.
        n: how many.
        seed: in [0, 2**32).
        labels: those asked for, shape (n,); where a model wants labels and none are given, all
            classes are drawn alike.
        sigma_x: standard deviation of the decoder's noise, as the model sees points; 0 gives
            the means.

    Returns:
        Points as the model sees them, shape (n, columns).
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "generate"))
    prior = prior_of(model)
    z = prior.place(torch.randn(n, model.latent_dim + prior.choices, generator=generator))
    noise = torch.randn(n, _columns(model), generator=generator)
    dice = torch.randint(0, getattr(model, "classes", 2), (n,), generator=generator)
    y = dice if labels is None else torch.as_tensor(np.array(labels, dtype=np.int64))
    drawn: NDArray[np.float32] = (model.decode(z, y) + sigma_x * noise).numpy()
    return drawn


def _columns(model: Model) -> int:
    """Of a point; what comes with the project knows it, another model shows it."""
    known = getattr(model, "data_dim", None)
    if known is None:
        shown = model.decode(torch.zeros(1, model.latent_dim), torch.zeros(1, dtype=torch.int64))
        known = shown.shape[-1]
    return int(known)
