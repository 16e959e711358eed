"""What the latents know of the points."""

import math

import torch
from torch import Tensor

from moons.evaluated import LatentFigures
from moons.evaluation.generate import Model
from moons.prior import gaussian_kl, prior_of
from moons.seeds import derive_seed

CARRIED = 0.01  # of the MSE: what a latent must be worth to count
BEYOND = 3.0  # standard errors of the paired difference
ABLATED_POINTS = 1000
ENCODED_POINTS = 4000  # a KL's standard error is then below 0.01 nats for most
ACTIVE_VARIANCE = 0.01  # Burda et al. 2016, arXiv:1509.00519, section 5.2
FORGOTTEN = 1e-3  # nats of mutual information
PAIRED_POINTS = 1000  # mutual information compares each with all others: an error of 0.03 nats
ROWS = 64
KL_DRAWS = 16
UNDERFLOW = -80.0  # exp of less is subnormal in float32, many times slower, and adds nothing


@torch.no_grad()
def latent_figures(model: Model, x: Tensor, y: Tensor, eps_w: float, seed: int) -> LatentFigures:
    """Carrying latents, and active units, KL and mutual information under q(z|x).

    A KL to N(0, I) is in closed form, one to a mixture a mean over draws; that of one latent is to
    the prior of that latent alone, and then they do not add up to the whole.

    A latent is active where the variance over x of its posterior mean is above 0.01 (Burda et al.
    2016, arXiv:1509.00519). That supposes a decoder that was trained on draws of q(z|x); so it is
    counted where `eps_w` is 1 alone.

    Args:
        model: in evaluation mode.
        x: fresh points, shape (n, columns).
        y: their labels, shape (n,).
        eps_w: what the model was trained with.
        seed: of the latents drawn for the mutual information.
    """
    x, y = x[:ENCODED_POINTS], y[:ENCODED_POINTS]
    mean, log_var = (part.double() for part in model.encode(x, y))
    prior, generator = prior_of(model), torch.Generator().manual_seed(derive_seed(seed, "kl"))
    draws = 0 if prior.factorises else KL_DRAWS  # a closed form needs none
    noise = torch.randn(draws, *mean.shape, generator=generator, dtype=mean.dtype)
    kl = prior.kl_per_latent(mean, log_var, noise).mean(dim=0)
    whole = kl.sum() if prior.factorises else prior.kl(mean, log_var, noise).mean()
    some = slice(None, PAIRED_POINTS)
    groups = y[some] if model.label_dim else torch.zeros_like(y[some])
    known = informative(mean, log_var)
    information, error = mutual_information(mean[some, known], log_var[some, known], groups, seed)
    return LatentFigures(
        carrying=int(carrying_latents(model, x[:ABLATED_POINTS], y[:ABLATED_POINTS]).sum()),
        active_units=int((mean.var(dim=0) > ACTIVE_VARIANCE).sum()) if eps_w == 1 else None,
        kl=float(whole),
        kl_per_latent=tuple(kl.tolist()),
        mutual_information=information,
        mutual_information_error=error,
    )


@torch.no_grad()
def carrying_latents(model: Model, x: Tensor, y: Tensor) -> Tensor:
    """Which latents the decoder reconstructs worse without, shape (latent,), bool.

    Points are encoded to their posterior means and decoded; a latent is left out by putting its
    mean over all points in its place. Leaving some out costs something where the MSE rises by more
    than 1 % and by more than three standard errors of the rise, paired by point. All latents
    that are not carrying can be left out together at no cost; those whose loss costs least alone
    are left out first, and the next one would cost something.

    Args:
        model: in evaluation mode.
        x: points, shape (n, columns).
        y: their labels, shape (n,).
    """
    z = model.encode(x, y)[0]  # (n, latent)
    means = z.mean(dim=0)
    whole = _squared_errors(model, z, x, y)

    def rises(left_out: Tensor) -> Tensor:
        return _squared_errors(model, torch.where(left_out, means, z), x, y) - whole

    def costs(rise: Tensor) -> bool:
        error = float(rise.std()) / math.sqrt(len(rise))
        return float(rise.mean()) > max(CARRIED * float(whole.mean()), BEYOND * error)

    every = torch.eye(z.shape[1], dtype=torch.bool)
    alone = [rises(one) for one in every]
    order = torch.tensor([float(rise.mean()) for rise in alone]).argsort()
    free, most = 0, len([rise for rise in alone if not costs(rise)])
    while free < most:  # how many of the first in order can go together
        some = (free + most + 1) // 2
        if costs(rises(every[order[:some]].any(dim=0))):
            most = some - 1
        else:
            free = some
    carrying = torch.ones(z.shape[1], dtype=torch.bool)
    carrying[order[:free]] = False
    return carrying


