"""What early stopping cost, on trials whose ends are known."""

import numpy as np
import pandas as pd
import pytest

from analysis.audit import audit, rung_correlations


def study(pruned_ends: list[float]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Six complete trials of 40 epochs that end at 1 to 6, and pruned ones stopped at 10."""
    n = len(pruned_ends)
    trials = pd.DataFrame(
        {
            "trial": np.arange(6 + n),
            "state": ["complete"] * 6 + ["pruned"] * n,
            "epochs": [40] * 6 + [10] * n,
            "val_mse": [1.0, 2, 3, 4, 5, 6, *[9.0] * n],
        }
    )
    audited = pd.DataFrame(
        {
            "trial": np.arange(6, 6 + n),
            "state": "complete",
            "epochs": 40,
            "val_mse": pruned_ends,
        }
    )
    epochs = pd.concat(
        pd.DataFrame({"trial": t, "epoch": np.arange(1, e + 1), "val_mse": 10.0 + t})
        for t, e in zip(trials["trial"], trials["epochs"], strict=True)
    )
    return audited, trials, epochs.assign(replicate=0)


def test_a_pruned_trial_that_would_have_won_is_counted_and_is_the_regret() -> None:
    audited, trials, epochs = study([0.25, 4.5, 7.0])
    found = audit(audited, trials, epochs, "val_mse", (10,))
    assert (found.audited, found.pruned, found.entering) == (3, 3, 2)
    assert found.regret == pytest.approx(0.75)
    assert 0 < found.share_low < 2 / 3 < found.share_high < 1
    assert (found.epochs_saved, found.epochs_needed) == (90, 120)


def test_there_is_no_regret_where_none_would_have_won() -> None:
    found = audit(*study([8.0, 9.0]), "val_mse", (10,))
    assert (found.entering, found.regret) == (0, 0.0)
    assert "none of them beats" in " ".join(found.sentences())


def test_the_rank_correlation_is_one_where_a_rung_orders_as_the_end_does() -> None:
    _, _, epochs = study([7.0, 8.0])
    ends = pd.Series(np.arange(8.0), index=np.arange(8))
    assert rung_correlations(epochs, "val_mse", ends, (10,))[10] == pytest.approx(1.0)
    assert rung_correlations(epochs, "val_mse", -ends, (10,))[10] == pytest.approx(-1.0)


def test_a_rung_s_value_is_the_mean_over_replicates_of_their_best() -> None:
    _, _, epochs = study([7.0, 8.0])
    odd = epochs["val_mse"].where(epochs["trial"] != 7, -10.0)  # best of all on one seed of two
    both = pd.concat([epochs.assign(val_mse=odd), epochs.assign(val_mse=100.0, replicate=1)])
    both.loc[(both["trial"] == 7) & (both["replicate"] == 1), "val_mse"] = 1000.0
    ends = pd.Series(np.arange(8.0), index=np.arange(8))
    assert rung_correlations(both, "val_mse", ends, (10,))[10] == pytest.approx(1.0)


def test_an_audited_trial_that_diverged_has_not_entered_and_counts() -> None:
    audited, trials, epochs = study([0.25, 8.0])
    audited.loc[1, "state"] = "diverged"
    found = audit(audited, trials, epochs, "val_mse", (10,))
    assert (found.audited, found.entering) == (2, 1)
    assert found.share_low < 0.5 < found.share_high < 1


def test_the_rungs_are_told_by_the_validation_mse_where_epochs_lack_the_metric() -> None:
    audited, trials, epochs = study([7.0, 8.0])
    dear = {"val_mse": "val_excess_nll"}
    found = audit(
        audited.rename(columns=dear), trials.rename(columns=dear), epochs, "val_excess_nll", (10,)
    )
    assert "rank correlation of val_mse at rung 10 with val_excess_nll" in found.sentences()[-1]


def test_a_rung_that_too_few_trials_reached_has_no_correlation() -> None:
    _, _, epochs = study([7.0])
    ends = pd.Series(np.arange(7.0), index=np.arange(7))
    assert rung_correlations(epochs, "val_mse", ends, (10, 400)).keys() == {10}
