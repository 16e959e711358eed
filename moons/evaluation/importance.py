"""Importance samples of the latent: where they come from and what they weigh."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from moons.engines.cache import compiled
from moons.engines.kernel.gaussians import SUM_GAUSSIANS, sum_gaussians
from moons.engines.kernel.lanes import LANES
from moons.evaluation.generate import Model
from moons.prior import Prior, log_normal, prior_of
from moons.seeds import derive_seed

MAX_PROPOSAL_DIMS = 8  # x has two coordinates: few latents know more than the prior
LEAST_KL = 0.01  # nats; a latent below it keeps the prior as its proposal
LOG_VAR_BOUNDS = (-9.0, 4.0)  # of the proposal alone; wider ones leave float32's range
BLOCK = 131_072  # points times draws at a time: as float32 they fit a second-level cache
POSTERIOR_BUDGET = 131_072  # posterior draws of all points together, each decoded for itself
FAR = 1e15  # its square is still a float32, and no point has a share in what is there
UNDERFLOW = -80.0  # exp of less is subnormal, sixty times slower, and adds nothing


@dataclass(frozen=True, slots=True)
class ImportanceDraws:
    """How many importance samples meet a point; K is at least `prior`.

    Attributes:
        prior: shared by all points, so that each is decoded once for the whole split.
        posterior: besides, from q(z|x), for a point that the prior draws may miss; fewer, and at
            least 8 of them, where more than 131,072 would be needed for all such points.
    """

    prior: int = 8192
    posterior: int = 64

    def __post_init__(self) -> None:
        if self.posterior < 0 or self.prior < 1:
            raise ValueError(
                "importance sampling needs at least one prior draw and no negative number of "
                f"posterior draws, got {self.prior} and {self.posterior}"
            )

    @property
    def reach(self) -> float:
        """The KL in nats up to which a point is left to the prior draws.

        Importance sampling with the prior takes some exp(KL(posterior || prior)) draws
        (Chatterjee and Diaconis 2018, arXiv:1511.01437); twenty times that is asked for.
        """
        return math.log(self.prior / 20) if self.posterior else math.inf

    def posterior_for(self, n_points: int) -> int:
        """Posterior draws of each of `n_points` that need them."""
        return min(self.posterior, max(8, POSTERIOR_BUDGET // max(n_points, 1)))


class Samples(Protocol):
    """Some points and their K samples each; all but the decoder's noise is settled."""

    @property
    def points(self) -> Tensor:
        """Indices of the points, shape (b,)."""

    def thinned(self, step: int) -> "Samples":
        """Every `step`-th of the points."""

    def log_mean_weights(self, sigma_x: float) -> Tensor:
        """Each point's log 1/K sum_k p(z_k) N(x; decode(z_k), sigma_x^2 I) / m(z_k|x), float64."""


