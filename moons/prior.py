"""The prior p(z): the standard normal, or a mixture of Gaussians learned with the rest."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from typing_extensions import override

from moons.config import Config, PriorName

LOG_2_PI = math.log(2 * math.pi)


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


def log_normal(z: Tensor) -> Tensor:
    """The log of N(z; 0, I), shape (...), of latents of shape (..., latent)."""
    return -0.5 * (z.square() + LOG_2_PI).sum(dim=-1)


def log_posterior(log_var: Tensor, noise: Tensor) -> Tensor:
    """The log of q(z|x) at z = mean + sigma * noise, shape (...); the noise is (..., latent)."""
    return log_normal(noise) - 0.5 * log_var.sum(dim=-1)


class Prior(nn.Module):
    """N(0, I), without parameters; also what every other prior offers."""

    factorises = True  # into an N(0, 1) for each latent
    choices = 0  # numbers that a draw takes besides one for each latent

    def log_density(self, z: Tensor) -> Tensor:
        """The log of p(z) in nats, shape (...), of latents of shape (..., latent)."""
        return log_normal(z)

    def log_marginals(self, z: Tensor) -> Tensor:
        """The log density of each latent alone, of the shape of `z`."""
        return -0.5 * (z.square() + LOG_2_PI)

    def centre(self, latent_dim: int) -> Tensor:
        """The prior's mean, shape (latent,)."""
        return torch.zeros(latent_dim)

    def place(self, normal: Tensor) -> Tensor:
        """Draws of the prior, (n, latent), from standard normal ones, (n, latent + choices)."""
        return normal

    def kl(self, mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        """KL(q(z|x) || p(z)) of each point, in nats, shape (batch,).

        Here in closed form; for a mixture the mean of log q - log p over draws of q.

        Args:
            mean: of q, shape (batch, latent).
            log_var: of q, shape (batch, latent).
            noise: standard normal, shape (draws, batch, latent).
        """
        return gaussian_kl(mean, log_var)

    def kl_per_latent(self, mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        """KL(q(z_u|x) || p(z_u)) of each latent alone, shape (batch, latent); else as `kl`."""
        return gaussian_kl(mean.unsqueeze(-1), log_var.unsqueeze(-1))

    def kl_bound(self, mean: Tensor, log_var: Tensor) -> Tensor:
        """What KL(q(z|x) || p(z)) is at most; the KL itself here. Shapes as in `kl`."""
        return gaussian_kl(mean, log_var)


class MixturePrior(Prior):
    """sum over c of pi_c N(m_c, diag(s_c^2)), learned with the weights of the model.

    Source: Dilokthanakul et al. 2016, arXiv:1611.02648, with learned components in the place of
    their networks; Tomczak and Welling 2018, arXiv:1705.07120, has it as the baseline MoG prior.
    """

    factorises = False
    choices = 1

    def __init__(self, latent_dim: int, components: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(components))
        self.means = nn.Parameter(torch.randn(components, latent_dim))
        self.log_vars = nn.Parameter(torch.zeros(components, latent_dim))

    def _log_parts(self, z: Tensor) -> Tensor:
        """The log of N(z_u; m_cu, s_cu^2), shape (..., components, latent)."""
        misses = (z.unsqueeze(-2) - self.means).square() * torch.exp(-self.log_vars)
        return -0.5 * (misses + self.log_vars + LOG_2_PI)

    @override
    def log_density(self, z: Tensor) -> Tensor:
        parts = self._log_parts(z).sum(dim=-1)  # (..., components)
        return torch.logsumexp(parts + self.logits.log_softmax(dim=0), dim=-1)

    @override
    def log_marginals(self, z: Tensor) -> Tensor:
        weights = self.logits.log_softmax(dim=0).unsqueeze(-1)  # (components, 1)
        return torch.logsumexp(self._log_parts(z) + weights, dim=-2)

    @override
    def centre(self, latent_dim: int) -> Tensor:
        return self.logits.softmax(dim=0) @ self.means

    @override
    def place(self, normal: Tensor) -> Tensor:
        ends = self.logits.softmax(dim=0).cumsum(dim=0)[:-1].contiguous()
        which = torch.searchsorted(ends, torch.special.ndtr(normal[:, -1]).contiguous())
        return self.means[which] + torch.exp(0.5 * self.log_vars[which]) * normal[:, :-1]

    @override
    def kl(self, mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        z = mean + torch.exp(0.5 * log_var) * noise
        return (log_posterior(log_var, noise) - self.log_density(z)).mean(dim=0)

    @override
    def kl_per_latent(self, mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        log_q = -0.5 * (noise.square() + LOG_2_PI + log_var)
        z = mean + torch.exp(0.5 * log_var) * noise
        return (log_q - self.log_marginals(z)).mean(dim=0)

    @override
    def kl_bound(self, mean: Tensor, log_var: Tensor) -> Tensor:
        """The least over the components c of KL(q || N(m_c, s_c^2)) - log pi_c."""
        scaled = (mean.unsqueeze(-2) - self.means) * torch.exp(-0.5 * self.log_vars)
        kl = gaussian_kl(scaled, log_var.unsqueeze(-2) - self.log_vars)  # (batch, components)
        return (kl - self.logits.log_softmax(dim=0)).amin(dim=-1)


PRIORS: Mapping[PriorName, type[Prior]] = {"standard": Prior, "mixture": MixturePrior}


def build_prior(config: Config) -> Prior:
    """The prior that a config names; its start is drawn from torch's global generator."""
    if config.prior == "mixture":
        return MixturePrior(config.latent_dim, config.prior_components)
    return Prior()


def prior_of(model: object) -> Prior:
    """The model's prior; N(0, I) for a model that has none of its own."""
    prior = getattr(model, "prior", None)
    return prior if isinstance(prior, Prior) else Prior()
