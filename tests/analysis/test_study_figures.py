"""What each study figure is drawn from, on studies small enough to know the answer."""

import numpy as np
import pandas as pd
import pytest

from analysis.budget import comparisons
from analysis.figures.best_so_far import best_so_far_data
from analysis.figures.contour import N_GRID, contour_data
from analysis.figures.empirical_distribution import empirical_distribution_data
from analysis.figures.importance import importance_data
from analysis.figures.learning_curves import learning_curves_data
from analysis.figures.parallel_coordinates import parallel_coordinates_data, place_in_range
from analysis.figures.pareto_front import pareto_front_data
from analysis.figures.rank import rank_data
from analysis.figures.rung_correlation import rung_correlation_data
from analysis.figures.slices import slices_data
from analysis.figures.survival import survival_data
from study.record.results import StudyResults
from tests.analysis.known import LATENT, LR, known_results


def test_best_so_far_follows_complete_trials_in_the_order_of_their_ends() -> None:
    results = known_results(
        [
            {"val_mse": 0.5, "end_s": 4.0, "epochs": 10},
            {"val_mse": 0.1, "end_s": 1.0, "epochs": 20, "state": "pruned"},
            {"val_mse": 0.3, "end_s": 2.0, "epochs": 30},
            {"end_s": 3.0, "epochs": 5, "state": "diverged"},
            {"val_mse": 0.0, "end_s": 5.0, "epochs": 7, "state": "interrupted"},
            {"val_mse": 0.2, "end_s": 6.0, "epochs": 1},
            {"val_mse": 0.0, "end_s": None, "state": "running"},
        ]
    )
    data = best_so_far_data(results)
    assert data["trial"].tolist() == [1, 2, 3, 0, 4, 5]
    assert data["best"].tolist()[1:] == [0.3, 0.3, 0.3, 0.3, 0.2]
    assert np.isnan(data["best"][0])
    assert data["trials"].tolist() == [1, 2, 3, 4, 4, 5]
    assert data["epochs"].tolist() == [20, 50, 55, 65, 72, 73]
    assert data["seconds"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_best_so_far_never_rises(results: StudyResults) -> None:
    data = best_so_far_data(results)
    assert (data["best"].diff().dropna() <= 0).all()
    assert data["best"].iloc[-1] == results.complete["val_mse"].min()
    assert (data["value"].notna() == (data["state"] == "complete")).all()


def test_learning_curves_end_with_the_last_finite_value() -> None:
    results = known_results([{}, {"state": "diverged"}], {0: [0.3, 0.2], 1: [0.5, float("nan")]})
    data = learning_curves_data(results)
    assert data[["trial", "epoch", "value", "state"]].to_numpy().tolist() == [
        [0, 1, 0.3, "complete"],
        [0, 2, 0.2, "complete"],
        [1, 1, 0.5, "diverged"],
    ]


def test_survival_counts_every_ended_trial_once_in_every_epoch(results: StudyResults) -> None:
    data = survival_data(results)
    counts = data.drop(columns="epoch")
    assert (counts.sum(axis=1) == 60).all()
    assert counts["training"].iloc[-1] == 0
    assert (counts["training"].diff().dropna() <= 0).all()
    assert counts.iloc[-1]["pruned"] == len(results.in_state("pruned"))


def test_a_trial_pruned_at_a_rung_has_reached_it() -> None:
    results = known_results(
        [{"state": "pruned", "epochs": 2}, {"epochs": 3}, {"state": "failed", "epochs": 0}],
        rungs=(2,),
    )
    data = survival_data(results).set_index("epoch")
    assert data.loc[2].to_dict() == {
        "training": 2,
        "complete": 0,
        "pruned": 0,
        "diverged": 0,
        "failed": 1,
    }
    assert data.loc[3].to_dict() | {"training": 1, "pruned": 1} == data.loc[3].to_dict()


def test_parallel_coordinates_place_values_in_their_ranges() -> None:
    data = parallel_coordinates_data(
        known_results(
            [
                {"lr": 1e-4, "latent_dim": 2, "val_mse": 0.2},
                {"lr": 0.1, "latent_dim": 8, "val_mse": 0.1},
                {"lr": 1e-3, "latent_dim": 4, "val_mse": 0.0, "state": "pruned"},
            ]
        )
    )
    np.testing.assert_allclose(data["lr"], [0, 1, 1 / 3])
    assert data["latent_dim"].tolist() == [0.0, 1.0, 0.5]
    assert np.isnan(data["value"][2])


def test_a_hyperparameter_that_never_varied_has_no_axis() -> None:
    trials = [{"lr": rate, "latent_dim": 4, "val_mse": rate} for rate in (0.01, 0.02)]
    assert "latent_dim" not in parallel_coordinates_data(known_results(trials))
    assert set(slices_data(known_results(trials))["hyperparameter"]) == {"lr"}


def test_a_range_has_its_middle_where_its_scale_says() -> None:
    assert place_in_range(np.array([10**-2.5]), LR)[0] == pytest.approx(0.5)
    assert place_in_range(np.array([1.0]), LATENT)[0] == 0.5


def test_slices_compare_at_equal_budgets_and_give_lost_trials_no_value() -> None:
    results = known_results(
        [
            {"lr": 0.01, "state": "pruned", "epochs": 2, "val_mse": 0.4},
            {"lr": 0.02, "epochs": 3, "val_mse": 0.1},
            {"lr": 0.03, "state": "diverged", "epochs": 2},
        ],
        {0: [0.5, 0.4], 1: [0.6, 0.5, 0.1], 2: [0.1, float("nan")]},
        rungs=(2,),
    )
    data = slices_data(results)
    first = data[data["budget"] == "epoch 2 (2 trials)"].set_index("trial")["value"]
    assert first.dropna().to_dict() == {0: 0.4, 1: 0.5}
    assert np.isnan(first[2])
    end = data[data["budget"] == "the end (1 complete trial)"]
    assert end[["trial", "value"]].to_numpy().tolist() == [[1, 0.1]]
    assert len(first) + len(end) == len(data)


def test_the_contour_is_the_common_value_where_all_trials_agree_and_blank_far_from_them() -> None:
    trials = [
        {"lr": rate, "latent_dim": latent, "val_mse": 0.25}
        for rate in (2e-4, 3e-4)
        for latent in (2, 4)
    ]
    (compared,) = comparisons(known_results(trials))
    data = contour_data(compared, LR, LATENT)
    assert len(data) == N_GRID**2
    near = data["value"].dropna()
    np.testing.assert_allclose(near, 0.25)
    assert data.loc[data["x"] > 0.01, "value"].isna().all()
    assert data.loc[data["y"] > 1.6, "value"].isna().all()
    assert 0 < len(near) < len(data)


def test_the_contour_falls_towards_better_trials() -> None:
    trials = [{"lr": rate, "val_mse": value} for rate, value in ((1e-4, 1.0), (1e-1, 0.9))]
    (compared,) = comparisons(known_results([*trials, *trials]))
    data = contour_data(compared, LR, LATENT).dropna().sort_values("x")
    assert data["value"].iloc[0] == pytest.approx(1.0)
    assert data["value"].iloc[-1] == pytest.approx(0.9)


def test_importances_sum_to_one_at_every_budget(results: StudyResults) -> None:
    data = importance_data(results)
    np.testing.assert_allclose(data.groupby("budget")["importance"].sum(), 1.0)
    assert data["budget"].iloc[0] == f"epoch 10 ({data['n_trials'].iloc[0]} trials)"


def test_the_empirical_distribution_rises_to_one_at_every_budget(results: StudyResults) -> None:
    data = empirical_distribution_data(results)
    for _, budget in data.groupby("budget"):
        assert budget["value"].is_monotonic_increasing
        assert budget["share"].iloc[-1] == 1.0
    end = data[data["budget"] == "end"]
    assert end["value"].tolist() == results.complete["val_mse"].tolist()


def test_ranks_are_among_complete_trials_and_shared_by_equals() -> None:
    trials = [
        {"val_mse": 0.3},
        {"val_mse": 0.1},
        {"val_mse": 0.1},
        {"val_mse": 0.01, "state": "pruned"},
        {"val_mse": 0.4, "latent_dim": 8},
        {"val_mse": 0.5},
    ]
    data = rank_data(known_results(trials), [LR, LATENT])
    np.testing.assert_allclose(data["rank"], [0.5, 0.125, 0.125, np.nan, 0.75, 1.0])
    assert data["latent_dim"].tolist() == [1, 1, 1, 1, 2, 1]


def test_rungs_correlate_over_the_trials_that_reached_both() -> None:
    curves = {
        0: [0.1, 0.4, 0.4],
        1: [0.2, 0.19, 0.19],
        2: [0.3, 0.28, 0.28],
        3: [0.4, 0.37, 0.37],
        4: [0.5, 0.46, 0.46],
        5: [0.6],
    }
    trials = [{"epochs": len(c), "val_mse": min(c)} for c in curves.values()]
    trials[5]["state"] = "pruned"
    data = rung_correlation_data(known_results(trials, curves, rungs=(1, 2)))
    pairs = data.set_index(["earlier", "later"])
    assert pairs["n_trials"].tolist() == [5, 5, 5]
    assert pairs.loc[("1", "2"), "correlation"] == pytest.approx(1.0)


def test_few_trials_have_no_correlation() -> None:
    data = rung_correlation_data(
        known_results([{"val_mse": 0.1}] * 3, {n: [0.1, 0.1] for n in range(3)}, rungs=(1,))
    )
    assert data["n_trials"].tolist() == [3]
    assert data[["correlation", "low", "high"]].isna().all(axis=None)


def test_the_front_is_what_no_other_trial_beats() -> None:
    points = [(1, 9), (2, 5), (2, 5), (2, 6), (3, 5), (4, 1), (5, 0), (1, 10)]
    trials = [{"val_mse": x, "val_kl": y} for x, y in points]
    data = pareto_front_data(known_results(trials, metrics=("val_mse", "val_kl")))
    front = set(data.loc[data["on_front"], "trial"])
    beaten = {
        i
        for i, (x, y) in enumerate(points)
        if any(a <= x and b <= y and (a < x or b < y) for a, b in points)
    }
    assert front == set(range(len(points))) - beaten


@pytest.mark.parametrize("seed", range(5))
def test_the_front_agrees_with_its_definition_on_random_points(seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, 8, size=(30, 2)).astype(float)
    trials = [{"val_mse": x, "val_kl": y} for x, y in points]
    data = pareto_front_data(known_results(trials, metrics=("val_mse", "val_kl")))
    on_front = data.set_index("trial")["on_front"].sort_index()
    expected = [not ((points <= p).all(axis=1) & (points < p).any(axis=1)).any() for p in points]
    pd.testing.assert_series_equal(
        on_front, pd.Series(expected), check_names=False, check_index=False
    )
