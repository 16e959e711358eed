"""What each study figure is drawn from, on studies small enough to know the answer."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis import figures
from analysis.budget import Budget, comparisons
from analysis.figures.axes import place_in_range
from analysis.figures.trials.best_so_far import best_so_far_data
from analysis.figures.trials.empirical_distribution import empirical_distribution_data
from analysis.figures.trials.importance import importance_data
from analysis.figures.trials.interaction import N_GRID, interaction_data
from analysis.figures.trials.learning_curves import learning_curves_data
from analysis.figures.trials.pareto_front import pareto_front_data
from analysis.figures.trials.rung_correlation import rung_correlation_data
from analysis.figures.trials.slices import slices_data
from analysis.figures.trials.survival import survival_data
from study.record.manifest import Dimension
from study.record.results import StudyResults
from tests.analysis.known import LATENT, LR, known_results

BETA = Dimension(name="beta", kind="float", low=0.0, high=1.0)


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
    first = slices_data(results, Budget(2, "val_mse"), LR).set_index("trial")["value"]
    assert first.dropna().to_dict() == {0: 0.4, 1: 0.5}
    assert np.isnan(first[2])
    end = slices_data(results, Budget(None, "val_mse"), LR).set_index("trial")["value"]
    assert end.dropna().to_dict() == {1: 0.1}
    assert end.index.tolist() == [1, 2]


def test_a_hyperparameter_that_never_varied_has_no_slice() -> None:
    trials = [{"lr": rate, "latent_dim": 4, "val_mse": rate} for rate in (0.01, 0.02)]
    sentence = "must be one that varied among the trials at the end, got 'latent_dim'; allowed: lr"
    with pytest.raises(ValueError, match=sentence):
        figures.slices(known_results(trials), hyperparameter="latent_dim")


def test_trials_are_compared_at_rungs_of_the_study_alone() -> None:
    trials = [{"lr": rate, "val_mse": rate} for rate in (0.01, 0.02)]
    with pytest.raises(ValueError, match="must be one of the study's rungs, got 7; allowed: 3"):
        figures.slices(known_results(trials, rungs=(3,)), rung=7)


def test_options_have_a_line_each_through_what_their_own_trials_have() -> None:
    known = {(1e-3, 2): 0.5, (1e-3, 4): 0.25, (0.05, 2): 0.4, (0.05, 4): 0.3}
    trials = [{"lr": lr, "latent_dim": z, "val_mse": v} for (lr, z), v in known.items()] * 2
    (compared,) = comparisons(known_results(trials))
    data = interaction_data(compared, LR, LATENT)
    assert len(data) == N_GRID * 3
    near = data[(data["x"] > 9e-4) & (data["x"] < 1.1e-3)].groupby("y")["value"].mean()
    assert near[0.0] == pytest.approx(0.5)
    assert near[1.0] == pytest.approx(0.25)
    assert np.isnan(near[2.0])
    assert data.loc[data["x"] < 2e-4, "value"].isna().all()


def test_the_star_is_the_studys_best_trial_and_no_other() -> None:
    trials = [
        {"lr": 10**-exponent, "beta": beta, "val_mse": exponent + beta, "epochs": 2}
        for exponent in (1.5, 2.5)
        for beta in (0.2, 0.5, 0.8)
    ]
    trials[0] |= {"state": "pruned"}
    curves = {number: [0.9, 0.1 * number] for number in range(len(trials))}
    results = known_results(trials, curves, rungs=(1,), searched=(LR, BETA))
    ax = figures.interaction(results, rung=1, ax=Figure().subplots())
    star = next(line for line in ax.lines if line.get_marker() == "*")
    best = results.trial(results.best_trial)
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (best["lr"], best["beta"])


def test_the_smoothed_metric_falls_towards_better_trials() -> None:
    trials = [{"lr": rate, "val_mse": value} for rate, value in ((1e-4, 1.0), (1e-1, 0.9))]
    (compared,) = comparisons(known_results([*trials, *trials]))
    data = interaction_data(compared, LR, LATENT).dropna().sort_values("x")
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
    assert data.empty


def test_trials_that_are_all_alike_have_no_correlation() -> None:
    data = rung_correlation_data(
        known_results([{"val_mse": 0.1}] * 5, {n: [0.1, 0.1] for n in range(5)}, rungs=(1,))
    )
    assert data["n_trials"].tolist() == [5]
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
