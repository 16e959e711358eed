"""Luck is told from quality: ties are ties, and the luck of shared points is no quality."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.board_tables import board_table
from analysis.leaderboard import leaderboard, verdicts
from analysis.stats import holm, paired_p
from study.record.point_losses import pack_losses, save_losses

SEEDS = 20
METRIC = "exact_excess_nll"  # of no points: seeds are all that is random


def runs(**scores: np.ndarray) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "config": name,
                "trial": number,
                "vary": "init",
                "seed_index": np.arange(len(values)),
                "state": "complete",
                METRIC: values,
            }
        )
        for number, (name, values) in enumerate(scores.items())
    ).reset_index(drop=True)


def trials(*scores: float) -> pd.DataFrame:
    numbers = np.arange(len(scores))
    columns = {"trial": numbers, "state": "complete", METRIC: scores, "val_mse": scores}
    return pd.DataFrame(columns)


def on_shared_points(folder: Path, **losses: np.ndarray) -> pd.DataFrame:
    """Retrainings whose validation losses, shape (seeds, points), lie in the folder."""
    table = runs(**{name: of.mean(axis=1) for name, of in losses.items()})
    of_runs = [one for of in losses.values() for one in of]
    packed = [pack_losses({"val_mse": one}) for one in of_runs]
    files = [save_losses(folder, str(place), one) for place, one in enumerate(packed)]
    return table.rename(columns={METRIC: "val_mse"}).assign(losses=files)


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
    board = leaderboard(runs(a=scores, b=scores, c=scores + 0.01), trials(0.01, 0.02, 0.03), METRIC)
    by_config = board.set_index("config")
    assert by_config["tie"].to_dict() == {"a": True, "b": True, "c": False}
    assert by_config["rank"]["c"] == 3
    assert by_config[f"{METRIC}_p_holm"]["c"] < 1e-6


def test_only_the_first_counts_how_many_it_was_chosen_among() -> None:
    scores = np.random.default_rng(1).normal(0.02, 0.002, SEEDS)
    tables = runs(a=scores, b=scores + 1, c=scores + 2)
    board = leaderboard(tables, trials(0.0, 0.0, 0.0), METRIC)
    reach = (board[f"{METRIC}_high"] - board[METRIC]).to_numpy()
    assert reach[0] > 1.15 * reach[1] == pytest.approx(1.15 * reach[2])
    alone = leaderboard(tables[tables["config"] == "a"], trials(0.0), METRIC)
    assert alone[f"{METRIC}_high"][0] - alone[METRIC][0] == pytest.approx(reach[1])


def test_pairing_tells_apart_what_unpaired_scores_do_not() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(0, 1, SEEDS)  # the seeds differ far more than the configs do
    other = first + 0.1 + rng.normal(0, 0.02, SEEDS)
    assert paired_p(first, other) < 1e-6
    assert paired_p(first, rng.permutation(other)) > 0.05


def test_optimism_is_the_mean_on_fresh_seeds_less_the_search_s_score() -> None:
    board = leaderboard(runs(a=np.array([0.03, 0.05])), trials(0.01), METRIC)
    assert board["optimism"].tolist() == pytest.approx([0.03])


def test_trainings_that_did_not_complete_are_counted_as_lost() -> None:
    table = runs(a=np.array([0.1, 0.2, 0.3]))
    table.loc[2, "state"] = "diverged"
    board = leaderboard(table, trials(0.1), METRIC)
    assert (board["seeds"][0], board["lost"][0]) == (2, 1)


def test_a_config_that_lost_seeds_never_comes_first() -> None:
    table = runs(a=np.array([0.3, 0.4, 0.5]), lucky=np.array([0.1, 9.0, 9.0]))
    table.loc[(table["config"] == "lucky") & (table["seed_index"] > 0), "state"] = "diverged"
    board = leaderboard(table, trials(0.1, 0.1), METRIC).set_index("config")
    assert board["rank"].to_dict() == {"a": 1, "lucky": 2}
    assert np.isnan(board[f"{METRIC}_p_holm"]["lucky"])  # one seed in common tells nothing
    assert not board["tie"]["lucky"]


def test_p_values_are_corrected_for_all_pairs_as_the_first_is_chosen_by_the_scores() -> None:
    rng = np.random.default_rng(5)
    scores = {
        name: rng.normal(0.02 + shift, 0.01, SEEDS)
        for name, shift in (("a", 0.0), ("b", 0.004), ("c", 0.02))
    }
    board = leaderboard(runs(**scores), trials(0.0, 0.0, 0.0), METRIC).set_index("config")
    raw = [paired_p(scores[x], scores[y]) for x, y in (("a", "b"), ("a", "c"), ("b", "c"))]
    corrected = holm(np.array(raw))
    assert (board[f"{METRIC}_p_holm"]["b"], board[f"{METRIC}_p_holm"]["c"]) == pytest.approx(
        tuple(corrected[:2])
    )
    assert corrected.min() == pytest.approx(3 * min(raw))


def test_a_config_from_a_file_has_no_search_score() -> None:
    table = runs(a=np.array([0.1, 0.2]), b=np.array([0.3, 0.4]))
    table["trial"] = table["trial"].astype("Int64").where(table["config"] == "a")
    board = leaderboard(table, trials(0.1), METRIC).set_index("config")
    assert pd.isna(board["trial"]["b"])
    assert np.isnan(board["search_score"]["b"])


def test_a_config_with_few_seeds_comes_after_those_with_more() -> None:
    table = runs(a=np.array([0.3, 0.4, 0.5]), lucky=np.array([0.1]))
    board = leaderboard(table, trials(0.1, 0.1), METRIC).set_index("config")
    assert board["rank"].to_dict() == {"a": 1, "lucky": 2}
    assert board["lost"].to_dict() == {"a": 0, "lucky": 0}
    assert np.isnan(board[f"{METRIC}_low"]["lucky"])


def test_more_seeds_than_enough_are_no_merit() -> None:
    rng = np.random.default_rng(7)
    table = runs(more=rng.normal(0.9, 0.01, 40), better=rng.normal(0.1, 0.01, SEEDS))
    board = leaderboard(table, trials(0.9, 0.1), METRIC)
    assert board["config"].tolist() == ["better", "more"]


def test_a_config_that_is_better_on_the_common_seeds_is_not_called_worse() -> None:
    scores = np.linspace(0.3, 0.5, SEEDS)
    noise = np.random.default_rng(0).normal(0, 0.001, SEEDS)
    table = runs(a=scores, better=scores - 0.1 + noise)
    table.loc[len(table) - 1, "state"] = "diverged"
    board = leaderboard(table, trials(0.1, 0.1), METRIC)
    assert board["config"].tolist() == ["a", "better"]
    assert str(verdicts(board, METRIC)[1]).startswith("better, p = ")
    assert board[f"{METRIC}_difference"][1] == pytest.approx(-0.1, abs=0.001)


def test_held_out_figures_have_verdicts_of_their_own() -> None:
    rng = np.random.default_rng(6)
    scores = rng.normal(0.02, 0.002, SEEDS)
    table = runs(a=scores, b=scores + 0.01)
    held_out = np.concatenate([rng.normal(2.0, 0.1, SEEDS), rng.normal(1.0, 0.1, SEEDS)])
    table = table.rename(columns={METRIC: "val_mse"}).assign(exact_excess_nll=held_out)
    board = leaderboard(table.assign(vary="data"), trials(0.0, 0.0), "val_mse", "data")
    assert [each.word for each in verdicts(board, "val_mse")] == ["tie", "worse"]
    assert [each.word for each in verdicts(board, METRIC)] == ["tie", "better"]
    assert board["tie"].tolist() == [True, False]  # the exact figure decides


def test_data_without_a_density_are_judged_by_samples() -> None:
    table = runs(a=np.array([0.1, 0.2]), b=np.array([0.3, 0.4]))
    table = table.assign(fresh_excess_nll=np.nan, fresh_energy_distance=[0.1, 0.2, 0.3, 0.5])
    board = leaderboard(table, trials(0.1, 0.1), METRIC)
    assert board["fresh_energy_distance"].tolist() == pytest.approx([0.15, 0.4])
    assert "fresh_excess_nll" not in board


def test_a_trial_that_was_pruned_has_no_score_to_be_optimistic_about() -> None:
    searched = trials(0.1).assign(state="pruned")
    board = leaderboard(runs(a=np.array([0.1, 0.2])), searched, METRIC)
    assert np.isnan(board[["search_score", "optimism"]].to_numpy(dtype=float)).all()


def test_the_luck_of_shared_points_makes_no_config_worse(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    points = {name: rng.normal(0.02, 0.08, 400) for name in "ab"}  # the same for every seed
    losses = {n: of + rng.normal(0, 0.002, (SEEDS, 1)) for n, of in points.items()}
    gap = abs(points["a"].mean() - points["b"].mean())
    assert gap > 0.002  # twenty seeds alone would be sure of it
    table = on_shared_points(tmp_path, **losses)
    board = leaderboard(table, trials(0.0, 0.0), "val_mse", folder=tmp_path)
    assert board["val_mse_basis"].tolist() == ["seeds and points"] * 2
    assert board["tie"].all()
    width = (board["val_mse_high"] - board["val_mse_low"]).to_numpy()
    assert (width > 2 * 1.96 * 0.08 / 20 * 0.9).all()


def test_configs_that_differ_at_the_same_points_are_told_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    hard = rng.normal(0.02, 0.08, 400)  # points that are hard for both
    losses = {
        name: hard + shift + rng.normal(0, 0.001, (SEEDS, 400))
        for name, shift in (("a", 0.0), ("b", 0.001))
    }
    table = on_shared_points(tmp_path, **losses)
    board = leaderboard(table, trials(0.0, 0.0), "val_mse", folder=tmp_path)
    assert [each.word for each in verdicts(board, "val_mse")] == ["tie", "worse"]
    assert board["val_mse"].tolist() == pytest.approx([of.mean() for of in losses.values()])


def test_without_the_losses_of_points_no_config_is_called_worse_on_them(tmp_path: Path) -> None:
    table = runs(a=np.full(SEEDS, 0.1), b=np.full(SEEDS, 0.9)).rename(columns={METRIC: "val_mse"})
    board = leaderboard(table, trials(0.0, 0.0), "val_mse", folder=tmp_path)
    assert board["val_mse_basis"].tolist() == ["points as given"] * 2
    assert [each.word for each in verdicts(board, "val_mse")] == ["tie", None]
    shown = board_table(board, "val_mse")
    assert "points as given" in shown.note
    assert shown.rows[1][-1] == "no verdict"


def test_one_lost_file_takes_the_verdict_and_a_damaged_one_as_well(tmp_path: Path) -> None:
    table = on_shared_points(tmp_path, a=np.ones((5, 9)), b=np.ones((5, 9)) * 2)
    file = tmp_path / "points" / table["losses"][3]
    file.write_bytes(file.read_bytes()[:-9])
    board = leaderboard(table, trials(0.0, 0.0), "val_mse", folder=tmp_path)
    assert board["val_mse_basis"].tolist() == ["points as given"] * 2


def test_one_config_under_two_names_counts_once() -> None:
    table = runs(a=np.arange(5.0), again=np.arange(5.0), other=np.arange(5.0) + 1)
    table["lr"] = np.repeat([0.01, 0.01, 0.02], 5)
    board = leaderboard(table, trials(0.0, 0.0, 0.0), METRIC)
    assert board["config"].tolist() == ["a", "other"]
