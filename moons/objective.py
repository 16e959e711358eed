"""What training minimises: the negative evidence lower bound, mean-reduced."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


def gaussian_kl(mean: Tensor, log_var: Tensor) -> Tensor:
    """KL(q(z|x) || N(0, I)) of each sample, in nats.

    Args:
        mean: posterior means, shape (batch, latent).
        log_var: logs of the diagonal variances, shape (batch, latent).

    Returns:
        Shape (batch,), never negative; the caller reduces.
    Source: Kingma and Welling 2014, arXiv:1312.6114, appendix B.
    """
    return 0.5 * (mean.square() + log_var.exp() - 1.0 - log_var).sum(dim=-1)


class NegativeElbo(NamedTuple):
    """The loss of a batch, and the two sums it is made of; tensors without dimensions."""

    loss: Tensor
    squared_error: Tensor
    kl: Tensor


def negative_elbo(
    x: Tensor, x_hat: Tensor, mean: Tensor, log_var: Tensor, beta: float
) -> NegativeElbo:
    """(sum ||x - x_hat||^2 + beta * sum KL) / numel(x).

    Divided by `beta`, plus a constant, and times numel(x), it is the negative ELBO of a decoder
    N(x_hat, beta / 2 * I); dividing both sums by the same number keeps beta's meaning the same
    for every batch size.

    Args:
        x: points, shape (batch, 2).
        x_hat: their reconstructions, shape (batch, 2).
        mean: posterior means, shape (batch, latent).
        log_var: logs of the posterior's diagonal variances, shape (batch, latent).
        beta: weight of the KL term (Higgins et al. 2017, beta-VAE).
    """
    squared_error = (x - x_hat).square().sum()
    kl = gaussian_kl(mean, log_var).sum()
    return NegativeElbo((squared_error + beta * kl) / x.numel(), squared_error, kl)


@dataclass(frozen=True, slots=True)
class Losses:
    """The objective over a whole split.

    Attributes:
        loss: mse + beta * kl / 2, without a unit.
        mse: mean squared error a coordinate, in the data's unit squared.
        kl: mean KL a point, in nats.
    """

    loss: float
    mse: float
    kl: float

    @classmethod
    def from_sums(cls, squared_error: float, kl: float, n_points: int, beta: float) -> "Losses":
        """From sums over `n_points` points of two coordinates."""
        numel = 2 * n_points
        return cls((squared_error + beta * kl) / numel, squared_error / numel, kl / n_points)
