import dataclasses

import numpy as np
import pytest

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
    found = importance(planted(150), [LATENT, LR])
    assert found.table["hyperparameter"].tolist() == ["lr", "latent_dim"]
    assert found.table["importance"][0] > 0.8
    assert found.telling == ["lr"]


def test_importances_sum_to_one_and_noise_is_a_share() -> None:
    found = importance(planted(60), [LATENT, LR])
    np.testing.assert_allclose(found.table["importance"].sum(), 1.0)
    assert found.table["noise"].between(0, 1).all()
    assert found.table["noise"].max() <= found.noise <= 1


def test_where_nothing_decides_a_large_share_is_said_to_be_noise() -> None:
    trials = planted(32)
    values = np.random.default_rng(1).permutation(trials.trials["value"])
    unrelated = dataclasses.replace(trials, trials=trials.trials.assign(value=values))
    found = importance(unrelated, [LATENT, LR])
    assert found.table["importance"][0] > 0.5  # of two, one has more than half
    assert found.noise > found.table["importance"][0]
    assert found.telling == []


def test_the_same_seed_gives_the_same_noise() -> None:
    first, again = (importance(planted(40), [LATENT, LR], seed=1) for _ in "ab")
    assert first.table.equals(again.table)


@pytest.mark.slow
def test_more_trials_than_can_be_permuted_in_time_are_thinned_out() -> None:
    assert importance(planted(MOST + 50), [LATENT, LR]).n_left_out == 50
