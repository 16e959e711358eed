"""What early stopping cost, on trials whose ends are known."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.audit import audit, rung_correlations, weighted_spearman
from study.record.chosen import in_drawing_order


def study(pruned_ends: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Six complete trials of 40 epochs that end at 1 to 6, and pruned ones stopped at 10."""
    n = len(pruned_ends)
    trials = pd.DataFrame(
        {
            "trial": np.arange(6 + n),
            "state": ["complete"] * 6 + ["pruned"] * n,
            "epochs": [40] * 6 + [10] * n,
            "val_mse": [1.0, 2, 3, 4, 5, 6, *[9.0] * n],
            "rungs": [json.dumps({"10": 10.0 + trial}) for trial in range(6 + n)],
        }
    )
    audited = pd.DataFrame(
        {
            "trial": np.arange(6, 6 + n),
            "state": "complete",
            "epochs": 40,
            "val_mse": pruned_ends,
            "rungs": [json.dumps({"10": 16.0 + k, "20": 1.0}) for k in range(n)],
        }
    )
    return audited, trials


def test_a_pruned_trial_that_would_have_won_is_counted_and_is_the_regret() -> None:
    audited, trials = study([0.25, 4.5, 7.0])
    found = audit(audited, trials, "val_mse", (10,), 0)
    assert (found.audited, found.pruned, found.entering) == (3, 3, 2)
    assert found.regret == pytest.approx(0.75)
    assert 0 < found.share_low < 2 / 3 < found.share_high < 1
    assert (found.epochs_saved, found.epochs_needed) == (90, 120)


def test_there_is_no_regret_where_none_would_have_won() -> None:
    found = audit(*study([8.0, 9.0]), "val_mse", (10,), 0)
    assert (found.entering, found.regret) == (0, 0.0)
    assert "none of them beats" in " ".join(found.sentences())


def test_the_rank_correlation_is_one_where_a_rung_orders_as_the_end_does() -> None:
    audited, trials = study([7.0, 8.0])
    for sign in (1.0, -1.0):
        complete, ended = (t.assign(val_mse=sign * t["trial"]) for t in (trials.head(6), audited))
        found = rung_correlations(complete, ended, 2, "val_mse", (10,))
        assert found[10] == pytest.approx(sign)


def test_a_weight_counts_a_trial_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 12))
    weights = np.repeat([1.0, 3.0], [8, 4])
    often = np.repeat(np.arange(12), weights.astype(int))
    expected = stats.spearmanr(x[often], y[often]).statistic
    assert weighted_spearman(x, y, weights) == pytest.approx(expected)


def test_the_audited_stand_for_all_that_were_pruned() -> None:
    audited, trials = study([0.5])
    complete = trials.head(6)

    def correlation(pruned: int) -> float:
        return rung_correlations(complete, audited, pruned, "val_mse", (10,))[10]

    assert correlation(4) < correlation(1)  # what came from last to first counts four times
    lost = pd.concat([audited, audited.assign(state="diverged", val_mse=np.nan)])
    halved = rung_correlations(complete, lost, 4, "val_mse", (10,))[10]
    assert halved == pytest.approx(correlation(2))  # half of the pruned would have diverged


def test_where_no_audited_trial_is_known_at_a_rung_nothing_is_said_of_it() -> None:
    audited, trials = study([7.0, 8.0])
    assert audit(audited.assign(rungs=None), trials, "val_mse", (10,), 0).correlations == {}


def test_those_drawn_before_an_extension_count_as_far_as_they_would_be_drawn_now() -> None:
    audited, trials = study(list(np.arange(10.0, 20.0)))
    pruned = trials[trials["state"] == "pruned"]
    order = in_drawing_order(pruned, 0)["trial"].tolist()
    found = audit(audited[audited["trial"].isin(order[:4] + order[6:])], trials, "val_mse", (), 0)
    assert (found.audited, found.pruned) == (4, 10)


def test_an_audited_trial_that_diverged_has_not_entered_and_counts() -> None:
    audited, trials = study([0.25, 8.0])
    audited.loc[1, "state"] = "diverged"
    found = audit(audited, trials, "val_mse", (10,), 0)
    assert (found.audited, found.entering) == (2, 1)
    assert found.share_low < 0.5 < found.share_high < 1


def test_a_rung_that_too_few_trials_reached_has_no_correlation() -> None:
    audited, trials = study([7.0])
    assert audit(audited, trials, "val_mse", (10, 20, 400), 0).correlations.keys() == {10}


def test_without_a_complete_trial_the_regret_is_unknown() -> None:
    audited, trials = study([7.0])
    found = audit(audited, trials.tail(1), "val_mse", (10,), 0)
    assert np.isnan(found.regret)
    assert "regret: unknown" in " ".join(found.sentences())
