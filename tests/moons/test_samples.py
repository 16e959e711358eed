import numpy as np
import ot
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from moons.data import Origin
from moons.density import draw_exact
from moons.evaluation.samples import (
    PROJECTIONS,
    Real,
    coverage_and_density,
    energy_distance,
    label_share,
    mean_energy_distance,
    sliced_wasserstein,
    two_sample_accuracy,
)
from moons.sources.quadrature import bayes_accuracy

POINTS = arrays(np.float32, (7, 2), elements=st.floats(-5, 5, width=32))
FIRST, SECOND = (draw_exact(1500, 0.15, seed).x for seed in (1, 2))
AWAY = np.float32([30.0, 0.0])


@given(POINTS, POINTS)
def test_the_energy_distance_is_symmetric_and_never_negative(x, y):
    assert energy_distance(x, y) == pytest.approx(energy_distance(y, x), abs=1e-5)
    assert energy_distance(x, y) >= -1e-5
    assert energy_distance(x, x) == pytest.approx(0.0, abs=1e-5)


@given(POINTS, POINTS, st.floats(0.1, 10.0))
def test_the_energy_distance_moves_with_the_unit_and_not_with_the_origin(x, y, unit):
    distance = energy_distance(x, y)
    assert energy_distance(x + AWAY, y + AWAY) == pytest.approx(distance, abs=1e-3)
    scaled = energy_distance(np.float32(unit) * x, np.float32(unit) * y)
    assert scaled == pytest.approx(unit * distance, abs=1e-4)


def test_the_energy_distance_of_two_points_is_twice_their_distance():
    assert energy_distance(np.float32([[0, 0]]), np.float32([[3, 4]])) == pytest.approx(10.0)


def test_the_energy_distance_is_that_of_its_formula():
    x, y = FIRST[:200], SECOND[:300]

    def mean(a, b):
        return np.linalg.norm(a[:, None].astype(float) - b[None], axis=2).mean()

    assert energy_distance(x, y) == pytest.approx(
        2 * mean(x, y) - mean(x, x) - mean(y, y), abs=1e-5
    )


def test_the_error_of_a_mean_energy_distance_is_how_it_varies_with_other_draws():
    real = Real(FIRST[:400])
    drawn = [draw_exact(300, 0.15, seed).x for seed in range(10, 50)]
    means, errors = zip(
        *(mean_energy_distance(drawn[i : i + 4], real) for i in range(0, 40, 4)), strict=True
    )
    assert np.mean(errors) == pytest.approx(np.std(means, ddof=1), rel=0.6)
    singles = [energy_distance(ours, real) for ours in drawn]
    assert np.mean(means) == pytest.approx(np.mean(singles), rel=1e-6)
    assert np.std(means, ddof=1) < 0.8 * np.std(singles, ddof=1)


def test_the_sliced_wasserstein_distance_of_a_shift_is_its_mean_projection():
    # The mean of cos^2 over the directions of a plane is a half.
    shifted = FIRST + np.float32([2.0, 0.0])
    assert sliced_wasserstein(FIRST, Real(shifted, seed=3)) == pytest.approx(
        2 / np.sqrt(2), rel=0.15
    )
    assert sliced_wasserstein(FIRST, Real(FIRST, seed=3)) == pytest.approx(0.0, abs=1e-6)


def test_the_sliced_wasserstein_distance_is_what_another_library_has():
    angle = np.random.default_rng(3).uniform(0, np.pi, PROJECTIONS)
    directions = np.stack([np.cos(angle), np.sin(angle)])
    expected = ot.sliced_wasserstein_distance(
        FIRST.astype(float), SECOND.astype(float), projections=directions
    )
    assert sliced_wasserstein(FIRST, Real(SECOND, seed=3)) == pytest.approx(
        float(expected), rel=1e-4
    )


def test_the_same_sample_is_covered_and_a_far_one_covers_nothing():
    coverage, density = coverage_and_density(FIRST, Real(FIRST))
    assert coverage == 1.0
    assert 1.0 <= density <= 1.2  # the five neighbours, the last by a rounding, and the point
    assert coverage_and_density(FIRST + AWAY, Real(FIRST)) == (0.0, 0.0)


def test_fresh_data_have_the_coverage_and_density_that_theory_gives():
    coverage, density = coverage_and_density(FIRST, Real(SECOND))
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert density == pytest.approx(1.0, abs=0.06)


def test_dropping_a_moon_halves_the_coverage_and_not_the_density():
    half = draw_exact(1500, 0.05, 4, np.zeros(1500)).x
    whole = draw_exact(1500, 0.05, 5, np.arange(1500) % 2).x
    coverage, density = coverage_and_density(half, Real(whole))
    assert coverage == pytest.approx(0.5, abs=0.03)
    assert density > 0.9


def test_a_classifier_tells_far_samples_apart_and_not_fresh_ones():
    assert two_sample_accuracy(FIRST + AWAY, SECOND, seed=6) == 1.0
    assert two_sample_accuracy(FIRST, SECOND, seed=6) == pytest.approx(0.5, abs=0.05)


def test_the_label_share_of_exact_draws_is_the_bayes_accuracy():
    asked = np.arange(1500) % 2
    drawn, origin = draw_exact(1500, 0.2, 7, asked).x, Origin("moons", 2000, 0.2, 42)
    right = bayes_accuracy(origin.source, 0.2)
    assert label_share(drawn, asked, origin) == pytest.approx(right, abs=0.02)
    assert label_share(drawn, 1 - asked, origin) == pytest.approx(1 - right, abs=0.02)
