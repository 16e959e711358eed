"""Whole evaluations: of real data as a model, of trained models, of models with a known fault."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch

from moons.config import Config
from moons.density import draw_exact, log_density
from moons.evaluation import (
    ImportanceDraws,
    evaluate,
    evaluate_density,
    excess_nll,
    generate,
    measure,
    val_energy_distance,
)
from moons.evaluation.latents import mutual_information
from moons.fit import fit, start
from moons.models import CVAE, VAE, build_model

GOOD = Config(
    encoder_hidden=64,
    decoder_hidden=64,
    latent_dim=2,
    lr=1e-2,
    batch_size=128,
    beta=0.045,
    eps_w=1.0,
    max_epochs=120,
    monitor="val_loss",
)


def trained(config, seed=0):
    run = start(config, seed, engine="torch")
    for _ in fit(run):
        pass
    model = build_model(config, seed)
    model.load_state_dict(run.best_weights())
    return model.eval()


@pytest.fixture(scope="module")
def vae():
    return trained(dataclasses.replace(GOOD, max_epochs=40))


@pytest.fixture(scope="module")
def cvae():
    return trained(dataclasses.replace(GOOD, family="cvae"))


@pytest.fixture(scope="module")
def cvae_evaluation(cvae):
    return evaluate(cvae, dataclasses.replace(GOOD, family="cvae"))


@pytest.fixture(scope="module")
def vae_evaluation(vae):
    return evaluate(vae, GOOD)


class RealData:
    """The source itself in a model's place."""

    def __init__(self, noise, conditional):
        self.noise, self.conditional = noise, conditional

    def log_density(self, x, y):
        return log_density(x, self.noise, y if self.conditional else None)

    def draw(self, n, seed, y):
        return draw_exact(n, self.noise, seed, y if self.conditional else None).x


class SwappedLabels(CVAE):
    """Gives every moon for the other."""

    def decode(self, z, y):
        return super().decode(z, 1 - y)

    def encode(self, x, y):
        return super().encode(x, 1 - y)


class Collapsed(VAE):
    """Its posterior is the prior, and its decoder looks at nothing."""

    def encode(self, x, y):
        zeros = torch.zeros(len(x), self.latent_dim)
        return zeros, zeros.clone()

    def decode(self, z, y):
        return torch.full((len(z), 2), 0.5)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("noise", [0.05, 0.15])
def test_real_data_as_a_model_get_the_floor_of_every_figure(conditional, noise):
    found = evaluate_density(RealData(noise, conditional), Config(noise=noise), seed=3)
    for split in (found.val, found.test, found.fresh):
        assert split.excess_nll == 0.0
        assert split.excess_nll_se == 0.0
    figures, floor = found.samples, found.floor
    assert figures.energy_distance == pytest.approx(floor.energy_distance, abs=0.003)
    assert found.val_energy_distance == pytest.approx(found.val_energy_distance_floor, abs=0.006)
    assert figures.sliced_wasserstein == pytest.approx(floor.sliced_wasserstein, abs=0.04)
    assert figures.coverage == pytest.approx(floor.coverage, abs=0.02)
    assert figures.density == pytest.approx(floor.density, abs=0.06)
    assert figures.two_sample_accuracy == pytest.approx(floor.two_sample_accuracy, abs=0.05)
    assert (figures.label_share is None) is not conditional
    if conditional:
        assert figures.label_share == pytest.approx(floor.label_share, abs=0.01)


def test_a_trained_cvae_is_near_the_truth(cvae_evaluation):
    assert cvae_evaluation.fresh.excess_nll < 0.1
    assert cvae_evaluation.sigma_x == pytest.approx(0.15, abs=0.03)
    assert cvae_evaluation.samples.label_share > 0.97
    assert cvae_evaluation.samples.energy_distance < 0.02
    assert cvae_evaluation.val_shuffled_loss > 2 * cvae_evaluation.val_right_loss


