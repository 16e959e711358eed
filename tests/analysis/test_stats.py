"""Intervals, tests and corrections against what is known of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.stats import (
    difference,
    mean_interval,
    paired_p,
    share_in_range,
    spearman_interval,
    widened,
)


def test_few_scores_have_students_interval_as_two_have_no_resamples_that_differ() -> None:
    two = mean_interval(np.array([1.0, 2.0]))
    # t(0.975, 1) = 12.7062 times the standard error, 1/2
    assert (two.value, two.low, two.high) == pytest.approx((1.5, -4.8531, 7.8531), abs=1e-4)


def test_the_first_of_several_has_its_upper_tail_divided_by_their_number() -> None:
    rng = np.random.default_rng(7)
    few, more = rng.normal(size=4), rng.normal(size=20)
    alone, first = mean_interval(few), mean_interval(few, among=10)
    half = stats.t(3).isf(0.025 / 10) * few.std(ddof=1) / 2
    assert (first.low, first.high) == pytest.approx((alone.low, few.mean() + half))
    assert mean_interval(more, among=10).high > mean_interval(more).high
    assert mean_interval(more, among=10).low == mean_interval(more).low


def test_equal_scores_have_no_width_and_one_alone_has_no_interval() -> None:
    equal = mean_interval(np.full(5, 0.3))
    assert (equal.value, equal.low, equal.high) == (0.3, 0.3, 0.3)
    alone = mean_interval(np.array([0.3]))
    assert alone.value == 0.3
    assert np.isnan([alone.low, alone.high]).all()


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=20))
def test_an_interval_holds_its_estimate(scores: list[float]) -> None:
    found = mean_interval(np.array(scores))
    slack = 1e-9
    assert found.low - slack <= found.value <= found.high + slack


def test_losses_that_are_the_same_at_all_points_are_scores() -> None:
    scores = np.random.default_rng(0).normal(size=8)
    as_losses = np.repeat(scores[:, None], 50, axis=1)
    assert mean_interval(as_losses).low == pytest.approx(mean_interval(scores).low, abs=1e-9)
    other = scores[::-1].copy()
    again = np.repeat(other[:, None], 50, axis=1)
    assert paired_p(as_losses, again) == pytest.approx(paired_p(scores, other))


def test_with_one_law_for_all_cells_the_error_is_that_of_so_many_draws() -> None:
    rng = np.random.default_rng(1)
    cells = rng.normal(size=(200, 500))
    found = mean_interval(cells)
    # no effect of a seed or of a point: the error is 1 / sqrt(seeds * points)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 / np.sqrt(cells.size), rel=0.1)


def test_points_that_all_seeds_share_bound_the_error_from_below() -> None:
    rng = np.random.default_rng(2)
    losses = rng.normal(size=400) + 1e-6 * rng.normal(size=(20, 1))
    found = mean_interval(losses)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 / 20, rel=0.15)


def test_the_paired_test_is_students_for_scores() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(2, 9))
    assert paired_p(one, other) == pytest.approx(stats.ttest_rel(one, other).pvalue)
    assert paired_p(one, one) == 1.0
    assert paired_p(one, one + 0.1) == 0.0


def test_the_unpaired_difference_is_welchs_for_scores() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=7), 2 * rng.normal(size=5)
    found, p = difference(one, other)
    theirs = stats.ttest_ind(one, other, equal_var=False)
    assert p == pytest.approx(theirs.pvalue)
    ends = theirs.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


def test_the_best_of_several_is_told_apart_by_a_smaller_tail_and_its_interval_agrees() -> None:
    rng = np.random.default_rng(9)
    one, other = rng.normal(size=(2, 8))
    one -= 3.0
    alone, p = difference(one, other)
    chosen, corrected = difference(one, other, (5, 1))
    assert corrected == pytest.approx(5 * p)
    assert (chosen.value, chosen.low) == (alone.value, alone.low)
    assert chosen.high > alone.high
    _, turned = difference(other, one, (1, 5))
    assert turned == pytest.approx(corrected)
    for shift in np.linspace(1.0, 3.0, 21):  # one statement in two ways
        found, p = difference(one + shift, other, (5, 2))
        assert (found.low <= 0 <= found.high) is (p >= 0.05)


def test_points_that_are_hard_for_both_do_not_blur_their_difference() -> None:
    rng = np.random.default_rng(5)
    hard = rng.normal(size=400)
    one, other = (hard + 0.001 * rng.normal(size=(8, 400)) + 0.01 * s for s in (0, 1))
    found, p = difference(one, other)
    assert found.high < 0
    assert p < 1e-6
    apart, p = difference(one, other[:, rng.permutation(400)])
    assert apart.low < 0 < apart.high


def test_a_rank_correlation_has_fishers_interval() -> None:
    found = spearman_interval(0.5, 30)
    # tanh(atanh(0.5) -+ 1.96 sqrt((1 + 0.125) / 27))
    assert (found.low, found.high) == pytest.approx((0.148, 0.739), abs=2e-3)
    assert np.isnan(spearman_interval(0.5, 3).low)
    perfect = spearman_interval(1.0, 10)
    assert perfect.low < 1.0 == perfect.high


def test_the_next_of_nineteen_lies_among_them_nine_times_in_ten() -> None:
    assert share_in_range(19) == 0.9
    draws = np.random.default_rng(6).exponential(size=(4000, 6))
    inside = (draws[:, 5] > draws[:, :5].min(1)) & (draws[:, 5] < draws[:, :5].max(1))
    assert inside.mean() == pytest.approx(share_in_range(5), abs=0.03)


def test_scores_on_points_that_are_drawn_again_and_again_count_them_once_more():
    scores = np.array([0.1, 0.4, 0.2, 0.6, 0.3])
    wide = widened(scores, 1 / 3)
    assert wide.mean() == pytest.approx(scores.mean())
    assert wide.var(ddof=1) / 5 == pytest.approx(scores.var(ddof=1) * (1 / 5 + 1 / 3))
    assert widened(scores, 0.0) == pytest.approx(scores)
