"""What a made-up study leaves besides its tables: a checkpoint, and retrainings."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from moons.config import Config
from tests.analysis.synthetic import USUAL


def with_checkpoint(folder: Path, trial: int, seed: int = 0, epochs: int = 5) -> None:
    """Trains the trial's configuration for a few epochs and leaves its checkpoint."""
    from moons.checkpoint import pack_weights, save_checkpoint
    from moons.fit import fit, start

    row = pd.read_parquet(folder / "trials.parquet").set_index("trial").loc[trial]
    names = tuple(USUAL)
    plain = {name: getattr(row[name], "item", lambda n=name: row[n])() for name in names}
    config = dataclasses.replace(Config.from_mapping(plain, "synthetic"), max_epochs=epochs)
    run = start(config, seed, engine="torch")  # nothing to compile
    for _ in fit(run):
        pass
    weights = pack_weights(run.best_weights())
    save_checkpoint(folder / "checkpoints" / str(trial), weights, config, seed, config.family)


def with_reruns(folder: Path, spread: float = 0.0005, n_seeds: int = 8, n_configs: int = 3) -> None:
    """Retrains, on paper, the best configurations under fresh seeds; `spread` is their std."""
    rng = np.random.default_rng(7)
    trials = pd.read_parquet(folder / "trials.parquet")
    best = trials[trials["state"] == "complete"].nsmallest(n_configs, "val_mse")
    rows = [
        {
            "config": f"trial {trial}",
            "trial": trial,
            "vary": "init",
            "seed_index": seed,
            "seed": 50 + seed,
            "state": "complete",
            "val_mse": value * 1.02 + spread * rng.normal(),
            "test_excess_nll": 8 * value + 10 * spread * rng.normal(),
        }
        for trial, value in zip(best["trial"], best["val_mse"], strict=True)
        for seed in range(n_seeds)
    ]
    pd.DataFrame(rows).to_parquet(folder / "reruns.parquet", index=False)