def test_splits_agree_within_their_errors(vae_evaluation, cvae_evaluation):
    for found in (vae_evaluation, cvae_evaluation):
        for split in (found.val, found.test):
            error = math.hypot(split.excess_nll_se, found.fresh.excess_nll_se)
            assert abs(split.excess_nll - found.fresh.excess_nll) < 4 * error
            assert split.points == 400
        assert found.fresh.points == 10_000


@pytest.mark.parametrize(
    "config",
    [
        Config(latent_dim=1, noise=0.2),
        Config(family="cvae", latent_dim=3, noise=0.05),
        Config(latent_dim=40, encoder_hidden=8, decoder_hidden=8),
    ],
)
@pytest.mark.parametrize("epochs", [1, 8])
def test_no_model_beats_the_truth(config, epochs):
    model = trained(dataclasses.replace(config, max_epochs=epochs, batch_size=256, lr=1e-2))
    for split in ("val", "test"):
        found = excess_nll(model, config, split, ImportanceDraws(4096), seed=1)
        assert found.excess_nll > -3 * found.excess_nll_se


def test_no_trained_model_beats_the_truth(vae_evaluation, cvae_evaluation):
    for found in (vae_evaluation, cvae_evaluation):
        for split in (found.val, found.test, found.fresh):
            assert split.excess_nll > -3 * split.excess_nll_se
            assert split.inference_gap > 0
            assert split.elbo == pytest.approx(-split.nll - split.inference_gap)


def test_the_excess_shrinks_with_the_number_of_draws(vae):
    means = [
        np.mean(
            [
                excess_nll(vae, GOOD, "val", ImportanceDraws(k, 0), seed=s, sigma_x=0.1).nll
                for s in range(8)
            ]
        )
        for k in (8, 64, 512, 4096)
    ]
    assert means == sorted(means, reverse=True)


def test_a_model_that_ignores_its_latent_has_no_active_units_and_no_information():
    found = evaluate(Collapsed(GOOD), GOOD)
    assert found.latents.active_units == 0
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
    assert abs(latents.mutual_information) < max(3 * latents.mutual_information_error, 0.01)


def test_a_trained_models_latents_are_active_and_informed(vae_evaluation, cvae_evaluation):
    for found in (vae_evaluation, cvae_evaluation):
        latents = found.latents
        assert latents.active_units >= 1
        assert latents.kl == pytest.approx(sum(latents.kl_per_latent))
        # The KL is the information and what the mean posterior still differs from the prior.
        assert 0.5 < latents.mutual_information < latents.kl + 3 * latents.mutual_information_error


