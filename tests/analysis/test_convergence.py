"""The best so far of a search, and the band around it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.comparison.convergence import SPENT, Search, as_search, convergence_data
from study.record.results import read_results

from .synthetic import Recipe, make_study

values = st.lists(st.one_of(st.floats(0.01, 1.0), st.just(np.inf)), min_size=1, max_size=40)


def search(of):
    n = len(of)
    costs = {"trials": np.ones(n), "epochs": np.full(n, 10.0), "seconds": np.full(n, 0.5)}
    return Search(np.array(of, dtype=float), costs)


@settings(max_examples=25, deadline=None)
@given(values)
def test_the_curve_falls_to_the_least_value_and_the_band_never_below_it(of):
    data = convergence_data(search(of), resamples=20)
    least = min(of)
    for spent in SPENT:
        curve = data[data["spent"] == spent]
        assert (curve["best"].dropna().diff().dropna() <= 0).all()
        assert (curve[["low", "high"]].dropna() >= least).all(axis=None)
        if np.isfinite(least):
            assert curve["best"].iloc[-1] == least


def test_costs_are_added_up_over_trials():
    data = convergence_data(search([3.0, 2.0, 1.0]), resamples=5)
    by_trials = data[data["spent"] == "trials"].set_index("x")["best"]
    assert by_trials.to_dict() == {1.0: 3.0, 2.0: 2.0, 3.0: 1.0}
    by_epochs = data[data["spent"] == "epochs"].set_index("x")["best"]
    assert (by_epochs[10.0], by_epochs[30.0]) == (3.0, 1.0)
    assert data[data["spent"] == "seconds"]["x"].max() == 1.5


def test_equal_trials_have_a_band_without_width():
    data = convergence_data(search([0.5] * 30), resamples=50)
    assert (data[["best", "low", "high"]] == 0.5).all(axis=None)


def test_a_trial_can_only_be_drawn_near_its_own_place():
    of = [np.inf] * 50 + [1.0] * 50
    data = convergence_data(search(of), resamples=200, window=10)
    by_trials = data[data["spent"] == "trials"].set_index("x")
    assert by_trials.loc[:40, "low"].isna().all()
    assert (by_trials.loc[61:, ["low", "high"]] == 1.0).all(axis=None)


def test_with_a_window_over_all_trials_the_first_is_any_of_them():
    of = np.linspace(0, 1, 101)
    data = convergence_data(search(of), resamples=2000, window=1000)
    first = data[data["spent"] == "trials"].iloc[0]
    assert (first["low"], first["high"]) == pytest.approx((0.025, 0.975), abs=0.02)


def test_the_band_is_the_same_for_the_same_seed():
    of = np.random.default_rng(0).random(30)
    first, second = (convergence_data(search(of), seed=4, resamples=30) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_no_trials_give_no_curve():
    assert convergence_data(search([])).empty


def test_pruned_trials_count_and_cost_but_have_no_value(tmp_path):
    results = read_results(make_study(tmp_path / "study", Recipe(interrupted=2, still_running=3)))
    found = as_search(results, "val_mse")
    assert len(found) == 95  # neither interrupted nor running
    assert np.isfinite(found.value).sum() == len(results.complete)
    counted = results.in_state("complete", "pruned", "diverged", "failed")
    assert found.cost["epochs"].sum() == counted["epochs"].sum()
    assert found.cost["seconds"].sum() == pytest.approx(
        counted[["train_s", "eval_s"]].to_numpy().sum()
    )
