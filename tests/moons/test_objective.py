"""KL and ELBO against closed forms, against Monte Carlo, and against each other."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from moons.objective import OBJECTIVES, Losses, Reconstruction, elbo, iwae
from moons.prior import MixturePrior, Prior, gaussian_kl

MEANS = st.floats(-5.0, 5.0)
LOG_VARS = st.floats(-8.0, 4.0)


def tensors(draw_from, shape):
    n = math.prod(shape)
    return st.lists(draw_from, min_size=n, max_size=n).map(
        lambda values: torch.tensor(values, dtype=torch.float64).reshape(shape)
    )


def batch(n, latent, seed=0):
    """x, x_hat, mean and log variance of a made-up batch."""
    rng = torch.Generator().manual_seed(seed)
    shapes = ((n, 2), (n, 2), (n, latent), (n, latent))
    return [torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in shapes]


def negative_elbo(x, x_hat, mean, log_var, beta):
    """`elbo` of one latent sample under N(0, I), where the noise behind it plays no part."""
    return elbo(x, Reconstruction(x_hat[None], mean, log_var, None), Prior(), beta)


def standard_error(values):
    return float(values.std() / math.sqrt(len(values)))


def test_kl_is_zero_for_a_standard_normal_posterior():
    assert gaussian_kl(torch.zeros(5, 3), torch.zeros(5, 3)).tolist() == [0.0] * 5


@given(tensors(MEANS, (4, 3)), tensors(LOG_VARS, (4, 3)))
def test_kl_is_the_closed_form_of_two_gaussians(mean, log_var):
    posterior, prior = Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0)
    expected = kl_divergence(posterior, prior).sum(dim=-1)
    torch.testing.assert_close(gaussian_kl(mean, log_var), expected, rtol=1e-9, atol=1e-12)


@given(tensors(MEANS, (4, 3)), tensors(LOG_VARS, (4, 3)))
def test_kl_is_never_negative(mean, log_var):
    assert (gaussian_kl(mean, log_var) >= -1e-12).all()


@pytest.mark.parametrize(
    ("mean", "log_var"), [([0.0, 0.0], [1.0, -2.0]), ([1.5, -0.3], [-1.0, 0.4])]
)
def test_kl_is_the_mean_log_ratio_of_posterior_to_prior(mean, log_var):
    mean, log_var = torch.tensor(mean), torch.tensor(log_var)
    posterior = Normal(mean, (0.5 * log_var).exp())
    rng = torch.Generator().manual_seed(0)
    z = mean + (0.5 * log_var).exp() * torch.randn(200_000, 2, generator=rng)
    ratio = (posterior.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(dim=-1)
    estimate = gaussian_kl(mean[None], log_var[None]).item()
    assert estimate == pytest.approx(ratio.mean().item(), abs=4 * standard_error(ratio))
    assert estimate > 20 * standard_error(ratio)  # or the comparison would show nothing


def test_kl_adds_up_over_latent_dimensions_and_never_over_the_batch():
    _, _, mean, log_var = batch(6, 4)
    apart = [gaussian_kl(mean[:, [i]], log_var[:, [i]]) for i in range(4)]
    torch.testing.assert_close(gaussian_kl(mean, log_var), torch.stack(apart).sum(dim=0))


@given(st.integers(1, 20), st.integers(1, 5), st.floats(0.0, 100.0))
def test_the_loss_is_squared_error_plus_beta_kl_over_the_number_of_coordinates(n, latent, beta):
    x, x_hat, mean, log_var = batch(n, latent)
    loss = negative_elbo(x, x_hat, mean, log_var, beta)
    squared_error = float(np.sum((x.numpy() - x_hat.numpy()) ** 2))
    kl = float(kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum())
    assert loss.squared_error.item() == pytest.approx(squared_error)
    assert loss.kl.item() == pytest.approx(kl)
    assert loss.loss.item() == pytest.approx((squared_error + beta * kl) / (2 * n))


@given(st.integers(2, 8), st.floats(0.01, 10.0))
def test_beta_means_the_same_at_every_batch_size(copies, beta):
    once = batch(7, 3)
    many = [values.repeat(copies, 1) for values in once]
    torch.testing.assert_close(negative_elbo(*many, beta).loss, negative_elbo(*once, beta).loss)


@given(st.floats(0.01, 10.0))
def test_the_loss_is_the_negative_elbo_of_a_decoder_with_variance_beta_half(beta):
    x, x_hat, mean, log_var = batch(9, 3)
    log_likelihood = Normal(x_hat, math.sqrt(beta / 2)).log_prob(x).sum()
    elbo = log_likelihood - gaussian_kl(mean, log_var).sum()
    constant = x.numel() / 2 * math.log(math.pi * beta)
    loss = negative_elbo(x, x_hat, mean, log_var, beta).loss
    assert (loss * x.numel() / beta + constant).item() == pytest.approx(-elbo.item())


# One point under a linear decoder, x = SLOPE z + OFFSET + noise, where all is known exactly.
POINT = torch.tensor([0.7, -0.4])
SLOPE, OFFSET = torch.tensor([0.9, 0.5]), torch.tensor([0.1, 0.2])


def linear_gaussian_truth(beta):
    """log p(x), and the exact posterior's mean and log variance, in closed form."""
    variance = beta / 2
    covariance = torch.outer(SLOPE, SLOPE) + variance * torch.eye(2)
    log_p = MultivariateNormal(OFFSET, covariance).log_prob(POINT).item()
    posterior_variance = 1 / (1 + SLOPE.dot(SLOPE).item() / variance)
    posterior_mean = posterior_variance * SLOPE.dot(POINT - OFFSET).item() / variance
    return log_p, posterior_mean, math.log(posterior_variance)


