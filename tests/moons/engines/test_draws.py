"""The order and the noise that every engine is handed."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from moons.engines.draws import Draws


@settings(max_examples=50)
@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_an_epoch_has_each_point_once_and_a_draw_for_each_latent_and_point(n, latent, seed):
    draws = Draws(seed, n, latent)
    for _ in range(2):
        order, noise = draws.next_epoch()
        assert sorted(order.tolist()) == list(range(n))
        assert noise.shape == (latent, n)
        assert noise.isfinite().all()


def test_a_seed_gives_the_same_draws_again_and_another_seed_gives_others():
    one, again, other = (Draws(seed, 100, 3) for seed in (1, 1, 2))
    for _ in range(3):
        order, noise = one.next_epoch()
        assert order.equal(again.next_epoch()[0])
        others = other.next_epoch()
        assert not order.equal(others[0])
        assert not noise.equal(others[1])


def test_an_epoch_s_draws_stay_when_the_next_ones_are_made():
    draws = Draws(0, 100, 3)
    order, noise = draws.next_epoch()
    before = order.clone(), noise.clone()
    later = draws.next_epoch()
    assert order.equal(before[0])
    assert noise.equal(before[1])
    assert not order.equal(later[0])
    assert not noise.equal(later[1])


@pytest.fixture(scope="module")
def normal():
    """A million draws, as (epochs, latents, points)."""
    draws = Draws(5, 1000, 10)
    return np.stack([draws.next_epoch()[1].numpy() for _ in range(100)]).astype(np.float64)


def test_noise_is_standard_normal(normal):
    values = normal.ravel()
    assert stats.kstest(values, "norm").pvalue > 1e-3
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        error = np.mean(values**power) - moment
        assert abs(error) < 4 * np.sqrt(variance / len(values)), power
    tail = np.mean(np.abs(values) > 4)
    assert tail == pytest.approx(2 * stats.norm.sf(4), abs=4 * np.sqrt(6.3e-5 / len(values)))


@pytest.mark.parametrize("lag", [1, 2, 8, 15, 16, 17, 32, 1000, 10_000])
def test_draws_do_not_know_of_each_other(normal, lag):
    values = normal.ravel()
    for shape in (values, values**2 - 1):
        correlation = np.mean(shape[:-lag] * shape[lag:]) / np.mean(shape**2)
        assert abs(correlation) < 4 / np.sqrt(len(values))


def test_every_order_is_as_likely_as_every_other():
    draws = Draws(1, 4, 1)
    orders = [tuple(draws.next_epoch()[0].tolist()) for _ in range(4800)]
    counts = [orders.count(order) for order in permutations(range(4))]
    assert stats.chisquare(counts).pvalue > 1e-3


def test_every_point_is_as_likely_in_every_place():
    draws = Draws(1, 40, 1)
    counts = np.zeros((40, 40))
    for _ in range(4000):
        counts[np.arange(40), draws.next_epoch()[0].numpy()] += 1
    # Rows and columns add up to a constant: 39 * 39 degrees of freedom.
    statistic = ((counts - 100) ** 2 / 100).sum()
    assert stats.chi2.sf(statistic, 39 * 39) > 1e-3
    assert stats.chi2.cdf(statistic, 39 * 39) > 1e-3
