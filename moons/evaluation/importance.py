"""Importance samples of the latent: where they come from."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from moons.evaluation.generate import Model
from moons.evaluation.weighing import UNDERFLOW, MixtureSamples, PlaneSamples, Samples
from moons.prior import Prior, log_normal, prior_of
from moons.seeds import derive_seed

MAX_PROPOSAL_DIMS = 8  # or as many as x has columns: few latents know more than the prior
LEAST_KL = 0.01  # nats; a latent below it keeps the prior as its proposal
LOG_VAR_BOUNDS = (-9.0, 4.0)  # of the proposal alone; wider ones leave float32's range
BLOCK = 131_072  # points times draws at a time: as float32 they fit a second-level cache
POSTERIOR_BUDGET = 131_072  # posterior draws of all points together, each decoded for itself
PLANE = 2  # columns for which a kernel sums over draws that it has in order


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


@torch.no_grad()
def importance_samples(
    model: Model, x: Tensor, y: Tensor, draws: ImportanceDraws, seed: int
) -> Iterator[Samples]:
    """Goes through the points in parts; all but the decoder's noise is settled here.

    Every point meets the prior draws, a scrambled Sobol sequence: thousands of them cover a plane
    at the decoder's resolution, whatever the latent's dimension and however wrong q(z|x) is, as
    after training with a small eps_w. Where q is further from the prior than `draws.reach`, it adds
    draws of its own. Those come from the mixture m = a_0 p(z) + a_1 q(z|x), each part's share
    being its share of the draws, and all are weighted by the whole mixture: the balance heuristic
    (Veach and Guibas 1995), unbiased for any q, with weights below p(x|z) / a_0. Neither rule looks
    at the draws, so neither adds a bias.

    Args:
        model: in evaluation mode.
        x: points, shape (n, columns).
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
    n_columns = x.shape[1]
    seen = shared[:, proposal.dims].T  # (dims, prior)
    powers = torch.cat([seen**2, seen])
    for label in torch.unique(y).tolist() if model.label_dim else (0,):
        group = y == label if model.label_dim else torch.ones_like(far)
        centres = model.decode(shared, torch.full((draws.prior,), label))
        # |x - c|^2 = |c|^2 - 2 c.x + |x|^2 as one matrix product.
        columns = torch.stack([(centres**2).sum(1), *(-2 * centres.T), torch.ones(draws.prior)])
        near = torch.nonzero(group & ~far)[:, 0]
        if len(near) and n_columns == PLANE:
            yield PlaneSamples.of(near, x[near], centres)
        elif len(near):
            for points in torch.split(near, max(1, BLOCK // draws.prior)):
                distances = (_rows(x[points]) @ columns).clamp_(min=0.0)
                yield MixtureSamples.of(points, distances, torch.zeros(len(points), 1), n_columns)
        for points in _blocks(group & far, draws):
            here = proposal.at(points)
            z, log_ratio = here.draw(shared[torch.arange(k) % draws.prior], generator)
            log_ratio = log_ratio - _log_prior(prior, z)
            means = model.decode(z.flatten(0, 1), y[points].repeat_interleave(k))
            misses = means.view(*z.shape[:2], n_columns) - x[points, None]
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
                n_columns,
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
        most, dims = kl.mean(dim=0).topk(min(max(MAX_PROPOSAL_DIMS, x.shape[1]), model.latent_dim))
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
