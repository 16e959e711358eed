"""What a trial was trained as, whatever its number and its seeds."""

import numpy as np
import pandas as pd

from study.record.configs import config_keys, distinct_configs


def test_the_best_trial_stands_for_its_config_and_says_how_many_had_it() -> None:
    trials = pd.DataFrame(
        {
            "trial": [0, 1, 2, 3, 4],
            "val_mse": [0.3, 0.1, 0.2, 0.1, 0.4],
            "lr": [0.01, 0.01, 0.02, 0.01, 0.02],
            "seed": [5, 6, 7, 8, 9],
            "data_seed": [1, 2, 1, 1, 1],
        }
    )
    best = distinct_configs(trials, "val_mse")
    assert best["trial"].tolist() == [1, 2]
    assert best["trials_of_config"].tolist() == [3, 2]


def test_trials_of_four_points_are_at_most_four_configs() -> None:
    rng = np.random.default_rng(0)
    n = 40
    settings = {"batch_size": rng.choice([64, 256], n), "latent_dim": rng.choice([2, 4], n)}
    trials = pd.DataFrame({"trial": np.arange(n), "val_mse": rng.random(n), **settings})
    best = distinct_configs(trials, "val_mse")
    assert len(best) == 4
    assert best["trials_of_config"].sum() == n
    assert best["val_mse"].is_monotonic_increasing


def test_no_trials_are_no_configs() -> None:
    empty = pd.DataFrame({"trial": [], "val_mse": [], "lr": []})
    assert distinct_configs(empty, "val_mse").empty
    assert config_keys(empty).empty
