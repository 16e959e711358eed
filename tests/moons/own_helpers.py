"""Beside the models of a user, and used by them."""

import numpy as np
import torch
from torch import nn

RNG = np.random.default_rng()


def soften(z):
    """An activation."""
    return nn.functional.silu(z)


def drawn(shape):
    """Noise from this module's generator."""
    return torch.tensor(RNG.normal(size=tuple(shape)), dtype=torch.float32)
