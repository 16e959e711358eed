"""Luck is told from quality: intervals cover, ties are ties, a worse config is not one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intervals import mean_interval
from analysis.leaderboard import leaderboard, verdicts
from analysis.paired import holm, paired_p

SEEDS = 20


def runs(**scores: np.ndarray) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "config": name,
                "trial": number,
                "vary": "init",
                "seed_index": np.arange(len(values)),
                "state": "complete",
                "val_mse": values,
            }
        )
        for number, (name, values) in enumerate(scores.items())
    ).reset_index(drop=True)


def trials(*scores: float) -> pd.DataFrame:
    numbers = np.arange(len(scores))
    return pd.DataFrame({"trial": numbers, "state": "complete", "val_mse": scores})


@pytest.mark.parametrize("kind", ["normal", "skewed"])
def test_the_interval_covers_the_true_mean_about_as_often_as_it_says(kind: str) -> None:
    rng = np.random.default_rng(1)
    draw = {"normal": rng.standard_normal, "skewed": rng.standard_exponential}[kind]
    mean = {"normal": 0.0, "skewed": 1.0}[kind]
    repeats = 300
    covered = 0
    for seed in range(repeats):
        interval = mean_interval(draw(SEEDS), seed)
        covered += interval.low <= mean <= interval.high
    # 95 % less four standard errors of 300 repeats, and less what skewness costs 20 scores.
    assert covered / repeats > {"normal": 0.90, "skewed": 0.88}[kind]
    assert covered / repeats < 0.995


def test_the_interval_covers_the_mean_of_as_many_fresh_seeds_in_most_repeats() -> None:
    rng = np.random.default_rng(2)
    covered = []
    for seed in range(200):
        interval = mean_interval(rng.standard_normal(SEEDS), seed)
        covered.append(interval.low <= rng.standard_normal(SEEDS).mean() <= interval.high)
    # The other mean varies as much as this one: a 95 % interval covers it in about 83 %.
    assert np.mean(covered) > 0.7


def test_few_scores_have_students_interval_as_two_have_no_resamples_that_differ() -> None:
    two = mean_interval(np.array([1.0, 2.0]))
    # t(0.975, 1) = 12.7062 times the standard error, 1/2
    assert (two.mean, two.low, two.high) == pytest.approx((1.5, -4.8531, 7.8531), abs=1e-4)


def test_equal_scores_have_no_width_and_one_alone_has_no_interval() -> None:
    equal = mean_interval(np.full(5, 0.3))
    assert (equal.mean, equal.low, equal.high) == (0.3, 0.3, 0.3)
    alone = mean_interval(np.array([0.3]))
    assert alone.mean == 0.3
    assert np.isnan([alone.low, alone.high]).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_corrected_p_values_are_never_below_the_raw_ones_and_keep_their_order(
    raw: list[float],
) -> None:
    p_values = np.array(raw)
    corrected = holm(p_values)
    assert (corrected >= p_values).all()
    assert (corrected <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()


def test_holm_agrees_with_a_hand_worked_case() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])


def test_identical_configs_are_a_tie_and_a_clearly_worse_one_is_not() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0.02, 0.002, SEEDS)
    board = leaderboard(
        runs(a=scores, b=scores, c=scores + 0.01), trials(0.01, 0.02, 0.03), "val_mse"
    )
    by_config = board.set_index("config")
    assert by_config["tie"].to_dict() == {"a": True, "b": True, "c": False}
    assert by_config["rank"]["c"] == 3
    assert by_config["val_mse_p_holm"]["c"] < 1e-6


def test_pairing_tells_apart_what_unpaired_scores_do_not() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(0, 1, SEEDS)  # the seeds differ far more than the configs do
    other = first + 0.1 + rng.normal(0, 0.02, SEEDS)
    assert paired_p(first, other) < 1e-6
    assert paired_p(first, rng.permutation(other)) > 0.05


def test_optimism_is_the_mean_on_fresh_seeds_less_the_search_s_score() -> None:
    board = leaderboard(runs(a=np.array([0.03, 0.05])), trials(0.01), "val_mse")
    assert board["optimism"].tolist() == pytest.approx([0.03])


def test_trainings_that_did_not_complete_are_counted_as_lost() -> None:
    table = runs(a=np.array([0.1, 0.2, 0.3]))
    table.loc[2, "state"] = "diverged"
    board = leaderboard(table, trials(0.1), "val_mse")
    assert (board["seeds"][0], board["lost"][0]) == (2, 1)


def test_a_config_that_lost_seeds_never_comes_first() -> None:
    table = runs(a=np.array([0.3, 0.4, 0.5]), lucky=np.array([0.1, 9.0, 9.0]))
    table.loc[(table["config"] == "lucky") & (table["seed_index"] > 0), "state"] = "diverged"
    board = leaderboard(table, trials(0.1, 0.1), "val_mse").set_index("config")
    assert board["rank"].to_dict() == {"a": 1, "lucky": 2}
    assert np.isnan(board["val_mse_p_holm"]["lucky"])  # one seed in common tells nothing
    assert not board["tie"]["lucky"]


def test_p_values_are_corrected_for_all_pairs_as_the_first_is_chosen_by_the_scores() -> None:
    rng = np.random.default_rng(5)
    scores = {
        name: rng.normal(0.02 + shift, 0.01, SEEDS)
        for name, shift in (("a", 0.0), ("b", 0.004), ("c", 0.02))
    }
    board = leaderboard(runs(**scores), trials(0.0, 0.0, 0.0), "val_mse").set_index("config")
    raw = [paired_p(scores[x], scores[y]) for x, y in (("a", "b"), ("a", "c"), ("b", "c"))]
    corrected = holm(np.array(raw))
    assert (board["val_mse_p_holm"]["b"], board["val_mse_p_holm"]["c"]) == pytest.approx(
        tuple(corrected[:2])
    )
    assert corrected.min() == pytest.approx(3 * min(raw))


def test_a_config_from_a_file_has_no_search_score() -> None:
    table = runs(a=np.array([0.1, 0.2]), b=np.array([0.3, 0.4]))
    table["trial"] = table["trial"].astype("Int64").where(table["config"] == "a")
    board = leaderboard(table, trials(0.1), "val_mse").set_index("config")
    assert pd.isna(board["trial"]["b"])
    assert np.isnan(board["search_score"]["b"])


def test_a_config_with_few_seeds_comes_after_those_with_more() -> None:
    table = runs(a=np.array([0.3, 0.4, 0.5]), lucky=np.array([0.1]))
    board = leaderboard(table, trials(0.1, 0.1), "val_mse").set_index("config")
    assert board["rank"].to_dict() == {"a": 1, "lucky": 2}
    assert board["lost"].to_dict() == {"a": 0, "lucky": 0}
    assert np.isnan(board["val_mse_low"]["lucky"])


def test_more_seeds_than_enough_are_no_merit() -> None:
    rng = np.random.default_rng(7)
    table = runs(more=rng.normal(0.9, 0.01, 40), better=rng.normal(0.1, 0.01, SEEDS))
    board = leaderboard(table, trials(0.9, 0.1), "val_mse")
    assert board["config"].tolist() == ["better", "more"]


def test_a_config_that_is_better_on_the_common_seeds_is_not_called_worse() -> None:
    scores = np.linspace(0.3, 0.5, SEEDS)
    noise = np.random.default_rng(0).normal(0, 0.001, SEEDS)
    table = runs(a=scores, better=scores - 0.1 + noise)
    table.loc[len(table) - 1, "state"] = "diverged"
    board = leaderboard(table, trials(0.1, 0.1), "val_mse")
    assert board["config"].tolist() == ["a", "better"]
    assert str(verdicts(board, "val_mse")[1]).startswith("better, p = ")
    assert board["val_mse_difference"][1] == pytest.approx(-0.1, abs=0.001)


def test_held_out_figures_have_verdicts_of_their_own() -> None:
    rng = np.random.default_rng(6)
    scores = rng.normal(0.02, 0.002, SEEDS)
    table = runs(a=scores, b=scores + 0.01)
    held_out = np.concatenate([rng.normal(2.0, 0.1, SEEDS), rng.normal(1.0, 0.1, SEEDS)])
    board = leaderboard(table.assign(fresh_excess_nll=held_out), trials(0.0, 0.0), "val_mse")
    assert [each.word for each in verdicts(board, "val_mse")] == ["tie", "worse"]
    assert [each.word for each in verdicts(board, "fresh_excess_nll")] == ["tie", "better"]


def test_data_without_a_density_are_judged_by_samples() -> None:
    table = runs(a=np.array([0.1, 0.2]), b=np.array([0.3, 0.4]))
    table = table.assign(fresh_excess_nll=np.nan, fresh_energy_distance=[0.1, 0.2, 0.3, 0.5])
    board = leaderboard(table, trials(0.1, 0.1), "val_mse")
    assert board["fresh_energy_distance"].tolist() == pytest.approx([0.15, 0.4])
    assert "fresh_excess_nll" not in board


def test_a_trial_that_was_pruned_has_no_score_to_be_optimistic_about() -> None:
    searched = trials(0.1).assign(state="pruned")
    board = leaderboard(runs(a=np.array([0.1, 0.2])), searched, "val_mse")
    assert np.isnan(board[["search_score", "optimism"]].to_numpy(dtype=float)).all()
