"""Probabilities and differences between two studies, and their intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm

from analysis.comparison.convergence import Search
from analysis.comparison.superiority import (
    LEAST,
    best_against_best,
    estimate,
    mean_difference,
    median_difference,
    probability_better,
    resampled_bests,
)

some_values = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=12).map(np.array)


def search(values):
    costs = {spent: np.ones(len(values)) for spent in ("trials", "epochs", "seconds")}
    return Search(np.array(values, dtype=float), costs)


@settings(deadline=None)
@given(some_values, some_values)
def test_the_probability_is_that_of_all_pairs_with_ties_counted_half(first, second):
    pairs = [(a < b) + 0.5 * (a == b) for a in first for b in second]
    assert probability_better(first, second).value == pytest.approx(np.mean(pairs))


@settings(deadline=None)
@given(some_values, some_values)
def test_one_beats_the_other_as_often_as_the_other_loses(first, second):
    ours, theirs = probability_better(first, second), probability_better(second, first)
    assert ours.value + theirs.value == pytest.approx(1.0)
    assert ours.low + theirs.high == pytest.approx(1.0, abs=1e-6)


@settings(deadline=None)
@given(some_values, some_values)
def test_the_interval_holds_the_probability_and_never_reaches_certainty_on_both_ends(first, second):
    chance = probability_better(first, second)
    assert 0.0 <= chance.low <= chance.value <= chance.high <= 1.0
    assert chance.high - chance.low > 0.01


def test_the_probability_is_mann_and_whitneys_statistic():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=30), rng.normal(size=50) + 0.4
    u = mannwhitneyu(second, first).statistic
    assert probability_better(first, second).value == pytest.approx(u / (30 * 50))


def test_few_retrainings_that_do_not_overlap_are_not_called_certain():
    chance = probability_better(np.arange(4.0), np.arange(4.0) + 10)
    assert chance.value == 1.0
    assert 0.5 < chance.low < 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m", "shift"), [(8, 8, 2.5), (20, 60, 0.5), (100, 100, 0.0)])
def test_the_interval_covers_the_true_probability_95_times_in_100(n, m, shift):
    rng = np.random.default_rng(1)
    true = norm.cdf(shift / np.sqrt(2))
    chances = (
        probability_better(rng.normal(size=n), rng.normal(size=m) + shift) for _ in range(2000)
    )
    covered = np.mean([chance.low <= true <= chance.high for chance in chances])
    assert 0.925 < covered < 0.985  # 0.95 with a standard error of 0.005, and small samples


def test_an_estimate_is_the_statistic_with_an_interval_around_it():
    values = np.random.default_rng(0).normal(size=400)
    median = estimate(np.median, values)
    assert median.value == np.median(values)
    assert median.low < median.value < median.high
    # The median of n normal values has a standard error of sqrt(pi / 2 n).
    assert median.high - median.low == pytest.approx(2 * 1.96 * np.sqrt(np.pi / 800), rel=0.25)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(0).normal(size=50)
    assert estimate(np.mean, values, seed=3) == estimate(np.mean, values, seed=3)
    assert estimate(np.mean, values, seed=3) != estimate(np.mean, values, seed=4)


def test_a_handful_of_values_has_no_bootstrap_interval():
    few = estimate(np.median, np.arange(LEAST - 1.0))
    assert np.isnan(few.low)
    assert not few.excludes_zero


def test_medians_differ_by_the_shift_between_two_samples():
    values = np.random.default_rng(0).normal(size=60)
    gap = estimate(median_difference, values, values + 5.0)
    assert gap.value == pytest.approx(-5.0)
    assert gap.low < -5.0 < gap.high < 0
    assert gap.excludes_zero


def test_means_of_seeds_that_scatter_more_than_they_differ_are_not_told_apart():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=8), rng.normal(size=8) + 0.1
    gap = mean_difference(tuple(first), tuple(second))
    assert gap.value == pytest.approx(first.mean() - second.mean())
    assert not gap.excludes_zero
    assert mean_difference(tuple(first), tuple(second + 10)).excludes_zero


def test_one_seed_each_gives_a_difference_without_an_interval():
    gap = mean_difference((1.0,), (3.0,))
    assert gap.value == -2.0
    assert np.isnan(gap.low)


def test_the_best_of_one_trial_is_a_random_trial_and_of_many_nearly_the_least():
    values = np.arange(10.0)
    rng = np.random.default_rng(0)
    assert resampled_bests(values, 1, rng, 5000).mean() == pytest.approx(4.5, abs=0.15)
    # The least of n draws is above 0 with probability 0.9^n.
    bests = resampled_bests(values, 20, rng, 5000)
    assert (bests > 0).mean() == pytest.approx(0.9**20, abs=0.02)


def test_a_search_against_itself_is_a_coin():
    values = np.random.default_rng(0).normal(size=200)
    bests = best_against_best(search(values), search(values))
    assert bests.observed == 0.0
    assert bests.equal.low <= 0.0 <= bests.equal.high
    assert bests.chance == pytest.approx(0.5, abs=0.05)


def test_the_best_of_more_trials_is_not_called_better_for_their_number():
    rng = np.random.default_rng(3)
    long, short = rng.exponential(size=2000), rng.exponential(size=40)
    bests = best_against_best(search(long), search(short))
    assert bests.observed < 0
    assert bests.n_trials == 40
    assert not bests.equal.excludes_zero


def test_pruned_trials_make_a_search_less_sure_to_find_its_best():
    complete = np.linspace(1.0, 2.0, 20)
    pruned = np.concatenate([complete, np.full(180, np.inf)])
    dense = np.concatenate([complete, np.full(180, 3.0)])
    assert best_against_best(search(pruned), search(dense)).chance == pytest.approx(0.5, abs=0.06)
    sure = best_against_best(search(complete), search(pruned))
    assert sure.chance > 0.7


def test_bests_of_too_few_complete_trials_are_only_observed():
    bests = best_against_best(search([1.0, 2.0]), search(np.arange(30.0)))
    assert bests.observed == 1.0
    assert np.isnan(bests.chance)
    assert np.isnan(bests.equal.value)
