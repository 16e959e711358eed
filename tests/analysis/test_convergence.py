"""The best so far of a search, and the band around it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.comparison.convergence import SPENT, Search, as_search, convergence_data, meaning
from study.record.results import read_results

from .synthetic import Recipe, make_study

values = st.lists(st.one_of(st.floats(0.01, 1.0), st.just(np.inf)), min_size=1, max_size=40)


def search(of):
    n = len(of)
    costs = {"trials": np.ones(n), "epochs": np.full(n, 10.0), "seconds": np.full(n, 0.5)}
    return Search(np.array(of, dtype=float), costs)


@settings(max_examples=25, deadline=None)
@given(values)
def test_the_curve_falls_to_the_least_value(of):
    data = convergence_data([search(of)])
    least = min(of)
    for spent in SPENT:
        curve = data[data["spent"] == spent]
        assert (curve["best"].dropna().diff().dropna() <= 0).all()
        if np.isfinite(least):
            assert curve["best"].iloc[-1] == least
    assert data[["low", "high"]].isna().all(axis=None)  # one search has no band


def test_costs_are_added_up_over_trials():
    data = convergence_data([search([3.0, 2.0, 1.0])])
    by_trials = data[data["spent"] == "trials"].set_index("x")["best"]
    assert by_trials.to_dict() == {1.0: 3.0, 2.0: 2.0, 3.0: 1.0}
    by_epochs = data[data["spent"] == "epochs"].set_index("x")["best"]
    assert (by_epochs[10.0], by_epochs[30.0]) == (3.0, 1.0)
    assert data[data["spent"] == "seconds"]["x"].max() == 1.5


def test_the_band_of_repetitions_is_from_the_best_to_the_worst_and_the_line_their_median():
    data = convergence_data([search([3.0, 2.0]), search([5.0, 1.0]), search([4.0, 4.0, 0.5])])
    by_trials = data[data["spent"] == "trials"].set_index("x")
    assert by_trials.index.tolist() == [1.0, 2.0]  # as far as all of them went
    assert by_trials.loc[1.0, ["best", "low", "high"]].tolist() == [4.0, 3.0, 5.0]
    assert by_trials.loc[2.0, ["best", "low", "high"]].tolist() == [2.0, 1.0, 4.0]


def test_two_repetitions_have_no_band():
    data = convergence_data([search([3.0]), search([5.0])])
    assert data[["low", "high"]].isna().all(axis=None)


def test_the_band_is_said_to_hold_another_repetition_as_often_as_it_does():
    assert "with probability 50 %" in meaning([3, 1])
    assert "There are no bands" in meaning([1, 2])


def test_no_trials_give_no_curve():
    assert convergence_data([search([])]).empty


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
