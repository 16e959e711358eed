"""How far from the truth: real data as a model, trained models, models with a known fault."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from moons.config import Config
from moons.density import draw_exact
from moons.evaluation import (
    ImportanceDraws,
    evaluate,
    evaluate_density,
    excess_nll,
    generate,
    val_energy_distance,
)
from tests.moons.evaluation.known import GOOD, RealData, SwappedLabels, trained


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("noise", [0.05, 0.15])
def test_real_data_as_a_model_get_the_floor_of_every_figure(conditional, noise):
    found = evaluate_density(RealData(noise, conditional), Config(noise=noise), seed=3)
    for split in (found.val, found.test):
        assert split.excess_nll == 0.0
        assert split.excess_nll_se == 0.0
    figures, floor = found.samples, found.floor
    for name in ("energy_distance", "sliced_wasserstein", "coverage", "density"):
        value, usual = getattr(figures, name), getattr(floor, name)
        error = math.hypot(getattr(found.samples_se, name), getattr(found.floor_se, name))
        assert value == pytest.approx(usual, abs=5 * error + 1e-4), name
    error = math.hypot(found.val_energy_distance_se, found.val_energy_distance_floor_se)
    assert 0 < error < 0.003
    assert found.val_energy_distance == pytest.approx(
        found.val_energy_distance_floor, abs=5 * error + 1e-4
    )
    assert figures.two_sample_accuracy == pytest.approx(0.5, abs=0.03)
    assert (figures.label_share is None) is not conditional
    if conditional:
        assert figures.label_share == pytest.approx(floor.label_share, abs=0.01)


def test_a_trained_cvae_is_near_the_truth(cvae_evaluation):
    assert cvae_evaluation.exact.excess_nll < 0.1
    assert cvae_evaluation.sigma_x == pytest.approx(0.15, abs=0.03)
    assert cvae_evaluation.samples.label_share > 0.97
    assert cvae_evaluation.samples.energy_distance < 0.02
    assert cvae_evaluation.val_shuffled_loss > 2 * cvae_evaluation.val_right_loss


def test_splits_agree_within_their_errors(vae_evaluation, cvae_evaluation):
    for found in (vae_evaluation, cvae_evaluation):
        for split in (found.val, found.test):
            off = split.excess_nll - found.exact.excess_nll
            assert abs(off) < 4 * split.excess_nll_se
            assert split.points == 400


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
        assert found.exact.excess_nll > 0
        for split in (found.val, found.test):
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


def test_a_cvae_with_swapped_labels_draws_the_other_moon(cvae, cvae_evaluation):
    config = dataclasses.replace(GOOD, family="cvae")
    swapped = SwappedLabels(config)
    swapped.load_state_dict(cvae.state_dict())
    found = evaluate(swapped, config)
    assert found.samples.label_share < 0.03
    assert found.exact.excess_nll > cvae_evaluation.exact.excess_nll + 1.0
    assert found.val_shuffled_loss < found.val_right_loss
    # With the data's noise, draws of both moons together are as good as before.
    assert val_energy_distance(swapped, config, sigma_x=0.15)[0] < 0.02


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
