import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.budget import (
    Budget,
    comparisons,
    reached,
    rung_values,
    savings,
    timed_trials,
    utilisation,
    values_at,
)
from study.record.results import StudyResults
from tests.analysis.known import known_results


def three_fates() -> StudyResults:
    """Rungs at 2 and 4: one trial is pruned at 2, one stops by itself after 3, one goes on to 5."""
    return known_results(
        [
            {"state": "pruned", "epochs": 2, "val_mse": 0.5},
            {"state": "complete", "epochs": 3, "val_mse": 0.3},
            {"state": "complete", "epochs": 5, "val_mse": 0.1},
            {"state": "diverged", "epochs": 2},
            {"state": "interrupted", "epochs": 2, "val_mse": 0.0},
        ],
        {
            0: [0.6, 0.5],
            1: [0.3, 0.4, 0.4],
            2: [0.9, 0.7, 0.5, 0.6, 0.1],
            3: [0.2, float("nan")],
            4: [0.0, 0.0],
        },
        rungs=(2, 4),
    )


def test_trials_that_reported_at_a_rung_have_reached_it_however_they_ended() -> None:
    assert values_at(three_fates(), Budget(2, "val_mse")).to_dict() == {0: 0.5, 1: 0.3, 2: 0.7}
    assert values_at(three_fates(), Budget(4, "val_mse")).to_dict() == {2: 0.5}


def test_values_at_rungs_are_those_that_the_scheduler_saw_and_not_those_of_the_epochs() -> None:
    results = known_results(
        [{"state": "pruned", "epochs": 2, "val_mse": 0.4, "rungs": '{"2": 0.118}'}],
        {0: [0.102, 0.4]},  # a mean over replicates, or another monitor, has another best epoch
        rungs=(2,),
    )
    assert values_at(results, Budget(2, "val_mse")).to_dict() == {0: 0.118}


def test_all_figures_count_the_same_trials_at_a_rung(results: StudyResults) -> None:
    from analysis.figures.trials.empirical_distribution import empirical_distribution_data
    from analysis.figures.trials.rung_correlation import rung_correlation_data

    counted = reached(results).notna().sum()
    staircases = empirical_distribution_data(results)["budget"].value_counts()
    pairs = rung_correlation_data(results)
    at_last = [c for c in comparisons(results, enough=1) if c.budget.epoch is not None][-1]
    for rung, n_trials in counted.items():
        assert staircases.get(rung, 0) == n_trials
        later = pairs[(pairs["later"] == rung) & (pairs["earlier"] == "10")]
        assert (later["n_trials"] == n_trials).all()
    assert len(at_last.trials) == counted[str(at_last.budget.epoch)]


def test_a_record_older_than_the_column_compares_at_the_end() -> None:
    results = known_results([{"val_mse": 0.3}], {0: [0.3] * 5}, rungs=(2,))
    old = dataclasses.replace(results, trials=results.trials.drop(columns="rungs"))
    (only,) = comparisons(old)
    assert only.budget.epoch is None


def test_the_end_is_for_complete_trials_alone() -> None:
    assert values_at(three_fates(), Budget(None, "val_mse")).to_dict() == {1: 0.3, 2: 0.1}


def test_values_never_rise_from_rung_to_rung(results: StudyResults) -> None:
    values = rung_values(results)
    falls = np.diff(values.to_numpy(), axis=1)
    assert (falls[np.isfinite(falls)] <= 0).all()
    assert values.columns.tolist() == ["10", "40", "160", "640", "end"]


def test_comparisons_are_at_the_first_rung_and_at_the_last_that_enough_trials_reached(
    results: StudyResults,
) -> None:
    first, last = comparisons(results, enough=5)
    assert first.budget.epoch == 10
    assert len(first.trials) == reached(results)["10"].notna().sum()
    assert 5 <= len(last.trials) < len(first.trials)
    assert [c.budget.epoch for c in comparisons(results, enough=1000)] == [10]


def test_without_rungs_trials_compare_at_their_end() -> None:
    results = known_results([{"val_mse": 0.3}, {"val_mse": 0.1}], {0: [0.3], 1: [0.1]})
    (only,) = comparisons(results)
    assert only.budget.epoch is None
    assert str(only) == "the end (2 complete trials)"


def test_a_metric_that_epochs_do_not_have_is_the_one_that_was_reported_at_rungs() -> None:
    metric = "val_excess_nll"
    results = known_results(
        [
            {"state": "pruned", "epochs": 2, "rungs": '{"2": 0.9}'},
            {metric: 0.3, "epochs": 3, "rungs": '{"2": 0.5}'},
            {metric: 0.1, "epochs": 5, "rungs": '{"2": 0.7, "4": 0.2}'},
            {"state": "failed", "epochs": 0, "rungs": None},
        ],
        {0: [0.6, 0.5], 1: [0.3] * 3, 2: [0.9] * 5},
        rungs=(2, 4),
        metrics=(metric,),
    )
    assert values_at(results, Budget(2, metric)).to_dict() == {0: 0.9, 1: 0.5, 2: 0.7}
    assert values_at(results, Budget(4, metric)).to_dict() == {2: 0.2}
    assert rung_values(results)["end"].dropna().to_dict() == {1: 0.3, 2: 0.1}
    assert comparisons(results, enough=3)[0].budget == Budget(2, metric)


def test_savings_count_what_pruned_trials_lack_to_the_median_of_complete_ones() -> None:
    saved = savings(three_fates())
    assert saved.usual == 4
    assert saved.saved == 2
    assert saved.spent == 14
    assert saved.share == pytest.approx(2 / 16)
    assert saved.measured


def test_savings_without_a_complete_trial_go_by_what_was_allowed() -> None:
    saved = savings(known_results([{"state": "pruned", "epochs": 10}], max_epochs=30))
    assert (saved.usual, saved.saved, saved.measured) == (30, 20, False)


def test_utilisation_of_two_workers_of_which_one_waits() -> None:
    results = known_results(
        [
            {"start_s": 0.0, "end_s": 10.0, "worker": "a"},
            {"start_s": 5.0, "end_s": 10.0, "worker": "b"},
        ],
        workers=2,
    )
    busy = utilisation(results, n_bins=4)
    np.testing.assert_allclose(busy["busy"], [1, 1, 2, 2])
    assert busy["workers"].unique().tolist() == [2.0]


spans = st.tuples(st.floats(0, 1e4), st.floats(0.01, 1e3))


@settings(max_examples=40, deadline=None)
@given(st.lists(spans, min_size=1, max_size=20), st.integers(1, 50))
def test_busy_time_is_the_sum_of_the_trials_times(
    starts: list[tuple[float, float]], n_bins: int
) -> None:
    trials = [{"start_s": start, "end_s": start + length} for start, length in starts]
    busy = utilisation(known_results(trials, workers=None), n_bins)
    width = busy["end_s"] - busy["start_s"]
    total = sum(trial["end_s"] - trial["start_s"] for trial in trials)
    assert (busy["busy"] * width).sum() == pytest.approx(total, rel=1e-6)
    assert (busy["busy"] <= busy["workers"] + 1e-6).all()


def test_a_trial_without_an_end_is_timed_by_what_is_known_of_it() -> None:
    timed = timed_trials(
        known_results(
            [
                {"start_s": 0.0, "end_s": 9.0},
                {"start_s": 1.0, "end_s": None, "state": "interrupted", "train_s": 2.0},
                {"start_s": 3.0, "end_s": None, "state": "running"},
                {"start_s": None, "end_s": None},
            ]
        )
    )
    assert timed["end_s"].tolist() == [9.0, 3.0, 9.0]