def linear_gaussian_elbo(mean, log_var, beta, batches=100, n=4000):
    """The ELBO as the objective estimates it from latent samples, with its standard error."""
    rng = torch.Generator().manual_seed(1)
    elbos = []
    for _ in range(batches):
        z = mean + math.exp(0.5 * log_var) * torch.randn(n, 1, generator=rng)
        x, x_hat = POINT.expand(n, 2), z * SLOPE + OFFSET  # (n, 1) -> (n, 2)
        moments = torch.full((n, 1), mean), torch.full((n, 1), log_var)
        loss = negative_elbo(x, x_hat, *moments, beta).loss
        elbos.append(-loss * 2 / beta - math.log(math.pi * beta))
    return torch.stack(elbos).mean().item(), standard_error(torch.stack(elbos))


@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_the_elbo_of_the_exact_posterior_is_the_log_likelihood(beta):
    log_p, mean, log_var = linear_gaussian_truth(beta)
    elbo, error = linear_gaussian_elbo(mean, log_var, beta)
    assert elbo == pytest.approx(log_p, abs=4 * error + 1e-5)
    assert error < 0.01


@pytest.mark.parametrize(("shift", "factor"), [(0.5, 0.0), (0.0, 0.7), (-0.3, -0.5)])
def test_the_elbo_of_another_posterior_falls_short_by_its_kl_to_the_exact_one(shift, factor):
    log_p, mean, log_var = linear_gaussian_truth(beta=0.5)
    elbo, error = linear_gaussian_elbo(mean + shift, log_var + factor, beta=0.5)
    other = Normal(mean + shift, math.exp(0.5 * (log_var + factor)))
    gap = kl_divergence(other, Normal(mean, math.exp(0.5 * log_var))).item()
    assert log_p - elbo == pytest.approx(gap, abs=4 * error + 1e-5)
    assert gap > 10 * error


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.integers(1, 10_000), st.floats(0, 100))
def test_losses_of_a_split_are_mse_a_coordinate_kl_a_point_and_their_sum(sse, kl, n, beta):
    losses = Losses.from_sums(sse, kl, (n, 2), beta)
    assert losses.mse == pytest.approx(sse / n / 2)
    assert losses.kl == pytest.approx(kl / n)
    assert losses.loss == pytest.approx(losses.mse + beta * losses.kl / 2)


def test_losses_of_a_split_are_the_batch_s_own_where_the_batch_is_the_split():
    loss = negative_elbo(*batch(50, 3), 0.3)
    losses = Losses.from_sums(loss.squared_error.item(), loss.kl.item(), (50, 2), 0.3)
    assert losses.loss == pytest.approx(loss.loss.item())


