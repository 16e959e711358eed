"""The priors against torch's own distributions, and each against the other."""

import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from moons.config import Config
from moons.models import build_model, count_parameters
from moons.prior import MixturePrior, Prior, gaussian_kl, prior_of

LATENT = 3


def mixture(components=4, latent=LATENT, seed=0):
    torch.manual_seed(seed)
    prior = MixturePrior(latent, components).double()
    with torch.no_grad():
        prior.logits.normal_()
        prior.log_vars.normal_(std=0.5)
    return prior


def torch_s_own(prior):
    parts = Normal(prior.means, (0.5 * prior.log_vars).exp())
    return MixtureSameFamily(Categorical(logits=prior.logits), Independent(parts, 1))


def standard_mixture(components=3):
    """A mixture whose components are all N(0, I)."""
    prior = mixture(components)
    with torch.no_grad():
        prior.means.zero_()
        prior.log_vars.zero_()
    return prior


def posterior(n=6, seed=1):
    rng = torch.Generator().manual_seed(seed)
    mean, log_var = torch.randn(2, n, LATENT, generator=rng, dtype=torch.float64)
    noise = torch.randn(4000, n, LATENT, generator=rng, dtype=torch.float64)
    return mean, log_var, noise


def test_a_mixture_s_density_is_torch_s():
    prior = mixture()
    z = 2 * torch.randn(5, 7, LATENT, dtype=torch.float64)
    torch.testing.assert_close(prior.log_density(z), torch_s_own(prior).log_prob(z))


def test_a_latent_s_own_density_is_that_of_a_mixture_of_one_dimension():
    prior = mixture()
    z = torch.randn(9, LATENT, dtype=torch.float64)
    for unit in range(LATENT):
        parts = Normal(prior.means[:, unit], (0.5 * prior.log_vars[:, unit]).exp())
        alone = MixtureSameFamily(Categorical(logits=prior.logits), parts)
        torch.testing.assert_close(prior.log_marginals(z)[:, unit], alone.log_prob(z[:, unit]))


@pytest.mark.parametrize("prior", [Prior(), mixture()])
def test_draws_have_the_prior_s_mean_and_the_density_that_it_says(prior):
    rng = torch.Generator().manual_seed(5)
    normal = torch.randn(200_000, LATENT + prior.choices, generator=rng, dtype=torch.float64)
    z = prior.place(normal)
    assert z.shape == (200_000, LATENT)
    error = 4 * z.std(dim=0) / math.sqrt(len(z))
    assert ((z.mean(dim=0) - prior.centre(LATENT)).abs() < error).all()
    # E_p[N(z; 0, s^2 I) / p(z)] is 1 for draws of p, where s makes the ratio a tame one.
    narrow = Independent(Normal(torch.zeros(LATENT), 0.5), 1)
    ratio = (narrow.log_prob(z) - prior.log_density(z)).exp()
    tolerance = 4 * ratio.std().item() / math.sqrt(len(z))
    assert ratio.mean().item() == pytest.approx(1.0, abs=tolerance)
    assert tolerance < 0.05


def test_a_mixture_of_standard_normals_is_the_standard_normal():
    prior, z = standard_mixture(), torch.randn(8, LATENT, dtype=torch.float64)
    torch.testing.assert_close(prior.log_density(z), Prior().log_density(z))
    torch.testing.assert_close(prior.log_marginals(z), Prior().log_marginals(z))
    mean, log_var, noise = posterior()
    drawn = (gaussian_kl(mean, log_var) - prior.kl(mean, log_var, noise)).abs()
    assert (drawn < 0.2).all()


def test_the_kl_to_n_0_i_is_the_closed_form_and_adds_up_over_latents():
    mean, log_var, noise = posterior()
    closed = gaussian_kl(mean, log_var)
    torch.testing.assert_close(Prior().kl(mean, log_var, noise), closed)
    torch.testing.assert_close(Prior().kl_bound(mean, log_var), closed)
    torch.testing.assert_close(Prior().kl_per_latent(mean, log_var, noise).sum(dim=1), closed)


def test_a_mixture_s_kl_is_below_its_bound_and_above_nothing():
    prior = mixture()
    mean, log_var, noise = posterior()
    kl = prior.kl(mean, log_var, noise)
    assert (kl < prior.kl_bound(mean, log_var) + 0.1).all()
    assert (kl > -0.05).all()
    assert (prior.kl_per_latent(mean, log_var, noise) > -0.05).all()


def test_the_bound_is_the_kl_where_there_is_one_component():
    prior = mixture(components=1)
    mean, log_var, noise = posterior()
    bound = prior.kl_bound(mean, log_var)
    torch.testing.assert_close(prior.kl(mean, log_var, noise), bound, atol=0.2, rtol=0.0)


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_a_model_s_prior_is_learned_with_its_weights_and_leaves_the_others_as_they_were(family):
    config = Config(family=family, eps_w=1.0, latent_dim=2)
    mixed = Config(family=family, eps_w=1.0, latent_dim=2, prior="mixture", prior_components=5)
    plain, model = build_model(config, 3), build_model(mixed, 3)
    assert count_parameters(mixed) == count_parameters(config) + 5 + 2 * 5 * 2
    for name, weights in plain.state_dict().items():
        assert torch.equal(model.state_dict()[name], weights)
    again = build_model(mixed, 3)
    assert torch.equal(prior_of(model).means, prior_of(again).means)


def test_a_model_without_a_prior_of_its_own_has_n_0_i():
    assert type(prior_of(object())) is Prior
