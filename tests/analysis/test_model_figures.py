"""What the figures about a model show, on models known in closed form."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis.figures.models import (
    density,
    latent_prior,
    latent_space,
    reconstructions,
    samples,
    traversals,
)
from analysis.figures.plane import exact_density
from moons.data import Origin
from moons.prior import MixturePrior

from .known_models import SHIFT, known_trial


def test_a_decoder_that_undoes_the_encoder_moves_no_point():
    data = reconstructions.reconstructions_data(known_trial())
    assert len(data) == 100
    assert data["distance"].max() < 1e-6


def test_reconstruction_distances_are_those_from_points_to_arrowheads():
    trained = known_trial(latent_dim=1)  # x2 is lost: it comes back as 0
    data = reconstructions.reconstructions_data(trained)
    np.testing.assert_allclose(data["distance"], data["x2"].abs(), atol=1e-6)


def test_no_more_reconstructions_are_drawn_than_asked_for_and_always_the_same():
    trained = known_trial()
    first, second = (reconstructions.reconstructions_data(trained, most=20) for _ in range(2))
    assert len(first) == 20
    pd.testing.assert_frame_equal(first, second)


def test_a_conditional_model_is_asked_for_both_moons_equally():
    data = samples.samples_data(known_trial(conditional=True), sigma_x=0.0)
    drawn = data[data["source"] == "generated"]
    assert drawn["class"].value_counts().to_dict() == {0: 500, 1: 500}
    means = drawn.groupby("class")["x1"].mean()
    assert means[1] - means[0] == pytest.approx(SHIFT, abs=0.3)


def test_a_vae_generates_points_without_a_moon_from_its_prior_and_noise():
    data = samples.samples_data(known_trial(), sigma_x=1.0, draws=4000)
    drawn = data[data["source"] == "generated"]
    assert drawn["class"].isna().all()
    assert drawn[["x1", "x2"]].std().to_numpy() == pytest.approx(math.sqrt(2), rel=0.05)


def test_as_many_fresh_points_as_generated_ones_are_shown():
    counts = samples.samples_data(known_trial(), sigma_x=0.1)["source"].value_counts()
    assert counts["fresh"] == counts["generated"] == samples.DRAWS


def test_the_density_of_a_linear_decoder_is_normal():
    sigma_x = 0.5
    data = density.density_data(known_trial(scale=2.0), sigma_x)
    variance = 0.5**2 + sigma_x**2  # z has variance 1, and the decoder halves it
    exact = np.exp(-(data["x1"] ** 2 + data["x2"] ** 2) / (2 * variance)) / (2 * np.pi * variance)
    assert np.abs(data["model"] - exact).max() < 0.02 * exact.max()


def test_the_density_of_a_conditional_model_is_the_mean_over_both_labels():
    data = density.density_data(known_trial(conditional=True, scale=100.0), sigma_x=0.2)
    at_upper = data["model"].where(data["x1"].abs() < 0.03).max()
    assert at_upper == pytest.approx(0.5 / (2 * np.pi * 0.2**2), rel=0.02)


def test_densities_share_all_of_themselves_and_nothing_of_what_lies_elsewhere():
    data = exact_density(Origin("moons", 2000, 0.15, 42)).rename(columns={"density": "exact"})
    assert density.overlap(data.assign(model=data["exact"])) == pytest.approx(1.0, abs=0.01)
    assert density.overlap(data.assign(model=0.0)) == 0.0


def test_mass_beyond_the_grid_is_counted():
    near = density.density_data(known_trial(scale=10.0), sigma_x=0.1)
    assert density.beyond(near) == pytest.approx(0.0, abs=1e-3)
    far = density.density_data(known_trial(conditional=True, scale=100.0), sigma_x=0.01 + 0.1)
    assert density.beyond(far) == pytest.approx(0.5, abs=0.01)  # the lower moon's is moved out


def test_each_latents_kl_is_that_of_its_known_posterior():
    sigma = 0.5
    trained = known_trial(latent_dim=3, sigma=sigma)
    data = latent_prior.latent_prior_data(trained)
    x = trained.data.test.x.astype(float)
    expected = 0.5 * ((x**2).mean(axis=0) + sigma**2 - 1 - math.log(sigma**2))
    kl = data.drop_duplicates("latent").set_index("latent")["kl"]
    assert kl[1] == pytest.approx(expected[0], rel=1e-4)
    assert kl[2] == pytest.approx(expected[1], rel=1e-4)
    assert kl[3] == pytest.approx(0.0, abs=1e-6)
    assert kl.is_monotonic_decreasing


def test_draws_of_a_collapsed_latent_are_the_prior_and_it_is_said_to_carry_nothing():
    data = latent_prior.latent_prior_data(known_trial(latent_dim=3))
    collapsed = data[data["latent"] == 3]
    assert not collapsed["carrying"].any()
    assert data[data["latent"] < 3]["carrying"].all()
    assert collapsed["value"].mean() == pytest.approx(0.0, abs=0.03)
    assert collapsed["value"].std() == pytest.approx(1.0, abs=0.03)


def test_only_the_latents_with_the_largest_kl_are_shown():
    data = latent_prior.latent_prior_data(known_trial(latent_dim=12), shown=4)
    assert set(data["latent"]) >= {1, 2}
    assert data["latent"].nunique() == 4


@pytest.mark.parametrize(("latent_dim", "columns"), [(1, ["z1"]), (2, ["z1", "z2"])])
def test_one_or_two_latents_are_shown_as_they_are(latent_dim, columns):
    trained = known_trial(latent_dim)
    data = latent_space.latent_space_data(trained)
    assert list(data.columns) == [*columns, "split", "class"]
    test = data[data["split"] == "test"]
    np.testing.assert_allclose(test[columns], trained.data.test.x[:, :latent_dim], atol=1e-6)
    np.testing.assert_array_equal(test["class"], trained.data.test.y)


def test_large_splits_are_thinned():
    data = latent_space.latent_space_data(known_trial(n_samples=5000), most=300)
    assert data["split"].value_counts().to_dict() == {"train": 300, "test": 300}


@pytest.mark.slow
def test_more_latents_are_embedded_the_same_each_time_with_moons_told_apart():
    trained = known_trial(latent_dim=4, scale=3.0, n_samples=300, noise=0.05)
    first, second = (latent_space.latent_space_data(trained) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert list(first.columns) == ["umap1", "umap2", "split", "class"]
    train, test = (first[first["split"] == split] for split in ("train", "test"))
    places = train[["umap1", "umap2"]].to_numpy()
    gaps = np.linalg.norm(test[["umap1", "umap2"]].to_numpy()[:, None] - places, axis=2)
    nearest = train["class"].to_numpy()[gaps.argmin(axis=1)]
    assert (nearest == test["class"]).mean() > 0.9


@pytest.mark.slow
def test_a_handful_of_points_can_be_embedded():
    data = latent_space.latent_space_data(known_trial(latent_dim=4, n_samples=20))
    assert data[["umap1", "umap2"]].notna().all(axis=None)


MIXTURE = ((-2.0, 0.3), (1.0, 0.5), (3.0, 0.2))  # mean and standard deviation of each component


def mixture_trial(latent_dim: int):
    """A known trial whose prior is a mixture; it is the same for each latent."""
    trained = known_trial(latent_dim)
    prior = MixturePrior(latent_dim, len(MIXTURE))
    for c, (mean, std) in enumerate(MIXTURE):
        prior.means.data[c] = mean
        prior.log_vars.data[c] = 2 * math.log(std)
    trained.checkpoint.model.prior = prior
    return trained


def test_the_curve_beside_a_latent_is_the_density_of_a_learned_prior():
    trained = mixture_trial(1)
    line = latent_space.prior_data(trained, latent_space.latent_space_data(trained))
    expected = sum(norm.pdf(line["z1"], mean, std) for mean, std in MIXTURE) / len(MIXTURE)
    np.testing.assert_allclose(line["density"], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("make", [known_trial, mixture_trial])
def test_the_line_in_the_latent_plane_holds_95_percent_of_the_prior(make):
    trained = make(2)
    region = latent_space.prior_data(trained, latent_space.latent_space_data(trained))
    density = np.exp(trained.log_prior(region[["z1", "z2"]].to_numpy()))
    held = density[region["inside"] > 0].sum() / density.sum()
    assert held == pytest.approx(0.95, abs=0.01)


def test_a_traversal_moves_one_latent_and_holds_the_other_at_even_shares_of_its_prior():
    data = traversals.traversals_data(known_trial(latent_dim=2), 0)
    np.testing.assert_allclose(data["x1"], data["value"], atol=1e-6)
    held = data.groupby("path")["x2"]
    assert held.std().max() < 1e-6
    expected = [0.0, *norm.ppf(np.linspace(0.05, 0.95, traversals.PATHS))]
    assert held.mean().tolist() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("latent_dim", [1, 3])
def test_without_a_plane_of_latents_there_is_one_line(latent_dim):
    data = traversals.traversals_data(known_trial(latent_dim), 0)
    assert data["path"].unique().tolist() == [0]
    assert (data["x2"] == 0).all()


def test_a_conditional_model_is_traversed_under_both_labels():
    data = traversals.traversals_data(known_trial(conditional=True), 0)
    upper, lower = (data[data["class"] == moon] for moon in (0, 1))
    np.testing.assert_allclose(lower["x1"].to_numpy() - upper["x1"].to_numpy(), SHIFT, atol=1e-5)
    assert upper["value"].tolist() == lower["value"].tolist()


def test_traversals_run_through_a_learned_prior_and_hold_the_others_at_its_mean():
    data = traversals.traversals_data(mixture_trial(3), 0)
    assert data["value"].min() == pytest.approx(-2.65, abs=0.1)
    assert data["value"].max() == pytest.approx(3.43, abs=0.1)
    x2 = traversals.traversals_data(mixture_trial(2), 0).query("path == 0")["x2"]
    assert x2.unique() == pytest.approx(np.mean([mean for mean, _ in MIXTURE]), abs=1e-5)
