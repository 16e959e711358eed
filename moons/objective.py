"""What training minimises: `elbo` or `iwae`, mean-reduced, looked up by name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from moons.config import ObjectiveName
from moons.prior import Prior, log_posterior


class Reconstruction(NamedTuple):
    """What a model makes of a batch.

    Attributes:
        x_hat: reconstructions from each latent sample, shape (samples, batch, 2).
        mean: posterior means, shape (batch, latent).
        log_var: logs of the posterior's diagonal variances, shape (batch, latent).
        noise: the standard normal draws behind the samples, shape (samples, batch, latent).
    """

    x_hat: Tensor
    mean: Tensor
    log_var: Tensor
    noise: Tensor


class BatchLoss(NamedTuple):
    """The loss of a batch, and the sums over its points that it is made of, without dimensions.

    Attributes:
        loss: (squared_error + beta * kl - gain) / numel(x).
        squared_error: ||x - x_hat||^2, its mean over the latent samples.
        kl: KL(q(z|x) || p(z)) in nats, as `Prior.kl` has it.
        gain: what weighing the samples gains on averaging them; 0 for `elbo`.
    """

    loss: Tensor
    squared_error: Tensor
    kl: Tensor
    gain: Tensor

    def whole(self, shape: Sequence[int], beta: float) -> "Losses":
        """The same as plain numbers, where the batch is a whole split of that shape."""
        sums = (part.item() for part in self[1:])
        squared_error, kl, gain = sums
        return Losses.from_sums(squared_error, kl, shape, beta, gain)


class Objective(Protocol):
    """Minus a bound on the log likelihood of a decoder N(x_hat, beta / 2 * I)."""

    def __call__(self, x: Tensor, made: Reconstruction, prior: Prior, beta: float) -> BatchLoss:
        """The loss of a batch.

        A bound is in nats. The loss is minus its sum times beta / numel(x), without the decoder's
        constant log(pi * beta): so beta means the same for every objective and batch size.

        Args:
            x: points, shape (batch, columns).
            made: what the model made of them.
            prior: p(z).
            beta: twice the decoder's variance, and so the weight of the KL term.
        """


def elbo(x: Tensor, made: Reconstruction, prior: Prior, beta: float) -> BatchLoss:
    """(sum ||x - x_hat||^2 + beta * sum KL) / numel(x).

    Sources: Kingma and Welling 2014, arXiv:1312.6114; Higgins et al. 2017, beta-VAE.
    """
    squared_error = (x - made.x_hat).square().sum() / len(made.x_hat)
    kl = prior.kl(made.mean, made.log_var, made.noise).sum()
    loss = (squared_error + beta * kl) / x.numel()
    return BatchLoss(loss, squared_error, kl, torch.zeros_like(kl))


def iwae(x: Tensor, made: Reconstruction, prior: Prior, beta: float) -> BatchLoss:
    """-beta * sum log(1/K sum_k w_k) / numel(x), where w_k = p(x|z_k) p(z_k) / q(z_k|x).

    The bound grows towards log p(x) with K. At K = 1 it is the ELBO of one sample, with that
    sample's log q(z|x) - log p(z) in the place of the KL.
    Source: Burda et al. 2016, arXiv:1509.00519, section 3.
    """
    x_hat, mean, log_var, noise = made
    squared_errors = (x - x_hat).square().sum(dim=-1)  # (samples, batch)
    z = mean + torch.exp(0.5 * log_var) * noise
    log_ratio = prior.log_density(z) - log_posterior(log_var, noise)
    log_w = log_ratio - squared_errors / beta
    bound = (torch.logsumexp(log_w, dim=0) - math.log(len(x_hat))).sum()
    squared_error = squared_errors.sum() / len(x_hat)
    kl = prior.kl(mean, log_var, noise).sum()
    gain = squared_error + beta * (kl + bound)
    return BatchLoss(-beta * bound / x.numel(), squared_error, kl, gain)


OBJECTIVES: Mapping[ObjectiveName, Objective] = {"elbo": elbo, "iwae": iwae}


@dataclass(frozen=True, slots=True)
class Losses:
    """The objective over a whole split.

    Attributes:
        loss: mse + beta * kl / 2, less what weighing the samples gains; without a unit.
        mse: mean squared error a coordinate, in the data's unit squared.
        kl: mean KL a point, in nats.
    """

    loss: float
    mse: float
    kl: float

    @classmethod
    def from_sums(
        cls, squared_error: float, kl: float, shape: Sequence[int], beta: float, gain: float = 0.0
    ) -> "Losses":
        """From the sums of `BatchLoss` over points of that shape, (n, columns)."""
        n_points, columns = shape
        numel = columns * n_points
        loss = (squared_error + beta * kl - gain) / numel
        return cls(loss, squared_error / numel, kl / n_points)