def test_mutual_information_of_a_gaussian_channel_is_that_of_its_formula():
    mean = torch.randn(2000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    groups = torch.zeros(2000, dtype=torch.int64)
    for sigma in (0.05, 0.5, 3.0):
        log_var = torch.full_like(mean, 2 * math.log(sigma))
        estimate, error = mutual_information(mean, log_var, groups, seed=2)
        assert estimate == pytest.approx(0.5 * math.log(1 + 1 / sigma**2), abs=3 * error + 0.02)
        assert error < 0.2


def test_information_about_the_group_alone_does_not_count():
    groups = torch.arange(400) % 2
    mean = groups.double()[:, None] * 10.0
    log_var = torch.zeros_like(mean)
    assert mutual_information(mean, log_var, groups, seed=3)[0] == pytest.approx(0.0, abs=1e-6)
    told, _ = mutual_information(mean, log_var, torch.zeros_like(groups), seed=3)
    assert told == pytest.approx(math.log(2), abs=0.01)


def test_a_cvae_with_swapped_labels_draws_the_other_moon(cvae, cvae_evaluation):
    config = dataclasses.replace(GOOD, family="cvae")
    swapped = SwappedLabels(config)
    swapped.load_state_dict(cvae.state_dict())
    found = evaluate(swapped, config)
    assert found.samples.label_share < 0.03
    assert found.fresh.excess_nll > cvae_evaluation.fresh.excess_nll + 1.0
    assert found.val_shuffled_loss < found.val_right_loss
    # With the data's noise, draws of both moons together are as good as before.
    assert val_energy_distance(swapped, config, sigma_x=0.15) < 0.02


def test_every_evaluation_has_the_same_columns_and_plain_values(vae_evaluation, cvae_evaluation):
    real = evaluate_density(RealData(0.15, True), GOOD).as_row()
    for row in (vae_evaluation.as_row(), cvae_evaluation.as_row()):
        assert list(row) == list(real)
        assert json.loads(json.dumps(row)) == row
        assert len(json.loads(row["fresh_kl_per_latent"])) == 2
        assert row["fresh_prior_draws"] >= 512
    assert {
        "val_excess_nll",
        "test_excess_nll_se",
        "fresh_excess_nll",
        "fresh_elbo",
        "fresh_inference_gap",
        "val_energy_distance",
        "fresh_energy_distance_floor",
        "fresh_sliced_wasserstein",
        "fresh_coverage",
        "fresh_density",
        "fresh_two_sample_accuracy",
        "fresh_label_share",
        "fresh_active_units",
        "fresh_mutual_information_error",
        "val_shuffled_loss",
    } <= set(real)


def test_figures_that_are_not_finite_leave_their_column_empty(vae_evaluation):
    broken = dataclasses.replace(vae_evaluation, sigma_x=math.inf)
    assert broken.as_row()["sigma_x"] is None


def test_without_noise_what_needs_a_density_stays_empty_and_the_rest_is_there():
    config = Config(family="cvae", noise=0.0, latent_dim=1, max_epochs=2, batch_size=256)
    model = trained(config)
    row = evaluate(model, config).as_row()
    for name, value in row.items():
        assert (value is None) is ("excess_nll" in name or "label_share" in name), name
    assert measure("val_excess_nll", model, config) is None
    assert measure("val_energy_distance", model, config) > 0


def test_an_evaluation_repeats_with_its_seed(cvae, cvae_evaluation):
    config = dataclasses.replace(GOOD, family="cvae")
    assert evaluate(cvae, config) == cvae_evaluation
    assert excess_nll(cvae, config, "fresh", seed=1) != excess_nll(cvae, config, "fresh", seed=0)


def test_a_rungs_figures_are_cheap_estimates_of_the_whole_ones(vae, vae_evaluation):
    excess = measure("val_excess_nll", vae, GOOD)
    assert excess == pytest.approx(vae_evaluation.val.excess_nll, abs=0.05)
    distance = measure("val_energy_distance", vae, GOOD)
    assert distance == pytest.approx(vae_evaluation.val_energy_distance, abs=0.01)
    assert distance == val_energy_distance(vae, GOOD)


def test_an_unknown_measure_or_split_is_refused(vae):
    with pytest.raises(ValueError, match="val_excess_nll, val_energy_distance"):
        measure("val_fid", vae, GOOD)
    with pytest.raises(ValueError, match="val, test, fresh"):
        excess_nll(vae, GOOD, "train")


def test_a_model_in_training_stays_in_training(vae):
    vae.train()
    measure("val_excess_nll", vae, GOOD)
    assert vae.training
    vae.eval()


def test_a_model_of_ones_own_needs_only_encode_and_decode():
    class Own(torch.nn.Module):
        latent_dim, label_dim = 2, 0

        def encode(self, x, y):
            return 3 * x, torch.full_like(x, -4.0)

        def decode(self, z, y):
            return z / 3

    row = evaluate(Own(), GOOD).as_row()
    assert row["fresh_active_units"] == 2
    assert row["fresh_excess_nll"] > 0


def test_a_draw_of_the_model_follows_the_density_it_is_judged_by(vae, vae_evaluation):
    # The mean code length of the model's own draws is its entropy, whatever the data are.
    from moons.evaluation.likelihood import log_likelihood

    sigma_x = vae_evaluation.sigma_x
    drawn = generate(vae, 2000, 5, sigma_x=sigma_x)
    real = draw_exact(2000, GOOD.noise, 6).x
    labels = torch.zeros(2000, dtype=torch.int64)
    own, other = (
        log_likelihood(vae, torch.tensor(x), labels, sigma_x, ImportanceDraws(), 7).mean()
        for x in (drawn, real)
    )
    assert float(own) == pytest.approx(float(other), abs=0.5)
