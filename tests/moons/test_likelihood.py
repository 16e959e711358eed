"""The importance-weighted bound against closed forms and quadrature over the latent."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moons.config import Config
from moons.data import joined, load_data
from moons.density import draw_exact
from moons.evaluation import ImportanceDraws, generate
from moons.evaluation.excess import RUNG_DRAWS, as_tensors, fit_decoder_noise
from moons.evaluation.likelihood import elbo, fit_sigma_x, log_likelihood
from moons.models import build_model
from tests.moons.evaluation.known import Linear, by_quadrature

FRESH = draw_exact(200, 0.15, seed=1)
X, Y = torch.tensor(FRESH.x), torch.tensor(FRESH.y)


def wild(config, seed):
    """An untrained model whose decoder bends and whose encoder claims something."""
    model = build_model(config, seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
    return model.eval()


@settings(max_examples=20, deadline=None)
@given(
    scale=st.floats(0.2, 2.0),
    sigma_x=st.floats(0.02, 0.5),
    latent_dim=st.integers(2, 40),
    seed=st.integers(0, 2**31),
)
def test_the_right_posterior_gives_the_density_of_a_linear_model(scale, sigma_x, latent_dim, seed):
    model = Linear(scale, sigma_x, latent_dim)
    drawn = torch.tensor(generate(model, 50, seed, sigma_x=sigma_x))
    labels = torch.zeros(50, dtype=torch.int64)
    bound = log_likelihood(model, drawn, labels, sigma_x, ImportanceDraws(), seed)
    exact = model.log_density(drawn)
    assert float((bound - exact).mean()) == pytest.approx(0.0, abs=0.02)
    lower = elbo(model, drawn, labels, sigma_x, n_draws=200, seed=seed)
    assert lower.numpy() == pytest.approx(exact.numpy(), abs=1.0)
    assert float((lower - exact).mean()) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("spoilt", [{"narrow": 0.1}, {"narrow": 10.0}, {"shift": 0.5}])
@pytest.mark.parametrize(("sigma_x", "largest_gap"), [(0.02, 2.0), (0.2, 0.02)])
def test_a_wrong_posterior_costs_tightness_and_never_lifts_the_bound(spoilt, sigma_x, largest_gap):
    right, wrong = Linear(1.0, sigma_x), Linear(1.0, sigma_x, **spoilt)
    drawn = torch.tensor(generate(right, 300, 1, sigma_x=sigma_x))
    y = torch.zeros(300, dtype=torch.int64)
    gaps = [
        float(
            (
                right.log_density(drawn)
                - log_likelihood(wrong, drawn, y, sigma_x, ImportanceDraws(), s)
            ).mean()
        )
        for s in range(4)
    ]
    assert -0.01 < np.mean(gaps) < largest_gap


def test_posterior_draws_reach_what_prior_draws_miss():
    sigma_x = 0.01
    model = Linear(1.0, sigma_x)
    drawn = torch.tensor(generate(model, 100, 2, sigma_x=sigma_x))
    y = torch.zeros(100, dtype=torch.int64)
    exact = model.log_density(drawn)
    gap = {
        k: float(
            (exact - log_likelihood(model, drawn, y, sigma_x, ImportanceDraws(500, k), 3)).mean()
        )
        for k in (0, 64)
    }
    assert gap[0] > 1.0
    assert abs(gap[64]) < 0.01


@pytest.mark.parametrize("family", ["vae", "cvae"])
@pytest.mark.parametrize("latent_dim", [1, 2])
@pytest.mark.parametrize("sigma_x", [0.1, 0.3])
@pytest.mark.parametrize("prior", ["standard", "mixture"])
def test_the_bound_agrees_with_quadrature_over_the_latent(family, latent_dim, sigma_x, prior):
    config = Config(family=family, latent_dim=latent_dim, decoder_hidden=16, prior=prior, eps_w=1.0)
    model = wild(config, seed=latent_dim)
    y = torch.arange(60) % 2
    x = torch.tensor(generate(model, 60, 3, y.numpy(), sigma_x=sigma_x))
    exact = by_quadrature(model, x, y, sigma_x)
    bound = log_likelihood(model, x, y, sigma_x, ImportanceDraws(), seed=4)
    assert float((exact - bound).mean()) == pytest.approx(0.0, abs=0.02)
    assert float((exact - bound).abs().median()) < 0.02


@pytest.mark.parametrize("narrow", [0.05, 0.3])
def test_posterior_draws_reach_the_narrow_components_of_a_mixture(narrow):
    config = Config(latent_dim=1, decoder_hidden=16, prior="mixture", eps_w=1.0)
    model = wild(config, seed=3)
    with torch.no_grad():
        model.prior.log_vars.fill_(2 * math.log(narrow))
        model.encoder.net[-1].bias[1] = -4.0
    x = torch.tensor(generate(model, 60, 3, sigma_x=0.1))
    y = torch.zeros(60, dtype=torch.int64)
    exact = by_quadrature(model, x, y, 0.1)
    bound = log_likelihood(model, x, y, 0.1, ImportanceDraws(512, 64), seed=4)
    assert float((exact - bound).mean()) == pytest.approx(0.0, abs=0.03)


def test_the_elbo_under_a_mixture_is_below_the_bound():
    model = wild(Config(latent_dim=2, prior="mixture", eps_w=1.0), seed=6)
    lower = elbo(model, X, Y, 0.3, n_draws=64, seed=7)
    assert float((log_likelihood(model, X, Y, 0.3, ImportanceDraws(), 7) - lower).mean()) > 0


def test_the_bound_rises_with_the_number_of_draws_towards_the_truth():
    model = wild(Config(latent_dim=2, decoder_hidden=16), seed=5)
    exact = float(by_quadrature(model, X, Y, 0.3).mean())
    means = [
        np.mean(
            [
                float(log_likelihood(model, X, Y, 0.3, ImportanceDraws(k, 0), s).mean())
                for s in range(20)
            ]
        )
        for k in (4, 32, 256, 2048)
    ]
    assert means == sorted(means)
    assert means[0] < exact - 0.1
    assert means[-1] == pytest.approx(exact, abs=0.01)


def test_the_elbo_is_below_the_bound():
    model = wild(Config(latent_dim=3), seed=6)
    lower = elbo(model, X, Y, 0.3, n_draws=8, seed=7)
    assert float((log_likelihood(model, X, Y, 0.3, ImportanceDraws(), 7) - lower).mean()) > 0


@pytest.mark.parametrize("sigma_x", [0.05, 0.15, 0.6])
def test_the_fitted_noise_is_the_noise_that_drew_the_points(sigma_x):
    model = wild(Config(latent_dim=1, decoder_hidden=16), seed=8)
    drawn = torch.tensor(generate(model, 1000, 9, sigma_x=sigma_x))
    fitted = fit_sigma_x(
        model, drawn, torch.zeros(1000, dtype=torch.int64), ImportanceDraws(2048), seed=10
    )
    assert fitted.sigma_x == pytest.approx(sigma_x, rel=0.1)


def test_no_other_noise_fits_better():
    model = wild(Config(latent_dim=2), seed=11)
    fitted = fit_sigma_x(model, X, Y, ImportanceDraws(1024), seed=12)
    again = log_likelihood(model, X, Y, fitted.sigma_x, ImportanceDraws(1024), 12)
    assert torch.equal(fitted.log_p, again)
    best = float(again.mean())
    for other in np.geomspace(0.02, 5, 20):
        assert (
            float(log_likelihood(model, X, Y, other, ImportanceDraws(1024), 12).mean())
            <= best + 1e-3
        )


def test_draws_repeat_with_their_seed_and_leave_the_global_generators_alone():
    model = wild(Config(family="cvae", latent_dim=2), seed=13)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = log_likelihood(model, X, Y, 0.2, ImportanceDraws(64, 8), 14)
    assert torch.equal(first, log_likelihood(model, X, Y, 0.2, ImportanceDraws(64, 8), 14))
    assert not torch.equal(first, log_likelihood(model, X, Y, 0.2, ImportanceDraws(64, 8), 15))
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()


@pytest.mark.parametrize("draws", [(0, 4), (8, -1)])
def test_impossible_numbers_of_draws_are_refused(draws):
    with pytest.raises(ValueError, match="at least one prior draw"):
        ImportanceDraws(*draws)


def test_generated_points_are_the_decoders_means_with_its_noise():
    model = Linear(2.0, 0.5)
    drawn = generate(model, 20_000, 16, sigma_x=0.5)
    assert drawn.std(axis=0) == pytest.approx(math.sqrt(4.25), rel=0.02)
    means = generate(model, 20_000, 16, sigma_x=0.0)
    assert (drawn - means).std(axis=0) == pytest.approx(0.5, rel=0.02)


def test_generated_points_answer_to_the_labels_asked_for():
    model = wild(Config(family="cvae", latent_dim=2), seed=17)
    zeros, ones = (generate(model, 10, 18, np.full(10, y), sigma_x=0.1) for y in (0, 1))
    mixed = generate(model, 10, 18, np.arange(10) % 2, sigma_x=0.1)
    assert mixed == pytest.approx(np.where(np.arange(10)[:, None] % 2, ones, zeros))
    assert generate(model, 10, 18, sigma_x=0.1).shape == (10, 2)


def test_noise_of_a_model_by_importance_weights_is_fitted_to_training_points_too():
    elbo_config = Config(latent_dim=1, decoder_hidden=16)
    weighted = replace(elbo_config, objective="iwae", importance_samples=8, eps_w=1.0)
    model = wild(elbo_config, seed=13)
    data = load_data(weighted)
    few = ImportanceDraws(256, 8)

    def best_for(split):
        return fit_sigma_x(model, *as_tensors(split), RUNG_DRAWS, seed=14).sigma_x

    assert fit_decoder_noise(model, weighted, few, 14) == best_for(joined(data.train, data.val))
    assert fit_decoder_noise(model, elbo_config, RUNG_DRAWS, 14) == best_for(data.val)