def linear_gaussian_bound(objective, mean, log_var, beta, samples, n=200_000):
    """The bound on log p(x) that an objective estimates for the point, with its standard error."""
    rng = torch.Generator().manual_seed(2)
    noise = torch.randn(samples, n, 1, generator=rng)
    x_hat = (mean + math.exp(0.5 * log_var) * noise) * SLOPE + OFFSET
    moments = torch.full((n, 1), mean), torch.full((n, 1), log_var)
    losses = []
    for part in torch.arange(n).split(n // 100):
        made = Reconstruction(x_hat[:, part], *(m[part] for m in moments), noise[:, part])
        losses.append(OBJECTIVES[objective](POINT.expand(len(part), 2), made, Prior(), beta).loss)
    bounds = -torch.stack(losses) * 2 / beta - math.log(math.pi * beta)
    return bounds.mean().item(), standard_error(bounds)


@pytest.mark.parametrize("samples", [1, 5])
def test_the_weights_of_the_exact_posterior_are_the_likelihood_each(samples):
    log_p, mean, log_var = linear_gaussian_truth(beta=0.5)
    bound, error = linear_gaussian_bound("iwae", mean, log_var, 0.5, samples, n=1000)
    assert bound == pytest.approx(log_p, abs=1e-5)
    assert error < 1e-6  # p(x|z) p(z) / q(z|x) is p(x) whatever z


def test_one_weighted_sample_bounds_as_the_elbo_does():
    _, mean, log_var = linear_gaussian_truth(beta=0.5)
    (one, its_error), (other, error) = (
        linear_gaussian_bound(name, mean + 0.4, log_var - 0.3, 0.5, 1) for name in ("iwae", "elbo")
    )
    assert one == pytest.approx(other, abs=4 * math.hypot(error, its_error))
    assert math.hypot(error, its_error) < 0.01


def test_more_weighted_samples_bound_the_likelihood_more_closely():
    log_p, mean, log_var = linear_gaussian_truth(beta=0.5)
    found = [
        linear_gaussian_bound("iwae", mean + 0.4, log_var + 0.5, 0.5, samples, n=50_000)
        for samples in (1, 4, 16, 64)
    ]
    bounds, errors = zip(*found, strict=True)
    assert list(bounds) == sorted(bounds)
    assert all(bound < log_p + 4 * error for bound, error in found)
    assert log_p - bounds[-1] < 0.1 * (log_p - bounds[0])
    assert bounds[1] - bounds[0] > 10 * errors[0]


def drawn_batch(samples=6, n=5, latent=3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    shapes = ((n, 2), (samples, n, 2), (n, latent), (n, latent), (samples, n, latent))
    x, *rest = (torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in shapes)
    return x, Reconstruction(*rest)


def mixture(components=4, latent=3, seed=0):
    torch.manual_seed(seed)
    prior = MixturePrior(latent, components)
    with torch.no_grad():
        prior.logits.normal_()
        prior.log_vars.normal_()
    return prior.double()


@pytest.mark.parametrize("prior", [Prior(), mixture()])
@given(beta=st.floats(0.01, 10.0), samples=st.integers(1, 40))
def test_the_loss_is_minus_the_log_mean_weight_without_the_decoder_s_constant(prior, beta, samples):
    x, made = drawn_batch(samples)
    sigma = (0.5 * made.log_var).exp()
    z = made.mean + sigma * made.noise
    log_w = Normal(made.x_hat, math.sqrt(beta / 2)).log_prob(x).sum(-1)
    log_w += prior.log_density(z) - Normal(made.mean, sigma).log_prob(z).sum(-1)
    bound = (torch.logsumexp(log_w, 0) - math.log(samples) + math.log(math.pi * beta)).sum()
    loss = iwae(x, made, prior, beta)
    assert loss.loss.item() == pytest.approx(-beta * bound.item() / x.numel())


@pytest.mark.parametrize("prior", [Prior(), mixture()])
@pytest.mark.parametrize("objective", ["elbo", "iwae"])
def test_the_sums_of_a_batch_make_up_its_loss(objective, prior):
    x, made = drawn_batch()
    loss = OBJECTIVES[objective](x, made, prior, 0.3)
    assert loss.whole(x.shape, 0.3).loss == pytest.approx(loss.loss.item())
    assert loss.whole(x.shape, 0.3).mse == pytest.approx((x - made.x_hat).square().mean().item())
    assert loss.gain.item() == pytest.approx(0.0) if objective == "elbo" else loss.gain > 0


def test_the_elbo_of_several_samples_is_the_mean_of_theirs():
    x, made = drawn_batch()
    apart = [
        elbo(x, made._replace(x_hat=made.x_hat[[k]], noise=made.noise[[k]]), mixture(), 0.7).loss
        for k in range(len(made.x_hat))
    ]
    loss = elbo(x, made, mixture(), 0.7).loss
    torch.testing.assert_close(loss, torch.stack(apart).mean())
