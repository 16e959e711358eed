"""What latents know of the data: which carry something, active units, mutual information."""

import dataclasses
import math

import pytest
import torch

from moons.data import Origin
from moons.evaluation import (
    evaluate,
)
from moons.evaluation.latents import (
    carrying_latents,
    informative,
    latent_figures,
    mutual_information,
)
from moons.evaluation.points import points
from moons.models import build_model
from tests.moons.evaluation.known import GOOD, Collapsed, trained


def test_a_model_that_ignores_its_latent_has_no_active_units_and_no_information():
    found = evaluate(Collapsed(GOOD), GOOD)
    assert found.latents.active_units == 0
    assert found.latents.carrying == 0
    assert found.latents.kl == 0.0
    assert found.latents.mutual_information == pytest.approx(0.0, abs=1e-6)
    assert found.latents.mutual_information_error < 1e-6
    assert found.val.inference_gap == pytest.approx(0.0, abs=1e-4)
    # All that is left is one Gaussian about the data's middle.
    assert found.sigma_x == pytest.approx(math.sqrt(0.5 * (0.87**2 + 0.5**2)), rel=0.1)


def test_a_posterior_squeezed_by_beta_has_no_information_within_its_error():
    squeezed = dataclasses.replace(GOOD, beta=50.0, max_epochs=20)
    latents = evaluate(trained(squeezed), squeezed).latents
    assert latents.active_units == 0
    assert latents.carrying == 0
    assert abs(latents.mutual_information) < max(3 * latents.mutual_information_error, 0.01)


def test_a_trained_models_latents_are_active_and_informed(vae_evaluation, cvae_evaluation):
    for found in (vae_evaluation, cvae_evaluation):
        latents = found.latents
        assert latents.active_units >= 1
        assert latents.kl == pytest.approx(sum(latents.kl_per_latent))
        # The KL is the information and what the mean posterior still differs from the prior.
        assert 0.5 < latents.mutual_information < latents.kl + 3 * latents.mutual_information_error


@pytest.mark.parametrize(("eps_w", "beta"), [(1.0, 0.045), (0.1, 1.0), (0.001, 20.0)])
def test_the_latents_that_carry_are_those_that_ablation_finds(eps_w, beta):
    config = dataclasses.replace(
        GOOD, latent_dim=6, eps_w=eps_w, beta=beta, monitor="val_mse", max_epochs=30
    )
    model = trained(config)
    fresh = points(Origin.of(config), "fresh", 0)
    x, y = torch.tensor(fresh.x[:1000]), torch.tensor(fresh.y[:1000])

    @torch.no_grad()
    def mse(left_out):
        z = model.encode(x, y)[0]
        for unit in left_out:
            z[:, unit] = z[:, unit].mean()
        return float((model.decode(z, y) - x).square().mean())

    whole = mse([])
    alone = [mse([unit]) / whole - 1 for unit in range(6)]
    found = carrying_latents(model, x, y).tolist()
    left_out = [unit for unit in range(6) if not found[unit]]
    assert mse(left_out) <= 1.01 * whole  # all together
    kept = sorted((unit for unit in range(6) if found[unit]), key=lambda unit: alone[unit])
    assert max((alone[unit] for unit in left_out), default=0.0) <= 0.01
    # Each that counts is missed: alone, or where it is only one of several that stand in for
    # each other, with all that do not count.
    assert all(alone[unit] > 0.01 or mse([*left_out, unit]) > 1.01 * whole for unit in kept)
    figures = evaluate(model, config).latents
    assert figures.carrying == sum(found) >= 1
    assert (figures.active_units is None) is (eps_w != 1.0)


def test_a_latent_below_burdas_limit_carries_where_the_decoder_listens_to_it():
    class Quiet(torch.nn.Module):
        latent_dim, label_dim = 3, 0

        def encode(self, x, y):
            z = torch.cat([x / 100, torch.zeros(len(x), 1)], dim=1)
            return z, torch.zeros_like(z)

        def decode(self, z, y):
            return 100 * z[:, :2] + 0.05  # so that there is an error to compare with

    x = torch.randn(500, 2, generator=torch.Generator().manual_seed(4))
    y = torch.zeros(500, dtype=torch.int64)
    assert latent_figures(Quiet(), x, y, 1.0, seed=5).active_units == 0
    assert carrying_latents(Quiet(), x, y).tolist() == [True, True, False]


def test_latents_that_stand_in_for_each_other_are_not_all_called_needless():
    class Twins(torch.nn.Module):
        latent_dim, label_dim = 2, 0

        def encode(self, x, y):
            z = x[:, :1].repeat(1, 2)
            return z, torch.zeros_like(z)

        def decode(self, z, y):  # either twin alone is enough
            far = torch.where(z[:, 0].abs() > z[:, 1].abs(), z[:, 0], z[:, 1])
            return torch.stack([far, torch.zeros_like(far)], dim=1)

    x = torch.randn(500, 2, generator=torch.Generator().manual_seed(6))
    x = x - x.mean(dim=0)
    y = torch.zeros(500, dtype=torch.int64)
    assert carrying_latents(Twins(), x, y).sum() == 1


def test_mutual_information_of_a_gaussian_channel_is_that_of_its_formula():
    mean = torch.randn(2000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    groups = torch.zeros(2000, dtype=torch.int64)
    for sigma in (0.05, 0.5, 3.0):
        log_var = torch.full_like(mean, 2 * math.log(sigma))
        estimate, error = mutual_information(mean, log_var, groups, seed=2)
        assert estimate == pytest.approx(0.5 * math.log(1 + 1 / sigma**2), abs=3 * error + 0.02)
        assert error < 0.2


def test_latents_that_know_nothing_are_left_out_at_no_cost():
    torch.manual_seed(0)
    known = torch.tensor([5, 17])
    mean = 1e-3 * torch.randn(400, 40, dtype=torch.float64)
    log_var = torch.zeros_like(mean)
    mean[:, known] = torch.randn(400, 2, dtype=torch.float64)
    log_var[:, known] = -2.0
    assert informative(mean, log_var).tolist() == known.tolist()
    groups = torch.zeros(400)
    whole, error = mutual_information(mean, log_var, groups, seed=2)
    told, _ = mutual_information(mean[:, known], log_var[:, known], groups, seed=2)
    assert told == pytest.approx(whole, abs=3 * error)
    mean[0, 0] = math.nan
    assert 0 in informative(mean, log_var)


def test_information_about_the_group_alone_does_not_count():
    groups = torch.arange(400) % 2
    mean = groups.double()[:, None] * 10.0
    log_var = torch.zeros_like(mean)
    assert mutual_information(mean, log_var, groups, seed=3)[0] == pytest.approx(0.0, abs=1e-6)
    told, _ = mutual_information(mean, log_var, torch.zeros_like(groups), seed=3)
    assert told == pytest.approx(math.log(2), abs=0.01)


def test_the_kl_to_a_learned_mixture_is_that_to_the_prior_where_the_mixture_is_the_prior():
    model = build_model(dataclasses.replace(GOOD, prior="mixture"), 0).eval()
    plain = build_model(GOOD, 0).eval()
    with torch.no_grad():
        model.prior.means.zero_()
    x = torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    y = torch.zeros(4000, dtype=torch.int64)
    ours, theirs = (latent_figures(one, x, y, 1.0, seed=1) for one in (model, plain))
    assert ours.kl == pytest.approx(theirs.kl, abs=0.02)
    assert ours.kl_per_latent == pytest.approx(theirs.kl_per_latent, abs=0.02)
    assert ours.mutual_information == theirs.mutual_information
