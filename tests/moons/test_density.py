import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moons.density import draw_exact, log_density, moon_log_densities
from moons.evaluation import energy_distance
from moons.sources import source_named
from moons.sources.quadrature import bayes_accuracy, bayes_label, entropy

MOONS = source_named("moons")
NOISES = (0.05, 0.1, 0.15, 0.2)


def grid(noise):
    """Points that cover both moons and six standard deviations around them, and their area."""
    step = noise / 2
    across = np.arange(-1 - 6 * noise, 2 + 6 * noise, step)
    along = np.arange(-0.5 - 6 * noise, 1 + 6 * noise, step)
    return np.stack(np.meshgrid(across, along), axis=-1).reshape(-1, 2), step**2


@settings(max_examples=4, deadline=None)
@given(st.floats(0.15, 3.0))
def test_both_conditional_densities_and_their_mean_integrate_to_one(noise):
    points, area = grid(noise)
    both = np.exp(moon_log_densities(points, noise, nodes=300))
    assert both.sum(axis=0) * area == pytest.approx([1.0, 1.0], abs=1e-6)
    marginal = np.exp(log_density(points, noise, nodes=300))
    assert marginal == pytest.approx(both.mean(axis=1), rel=1e-9)


@pytest.mark.parametrize(("noise", "nats"), [(0.05, 0.288), (0.1, 1.006), (0.2, 1.679)])
def test_the_entropy_is_what_was_measured_before(noise, nats):
    assert entropy(MOONS, noise) == pytest.approx(nats, abs=0.02)


@pytest.mark.parametrize("noise", NOISES)
def test_the_entropy_is_the_mean_code_length_of_fresh_points(noise):
    drawn = draw_exact(5000, noise, seed=1)
    for given_label in (False, True):
        lengths = -log_density(drawn.x, noise, drawn.y if given_label else None)
        error = lengths.std() / np.sqrt(len(lengths))
        assert entropy(MOONS, noise, given_label) == pytest.approx(lengths.mean(), abs=4 * error)


def test_knowing_the_label_saves_at_most_its_own_entropy():
    for noise in NOISES:
        assert (
            0 < entropy(MOONS, noise) - entropy(MOONS, noise, given_label=True) <= np.log(2) + 1e-6
        )


def test_a_kernel_estimate_of_a_million_draws_agrees_with_the_density_it_estimates():
    # A Gaussian kernel adds its variance to the noise's, so what it estimates is exact as well.
    noise, bandwidth = 0.1, 0.06
    drawn = draw_exact(1_000_000, noise, seed=2).x
    places = draw_exact(12, noise, seed=3).x
    expected = np.exp(log_density(places, np.hypot(noise, bandwidth)))
    for place, density in zip(places, expected, strict=True):
        squared = ((drawn - place) ** 2).sum(axis=1)
        kernel = np.exp(-squared / (2 * bandwidth**2)) / (2 * np.pi * bandwidth**2)
        error = kernel.std() / np.sqrt(len(kernel))
        assert kernel.mean() == pytest.approx(density, abs=4.5 * error)


@given(st.floats(-3, 4), st.floats(-3, 4), st.floats(0.01, 2.0))
def test_half_a_turn_about_the_middle_swaps_the_moons(a, b, noise):
    here, there = moon_log_densities([[a, b], [1 - a, 0.5 - b]], noise)
    assert here == pytest.approx(there[::-1], rel=1e-9, abs=1e-9)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.002, 1.0))
def test_far_points_keep_a_finite_density_that_falls_with_their_distance(a, b, noise):
    value = log_density([[a, b]], noise, [0])[0]
    t = np.linspace(0, np.pi, 20_000)
    squared = ((a - np.cos(t)) ** 2 + (b - np.sin(t)) ** 2).min()
    assert np.isfinite(value)
    # No average is above its largest term.
    assert value <= -squared / (2 * noise**2) - np.log(2 * np.pi * noise**2) + 1e-3 / noise**2


def test_more_nodes_change_nothing():
    points = draw_exact(300, 0.05, seed=4).x
    assert log_density(points, 0.05) == pytest.approx(
        log_density(points, 0.05, nodes=20_000), abs=1e-3
    )


@pytest.mark.parametrize("noise", [0.02, 0.1, 1.0, 10.0])
def test_fewer_nodes_give_a_point_the_label_that_many_give(noise):
    x = draw_exact(2000, 3 * noise, seed=4).x
    upper, lower = moon_log_densities(x, noise).T
    assert (bayes_label(MOONS, x, noise) == (lower > upper))[np.abs(upper - lower) > 1e-3].all()


@pytest.mark.parametrize("noise", NOISES)
def test_the_bayes_accuracy_is_the_share_of_right_bayes_labels(noise):
    drawn = draw_exact(5000, noise, seed=5)
    share = (bayes_label(MOONS, drawn.x, noise) == drawn.y).mean()
    error = np.sqrt(share * (1 - share) / len(drawn.y)) + 5e-4
    assert bayes_accuracy(MOONS, noise) == pytest.approx(share, abs=4 * error)


@pytest.mark.parametrize("noise", [0.0, -0.1, float("nan")])
def test_without_noise_there_is_no_density(noise):
    with pytest.raises(ValueError, match="noise must be above 0"):
        log_density([[0, 0]], noise)
    assert not MOONS.known(noise)
    assert MOONS.log_densities([[0, 0]], noise) is None


def test_exact_draws_follow_the_same_distribution_as_the_data():
    data = MOONS.draw(4000, 0.15, seed=6)
    drawn = draw_exact(4000, 0.15, seed=7)
    assert energy_distance(data.x, drawn.x) < 0.002
    assert abs(drawn.y.mean() - 0.5) < 0.04


def test_exact_draws_repeat_with_their_seed_and_keep_the_labels_asked_for():
    asked = np.arange(100) % 2
    first, again = (draw_exact(100, 0.1, seed=8, y=asked) for _ in range(2))
    assert (first.x == again.x).all()
    assert (first.y == asked).all()
    assert (bayes_label(MOONS, first.x, 0.1) == asked).mean() > 0.95
    assert (draw_exact(100, 0.1, seed=9, y=asked).x != first.x).any()


def test_exact_draws_without_noise_lie_on_their_arcs():
    drawn = draw_exact(50, 0.0, seed=10, y=np.zeros(50))
    assert np.hypot(*drawn.x.T) == pytest.approx(1.0)
    assert (drawn.x[:, 1] >= 0).all()