class PriorSamples(NamedTuple):
    """Points that all meet the same draws from the prior.

    Attributes:
        points: indices, shape (b,).
        x: the points, shape (b, 2).
        centres: decode(z_k), a coordinate a row, in ascending order of the first; shape (2, K) and
            as many far ones as fill it up.
        n_draws: K.
    """

    points: Tensor
    x: Tensor
    centres: Tensor
    n_draws: int

    @classmethod
    def of(cls, points: Tensor, x: Tensor, centres: Tensor) -> "PriorSamples":
        """From decoded draws, shape (K, 2)."""
        n_draws = len(centres)
        rows = torch.full((2, -(-n_draws // LANES) * LANES), FAR)
        rows[:, :n_draws] = centres.T
        if rows.isnan().any():  # such a decoder has no density anywhere
            x = torch.full_like(x, math.nan)
        return cls(points, x, rows[:, rows[0].argsort()].contiguous(), n_draws)

    def thinned(self, step: int) -> "PriorSamples":
        """Every `step`-th of the points."""
        return self._replace(points=self.points[::step], x=self.x[::step].contiguous())

    def log_mean_weights(self, sigma_x: float) -> Tensor:
        """As `Samples` has it; m is the prior, so that the weights are the likelihoods."""
        half_precision = 0.5 / sigma_x**2
        nearest, sums = torch.empty(len(self.x)), torch.empty(len(self.x))
        compiled(sum_gaussians, SUM_GAUSSIANS)(
            self.x.numpy(), self.centres.numpy(), half_precision, nearest.numpy(), sums.numpy()
        )
        constant = math.log(self.n_draws) + math.log(math.pi / half_precision)
        return sums.double().log() - half_precision * nearest.double() - constant


class MixtureSamples(NamedTuple):
    """Points that meet draws from their own posterior besides.

    Attributes:
        points: indices, shape (b,).
        nearest: the least |x - decode(z_k)|^2, shape (b,).
        beyond: by how much the others are above it, shape (b, K).
        log_mixture: log m(z_k|x) - log p(z_k), shape (b, K).
    """

    points: Tensor
    nearest: Tensor
    beyond: Tensor
    log_mixture: Tensor

    @classmethod
    def of(cls, points: Tensor, distances: Tensor, log_mixture: Tensor) -> "MixtureSamples":
        """From all squared distances, (b, K), which it overwrites."""
        nearest = distances.amin(dim=1)
        return cls(points, nearest, distances.sub_(nearest[:, None]), log_mixture)

    def thinned(self, step: int) -> "MixtureSamples":
        """Every `step`-th of the points."""
        return MixtureSamples(*(part[::step] for part in self))

    def log_mean_weights(self, sigma_x: float) -> Tensor:
        """As `Samples` has it."""
        precision = 1 / sigma_x**2
        log_w = self.beyond * (-0.5 * precision)  # the nearest sample's is 0: no other is above
        log_w -= self.log_mixture  # which is above log(1 - share) and far below -UNDERFLOW
        total = log_w.clamp_(min=UNDERFLOW).exp_().sum(dim=1)
        constant = math.log(log_w.shape[1]) + math.log(2 * math.pi / precision)
        return total.double().log() - 0.5 * precision * self.nearest.double() - constant


@torch.no_grad()
def importance_samples(
    model: Model, x: Tensor, y: Tensor, draws: ImportanceDraws, seed: int
) -> Iterator[Samples]:
    """Goes through the points in parts; all but the decoder's noise is settled here.

    Every point meets the prior draws, a scrambled Sobol sequence: as x has two coordinates,
    thousands of them cover the plane at the decoder's resolution, whatever the latent's dimension
    and however wrong q(z|x) is, as after training with a small eps_w. Where q is further from
    the prior than `draws.reach`, it adds draws of its own. Those come from the mixture
    m = a_0 p(z) + a_1 q(z|x), each part's share being its share of the draws, and all are
    weighted by the whole mixture: the balance heuristic (Veach and Guibas 1995), unbiased for any
    q, with weights below p(x|z) / a_0. Neither rule looks at the draws, so neither adds a bias.

    Args:
        model: in evaluation mode.
        x: points, shape (n, 2).
        y: labels, shape (n,); looked at where the model wants labels.
        draws: samples a point.
        seed: of the draws.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "posterior draws"))
    prior = prior_of(model)
    width = model.latent_dim + prior.choices
    shared = prior.place(_normal_draws(draws.prior, width, derive_seed(seed, "prior draws")))
    log_prior = _log_prior(prior, shared)
    proposal = _Proposal.of(model, x, y)
    far = proposal.kl > draws.reach
    k = draws.posterior_for(int(far.sum()))
    seen = shared[:, proposal.dims].T  # (dims, prior)
    powers = torch.cat([seen**2, seen])
    for label in (0, 1) if model.label_dim else (0,):
        group = y == label if model.label_dim else torch.ones_like(far)
        centres = model.decode(shared, torch.full((draws.prior,), label))
        # |x - c|^2 = |c|^2 - 2 c.x + |x|^2 as one matrix product.
        columns = torch.stack([(centres**2).sum(1), *(-2 * centres.T), torch.ones(draws.prior)])
        near = torch.nonzero(group & ~far)[:, 0]
        if len(near):
            yield PriorSamples.of(near, x[near], centres)
        for points in _blocks(group & far, draws):
            here = proposal.at(points)
            z, log_ratio = here.draw(shared[torch.arange(k) % draws.prior], generator)
            log_ratio = log_ratio - _log_prior(prior, z)
            means = model.decode(z.flatten(0, 1), y[points].repeat_interleave(k))
            misses = means.view(*z.shape[:2], 2) - x[points, None]
            share = k / (draws.prior + k)
            yield MixtureSamples.of(
                points,
                torch.cat([_rows(x[points]) @ columns, (misses**2).sum(2)], dim=1),
                torch.cat(
                    [
                        _log_mixture(here.log_ratio(powers) - log_prior, share),
                        torch.logaddexp(log_ratio + math.log(share), torch.tensor(-share).log1p()),
                    ],
                    dim=1,
                ),
            )


def _log_prior(prior: Prior, z: Tensor) -> Tensor:
    """The log of p(z) / N(z; 0, I), shape (...), of latents (..., latent)."""
    return torch.zeros(()) if prior.factorises else prior.log_density(z) - log_normal(z)


def _blocks(mask: Tensor, draws: ImportanceDraws) -> Iterator[Tensor]:
    chosen = torch.nonzero(mask)[:, 0]
    return (part for part in torch.split(chosen, max(1, BLOCK // draws.prior)) if len(part))


def _rows(x: Tensor) -> Tensor:
    return torch.cat([torch.ones(len(x), 1), x, (x**2).sum(1, keepdim=True)], dim=1)


def _log_mixture(log_ratio: Tensor, share: float) -> Tensor:
    """log(1 - share + share * ratio) of prior draws, in place and faster than logaddexp.

    A ratio beyond exp(80), which a prior draw meets with probability exp(-80), is cut to that.
    """
    ratio = log_ratio.clamp_(UNDERFLOW, -UNDERFLOW).exp_()
    return ratio.mul_(share).add_(1 - share).log_()


@dataclass(frozen=True, slots=True)
class _Proposal:
    """q(z|x) in the latents that know something of x, the prior in all others.

    Proposing the prior where q is nearly the prior costs no accuracy and saves the work. Under a
    prior that does not factorise, it is q(z|x) in all of them.
    """

    dims: Tensor  # (dims,)
    mean: Tensor  # (n, dims)
    log_sigma: Tensor  # (n, dims)
    kl: Tensor  # (n,)

    @classmethod
    def of(cls, model: Model, x: Tensor, y: Tensor) -> "_Proposal":
        mean, log_var = model.encode(x, y)
        log_var = log_var.clamp(*LOG_VAR_BOUNDS)
        prior = prior_of(model)
        if not prior.factorises:
            every = torch.arange(model.latent_dim)
            return cls(every, mean, 0.5 * log_var, prior.kl_bound(mean, log_var))
        kl = 0.5 * (mean.square() + log_var.exp() - 1.0 - log_var)  # (n, latent)
        most, dims = kl.mean(dim=0).topk(min(MAX_PROPOSAL_DIMS, model.latent_dim))
        dims = dims[most > LEAST_KL]
        return cls(dims, mean[:, dims], 0.5 * log_var[:, dims], kl[:, dims].sum(dim=1))

    def at(self, points: Tensor) -> "_Proposal":
        return _Proposal(self.dims, self.mean[points], self.log_sigma[points], self.kl[points])

    def log_ratio(self, powers: Tensor) -> Tensor:
        """The matrix log q(z|x) - log N(z; 0, I), shape (n, m), from z^2 over z, (2 dims, m)."""
        precision = torch.exp(-2 * self.log_sigma)
        scaled = self.mean * precision
        rows = torch.cat([0.5 - 0.5 * precision, scaled], dim=1)
        constant = (-0.5 * self.mean * scaled - self.log_sigma).sum(dim=1, keepdim=True)
        return rows @ powers + constant

    def draw(self, prior: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Latents (n, k, latent) and their log q - log N(0, I), (n, k).

        The dimensions that are left to the prior are those of k prior draws, (k, latent).
        """
        latents = prior.repeat(len(self.mean), 1, 1)
        noise = torch.randn(len(self.mean), len(prior), len(self.dims), generator=generator)
        z = self.mean[:, None] + self.log_sigma.exp()[:, None] * noise
        latents[:, :, self.dims] = z
        log_ratio = 0.5 * (z**2 - noise**2).sum(dim=2)
        return latents, log_ratio - self.log_sigma.sum(dim=1, keepdim=True)


@lru_cache(maxsize=64)  # the sets that an evaluation wants, of all the widths that a search tries
def _normal_draws(n: int, width: int, seed: int) -> Tensor:
    engine = torch.quasirandom.SobolEngine(  # type: ignore[no-untyped-call]
        width, scramble=True, seed=seed
    )
    uniform: Tensor = engine.draw(n)
    # In float32, which is four times as fast: steps of 2^-24 leave the tails of `n` draws whole.
    bounded = (2 * uniform - 1).clamp_(2.0**-24 - 1, 1 - 2.0**-24)
    return bounded.erfinv_().mul_(math.sqrt(2))
