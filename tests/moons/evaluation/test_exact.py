"""KL(p* || p_model) by quadrature, against closed forms, other quadrature and many points."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from moons.config import Config
from moons.data import Origin
from moons.density import draw_exact, log_density
from moons.evaluation import ImportanceDraws, evaluate, evaluate_density, exact_excess
from moons.evaluation import exact as module
from moons.evaluation.likelihood import log_likelihood
from moons.sources.quadrature import entropy, quadrature
from tests.moons.evaluation.known import GOOD, Linear, RealData, by_quadrature, trained

ORIGIN = Origin.of(GOOD)
MOONS = ORIGIN.source


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.3])
def test_the_excess_of_a_gaussian_model_is_its_closed_form(noise):
    # E|x|^2 is 1 over the upper arc and 9/4 - 2/pi over the lower one, and the noise's 2 s^2.
    model = Linear(scale=0.8, sigma_x=0.3)
    variance = 0.8**2 + 0.3**2
    spread = (1 + 9 / 4 - 2 / np.pi) / 2 + 2 * noise**2
    cross_entropy = spread / (2 * variance) + math.log(2 * math.pi * variance)
    found = exact_excess(model, dataclasses.replace(ORIGIN, noise=noise), 0.3, seed=0)
    assert found.excess_nll == pytest.approx(cross_entropy - entropy(MOONS, noise), abs=2e-4)
    assert found.excess_nll_se < 2e-4


@pytest.mark.parametrize("latent_dim", [1, 2])
@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_it_agrees_with_quadrature_over_the_latent(family, latent_dim):
    config = dataclasses.replace(GOOD, family=family, latent_dim=latent_dim, max_epochs=30)
    model, sigma_x = trained(config), 0.16
    rule = quadrature(MOONS, GOOD.noise, family == "cvae")
    x, y = torch.tensor(rule.x, dtype=torch.float32), torch.tensor(rule.y)
    brute = rule.weight @ (rule.log_density - by_quadrature(model, x, y, sigma_x).numpy())
    found = exact_excess(model, ORIGIN, sigma_x, seed=1)
    assert found.excess_nll == pytest.approx(float(brute), abs=2e-4)


def test_a_hundred_thousand_independent_points_agree(vae, cvae, vae_evaluation, cvae_evaluation):
    points = draw_exact(100_000, GOOD.noise, seed=2)
    x, y = torch.tensor(points.x), torch.tensor(points.y)
    for model, found in ((vae, vae_evaluation), (cvae, cvae_evaluation)):
        exact = log_density(points.x, GOOD.noise, points.y if model.label_dim else None)
        log_p = log_likelihood(model, x, y, found.sigma_x, ImportanceDraws(), 3).numpy()
        error = (exact - log_p).std() / math.sqrt(len(exact))
        assert found.exact.excess_nll == pytest.approx((exact - log_p).mean(), abs=3 * error)


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_it_does_not_move_when_the_grid_is_halved(family, vae, cvae, monkeypatch):
    model = vae if family == "vae" else cvae
    found = exact_excess(model, ORIGIN, 0.15, seed=4)
    monkeypatch.setattr(module, "STEPS", 2 * module.STEPS)
    halved = exact_excess(model, ORIGIN, 0.15, seed=4)
    assert found.excess_nll == pytest.approx(halved.excess_nll, abs=5e-5)


def test_its_error_is_how_much_it_differs_from_draw_to_draw():
    # A base winner's kind: far from the truth, with more latents than quadrature can integrate.
    config = Config(family="cvae", latent_dim=16, batch_size=256, lr=1e-2, max_epochs=10)
    model = trained(config)
    found = [exact_excess(model, ORIGIN, 0.1, seed=s) for s in range(8)]
    spread = np.std([each.excess_nll for each in found], ddof=1)
    errors = np.mean([each.excess_nll_se for each in found])
    assert 0.4 * errors < spread < 2.5 * errors
    assert spread < 0.02 * found[0].excess_nll


def test_the_weights_hold_all_of_the_probability_and_give_exact_moments():
    for noise in (0.02, 0.15, 1.0):
        for given_label in (False, True):
            rule = quadrature(MOONS, noise, given_label)
            assert rule.weight.sum() == pytest.approx(1.0)
            assert rule.weight @ rule.x == pytest.approx([0.5, 0.25], abs=1e-5)
            squares = (1 + 9 / 4 - 2 / np.pi) / 2 + 2 * noise**2
            assert rule.weight @ (rule.x**2).sum(axis=1) == pytest.approx(squares, rel=1e-5)


@pytest.mark.parametrize("conditional", [False, True])
def test_the_data_themselves_exceed_nothing(conditional):
    found = evaluate_density(RealData(0.15, conditional), Config())
    assert found.exact.excess_nll == pytest.approx(0.0, abs=1e-6)
    assert found.exact.excess_nll_se is None


def test_data_without_a_density_have_no_such_figure(vae):
    row = evaluate(vae, dataclasses.replace(GOOD, noise=0.0)).as_row()
    assert row["exact_excess_nll"] is None
    assert row["exact_excess_nll_se"] is None
