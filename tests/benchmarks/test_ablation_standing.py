"""The statistics of the ablation on made-up studies."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.stats import Interval
from tests.benchmarks.ablation.curves import chosen, epochs_grid, ever_chosen, read_curve
from tests.benchmarks.ablation.readme import shown, verdict
from tests.benchmarks.ablation.standing import bands, standings

NAN = math.nan


def trials() -> pd.DataFrame:
    """Four trials of a study whose second, stopped early, was told as complete."""
    rows = [
        (0, "complete", 300, 0.5, 0.5, 0.6),
        (1, "pruned", 400, 0.2, 0.2, 0.9),
        (2, "diverged", 410, NAN, NAN, NAN),
        (3, "complete", 620, 0.1, 0.1, 0.3),
    ]
    return pd.DataFrame(rows, columns=["trial", "state", "spent", "value", "told", "score"])


def curves(default: list[float], other: list[float]) -> pd.DataFrame:
    rows = [
        {"arm": arm, "seed": seed, "epochs": 100, "best": value}
        for arm, values in (("default", default), ("other", other))
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_grid_ends_with_the_budget_and_has_its_half() -> None:
    grid = epochs_grid(1000)
    assert grid[-1] == 1000
    assert 500 in grid
    assert (np.diff(grid) > 0).all()


def test_only_trials_that_were_over_by_then_are_known() -> None:
    assert chosen(trials(), 299) is None
    assert chosen(trials(), 300) == 0
    assert chosen(trials(), 619) == 1
    assert chosen(trials(), 620) == 3


def test_the_choice_follows_what_was_told_and_the_best_only_complete_trials() -> None:
    curve = read_curve(trials(), 619).iloc[-1]
    assert (curve["trials"], curve["complete"], curve["best"]) == (3, 1, 0.5)
    assert (curve["selected"], curve["selected_state"]) == (1, "pruned")
    assert (curve["selected_told"], curve["selected_score"]) == (0.2, 0.9)


def test_before_the_first_trial_is_over_nothing_is_known() -> None:
    curve = read_curve(trials(), 619).iloc[0]
    assert curve["trials"] == 0
    assert curve[["best", "selected", "selected_state", "selected_score"]].isna().all()


def test_every_trial_that_is_chosen_anywhere_gets_a_score() -> None:
    assert ever_chosen(trials(), 640) == [0, 1, 3]


def test_differences_are_paired_by_seed() -> None:
    level = np.arange(8.0)  # seeds differ by far more than arms
    table = curves(list(level), list(level - 0.1 + 0.01 * np.sin(level)))
    default, other = standings(table, "best", 100)
    assert default.difference == Interval(0.0, 0.0, 0.0)
    assert other.difference.low < -0.1 < other.difference.high < 0
    assert (other.wins, other.seeds) == (8, 8)
    assert other.told_apart
    assert other.mean.low < default.mean.value < other.mean.high


def test_noise_alone_is_not_told_apart() -> None:
    drawn = np.random.default_rng(3).normal(size=(2, 10))
    _, other = standings(curves(*drawn.tolist()), "best", 100)
    assert not other.told_apart


def test_equal_arms_differ_by_nothing() -> None:
    _, other = standings(curves([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), "best", 100)
    assert other.difference == Interval(0.0, 0.0, 0.0)
    assert (other.wins, other.p_holm) == (0, 1.0)


def test_a_seed_without_a_value_in_either_arm_is_in_no_pair() -> None:
    _, other = standings(curves([1.0, NAN, 3.0, 4.0], [2.0, 2.0, NAN, 5.0]), "best", 100)
    assert other.seeds == 2
    assert other.difference.value == 1.0


def test_an_arm_that_never_had_a_value_has_no_mean() -> None:
    _, other = standings(curves([1.0, 2.0], [NAN, NAN]), "best", 100)
    assert other.seeds == 0
    assert math.isnan(other.mean.value)


def test_a_number_of_epochs_off_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="epochs must be a place of the grid, got 7"):
        standings(curves([1.0], [1.0]), "best", 7)


def test_a_band_begins_where_every_seed_has_a_value() -> None:
    known = bands(curves([1.0, 2.0, 3.0], [1.0, NAN, 3.0]), "best")
    assert list(known["arm"]) == ["default"]
    assert float(known["low"].iloc[0]) < 2.0 < float(known["high"].iloc[0])


def test_the_page_says_which_arms_are_told_apart() -> None:
    level = np.arange(8.0)
    worse = verdict(
        standings(curves(list(level), list(level + 1 + level / 50)), "best", 100), "nats"
    )
    assert worse.startswith("Worse than default: other, by +1.0")
    same = verdict(standings(curves(list(level), list(level)), "best", 100), "nats")
    assert same == "Not told apart from default: other."


def test_means_are_shown_with_the_digits_that_their_interval_gives_sense() -> None:
    assert shown(Interval(0.012345, 0.01, 0.02)) == "0.0123 [0.0100, 0.0200]"
    assert shown(Interval(1.5, 1.0, 2.0), signed=True) == "+1.50 [+1.00, +2.00]"
