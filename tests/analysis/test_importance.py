import numpy as np

from analysis.budget import Comparison, comparisons
from analysis.importance import MOST, importance
from tests.analysis.known import LATENT, LR, known_results


def planted(n_trials: int) -> Comparison:
    """Trials whose value is the distance of the learning rate from 0.01, and nothing else."""
    rng = np.random.default_rng(3)
    rates = 10 ** rng.uniform(-4, -1, n_trials)
    latents = rng.choice([2, 4, 8], n_trials)
    trials = [
        {"lr": rate, "latent_dim": int(latent), "val_mse": abs(np.log10(rate) + 2)}
        for rate, latent in zip(rates, latents, strict=True)
    ]
    return comparisons(known_results(trials))[0]


def test_importance_goes_to_the_hyperparameter_that_decides() -> None:
    found = importance(planted(150), [LATENT, LR], n_resamples=20).table
    assert found["hyperparameter"].tolist() == ["lr", "latent_dim"]
    assert found["importance"][0] > 0.8
    assert found["low"][0] > found["high"][1]


def test_importances_sum_to_one_and_intervals_are_ordered() -> None:
    found = importance(planted(60), [LATENT, LR], n_resamples=20).table
    np.testing.assert_allclose(found["importance"].sum(), 1.0)
    assert (found["low"] <= found["high"]).all()
    assert found[["low", "high"]].to_numpy().min() >= 0
    assert found[["low", "high"]].to_numpy().max() <= 1


def test_the_same_seed_gives_the_same_intervals() -> None:
    first, again = (importance(planted(40), [LATENT, LR], seed=1, n_resamples=10) for _ in "ab")
    assert first.table.equals(again.table)


def test_more_trials_than_can_be_resampled_in_time_are_thinned_out() -> None:
    found = importance(planted(MOST + 50), [LATENT, LR], n_resamples=0)
    assert found.n_left_out == 50
    assert found.table["low"].isna().all()
