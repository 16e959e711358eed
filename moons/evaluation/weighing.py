"""Points and their importance samples: what these weigh, by the decoder's noise."""

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from moons.engines.cache import compiled
from moons.engines.kernel.gaussians import SUM_GAUSSIANS, sum_gaussians
from moons.engines.kernel.lanes import LANES

FAR = 1e15  # its square is still a float32, and no point has a share in what is there
UNDERFLOW = -80.0  # exp of less is subnormal, sixty times slower, and adds nothing


class Samples(Protocol):
    """Some points and their K samples each; all but the decoder's noise is settled."""

    @property
    def points(self) -> Tensor:
        """Indices of the points, shape (b,)."""

    def thinned(self, step: int) -> "Samples":
        """Every `step`-th of the points."""

    def log_mean_weights(self, sigma_x: float) -> Tensor:
        """Each point's log 1/K sum_k p(z_k) N(x; decode(z_k), sigma_x^2 I) / m(z_k|x), float64."""


class PlaneSamples(NamedTuple):
    """Points of the plane that all meet the same draws from the prior.

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
    def of(cls, points: Tensor, x: Tensor, centres: Tensor) -> "PlaneSamples":
        """From decoded draws, shape (K, 2)."""
        n_draws = len(centres)
        rows = torch.full((2, -(-n_draws // LANES) * LANES), FAR)
        rows[:, :n_draws] = centres.T
        if rows.isnan().any():  # such a decoder has no density anywhere
            x = torch.full_like(x, math.nan)
        return cls(points, x, rows[:, rows[0].argsort()].contiguous(), n_draws)

    def thinned(self, step: int) -> "PlaneSamples":
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
    """Points that meet draws of the prior, and mostly draws from their own posterior besides.

    Attributes:
        points: indices, shape (b,).
        nearest: the least |x - decode(z_k)|^2, shape (b,).
        beyond: by how much the others are above it, shape (b, K).
        log_mixture: log m(z_k|x) - log p(z_k), shape (b, K), or (b, 1) where it is 0 for all.
        columns: of a point.
    """

    points: Tensor
    nearest: Tensor
    beyond: Tensor
    log_mixture: Tensor
    columns: int

    @classmethod
    def of(
        cls, points: Tensor, distances: Tensor, log_mixture: Tensor, columns: int
    ) -> "MixtureSamples":
        """From all squared distances, (b, K), which it overwrites."""
        nearest = distances.amin(dim=1)
        return cls(points, nearest, distances.sub_(nearest[:, None]), log_mixture, columns)

    def thinned(self, step: int) -> "MixtureSamples":
        """Every `step`-th of the points."""
        points, nearest, beyond, log_mixture = (
            part[::step] for part in (self.points, self.nearest, self.beyond, self.log_mixture)
        )
        return MixtureSamples(points, nearest, beyond, log_mixture, self.columns)

    def log_mean_weights(self, sigma_x: float) -> Tensor:
        """As `Samples` has it."""
        precision = 1 / sigma_x**2
        log_w = self.beyond * (-0.5 * precision)  # the nearest sample's is 0: no other is above
        log_w -= self.log_mixture  # which is above log(1 - share) and far below -UNDERFLOW
        total = log_w.clamp_(min=UNDERFLOW).exp_().sum(dim=1)
        constant = math.log(log_w.shape[1]) + 0.5 * self.columns * math.log(2 * math.pi / precision)
        return total.double().log() - 0.5 * precision * self.nearest.double() - constant
