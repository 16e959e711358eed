"""An evaluation's record: its columns, its repeats, its refusals, and figures for rungs."""

import dataclasses
import json
import math

import pytest
import torch

from moons.config import Config
from moons.evaluated import FIGURES, SOUGHT
from moons.evaluation import (
    MEASURES,
    evaluate,
    evaluate_density,
    excess_nll,
    val_energy_distance,
)
from tests.moons.evaluation.known import GOOD, RealData, trained


def test_every_evaluation_has_the_same_columns_and_plain_values(vae_evaluation, cvae_evaluation):
    real = evaluate_density(RealData(0.15, True), GOOD).as_row()
    for row in (vae_evaluation.as_row(), cvae_evaluation.as_row()):
        assert list(row) == list(real)
        assert json.loads(json.dumps(row)) == row
        assert len(json.loads(row["fresh_kl_per_latent"])) == 2
        assert row["test_prior_draws"] >= 512
    assert {
        "val_excess_nll",
        "test_excess_nll_se",
        "exact_excess_nll",
        "exact_excess_nll_se",
        "test_elbo",
        "test_inference_gap",
        "val_energy_distance",
        "val_energy_distance_se",
        "val_energy_distance_floor_se",
        "fresh_energy_distance_se",
        "fresh_energy_distance_floor",
        "fresh_energy_distance_floor_se",
        "fresh_sliced_wasserstein",
        "fresh_coverage",
        "fresh_density",
        "fresh_two_sample_accuracy",
        "fresh_label_share",
        "fresh_carrying",
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
        empty = "excess_nll" in name or "label_share" in name or name == "fresh_active_units"
        assert (value is None) is empty, name
    assert MEASURES["val_excess_nll"](model, config, 0) is None
    assert MEASURES["val_energy_distance"](model, config, 0) > 0


def test_an_evaluation_repeats_with_its_seed(cvae, cvae_evaluation):
    config = dataclasses.replace(GOOD, family="cvae")
    assert evaluate(cvae, config) == cvae_evaluation
    assert excess_nll(cvae, config, "fresh", seed=1) != excess_nll(cvae, config, "fresh", seed=0)


def test_a_rungs_figures_are_cheap_estimates_of_the_whole_ones(vae, vae_evaluation):
    excess = MEASURES["val_excess_nll"](vae, GOOD, 0)
    assert excess == pytest.approx(vae_evaluation.val.excess_nll, abs=0.05)
    distance = MEASURES["val_energy_distance"](vae, GOOD, 0)
    assert distance == pytest.approx(vae_evaluation.val_energy_distance, abs=0.01)
    assert distance == val_energy_distance(vae, GOOD)[0]


def test_what_can_be_sought_on_validation_data_has_a_measure_and_less_of_it_is_better():
    assert [f"val_{figure}" for figure in SOUGHT] == list(MEASURES)
    assert all(FIGURES[figure].better == "less" for figure in SOUGHT)


def test_an_unknown_split_is_refused(vae):
    with pytest.raises(ValueError, match="val, test, fresh"):
        excess_nll(vae, GOOD, "train")


def test_a_model_in_training_stays_in_training(vae):
    vae.train()
    MEASURES["val_excess_nll"](vae, GOOD, 0)
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
    assert row["fresh_carrying"] == 2
    assert row["exact_excess_nll"] > 0