def informative(mean: Tensor, log_var: Tensor) -> Tensor:
    """Indices of latents without which I(x; z) is less by no more than `FORGOTTEN` nats.

    Latents are independent given x, so that some of them add at most their KL to what the others
    know of it.
    """
    kl = gaussian_kl(mean.unsqueeze(-1), log_var.unsqueeze(-1)).mean(dim=0)
    least, order = kl.sort()
    forgotten = least.cumsum(dim=0) <= FORGOTTEN  # never what is not finite
    return order[~forgotten].sort().values


def _squared_errors(model: Model, z: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return (model.decode(z, y) - x).square().mean(dim=1).double()


def mutual_information(
    mean: Tensor, log_var: Tensor, groups: Tensor, seed: int
) -> tuple[float, float]:
    """I(x; z) in nats under q(z|x) = N(mean, diag(exp(log_var))), and its error.

    The mean over i of log q(z_i|x_i) - log 1/n sum_j q(z_i|x_j), one z_i for each point: a lower
    bound in expectation, at most log n; without j = i in the sum it is an upper bound. The first
    is the estimate; the error is the root of its squared standard error and the squared distance
    between both. Sources: Hoffman and Johnson 2016, "ELBO surgery"; the bounds are those of Poole
    et al. 2019, arXiv:1905.06922, section 2.

    Args:
        mean: posterior means, shape (n, latent), float64.
        log_var: logs of the posterior variances, likewise.
        groups: shape (n,); points are compared within their group, which gives I(x; z | group).
        seed: of the latents.
    """
    generator = torch.Generator().manual_seed(derive_seed(seed, "mutual information"))
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
    lower, upper = torch.zeros(len(mean)), torch.zeros(len(mean))
    for group in torch.unique(groups):
        members = torch.nonzero(groups == group)[:, 0]
        m, log_s = mean[members], 0.5 * log_var[members]
        precision = torch.exp(-2 * log_s)
        constant = (-0.5 * m.square() * precision - log_s).sum(dim=1, keepdim=True)
        ones = torch.ones_like(constant)
        columns = torch.cat([-0.5 * precision, m * precision, constant, ones], dim=1).T
        z = m + log_s.exp() * noise[members]
        own = (-0.5 * noise[members].square() - log_s).sum(dim=1, keepdim=True)
        powers = torch.cat([z.square(), z, ones, -own], dim=1)
        for rows in torch.split(torch.arange(len(members)), ROWS):
            log_ratio = (powers[rows] @ columns).float()  # log q(z_i|x_j) - log q(z_i|x_i)
            peak = log_ratio.amax(dim=1, keepdim=True).clamp_(min=0.0)
            others = log_ratio.sub_(peak).clamp_(min=UNDERFLOW).exp_()
            others[torch.arange(len(rows)), rows] = 0.0
            rest = others.sum(dim=1, dtype=torch.float64)
            mean_of_all = (rest + torch.exp(-peak[:, 0])) / len(members)
            mean_of_others = rest / max(len(members) - 1, 1)
            lower[members[rows]] = -(mean_of_all.log() + peak[:, 0]).float()
            upper[members[rows]] = -(mean_of_others.log() + peak[:, 0]).float()
    standard_error = float(lower.std()) / math.sqrt(len(lower))
    bracket = float(upper.mean() - lower.mean())
    return float(lower.mean()), math.hypot(standard_error, bracket)
