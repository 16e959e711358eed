"""What a study knew after so many trained epochs: its best trial, and the one it would choose."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FIRST, POINTS = 0.05, 24  # of the budget: the first place that is looked at; places in all

Epochs = NDArray[np.int64]


def epochs_grid(budget: int) -> Epochs:
    """Where curves are read, in epochs: closer together early on; the half and the whole budget."""
    grid = np.geomspace(FIRST * budget, budget, POINTS)
    return np.unique(np.append(np.round(grid), [budget // 2, budget])).astype(np.int64)


def chosen(trials: pd.DataFrame, epochs: int) -> int | None:
    """The trial that a study would choose after that many epochs: the least value told to Optuna.

    Args:
        trials: one study's; columns `trial`, `spent` and `told`.
        epochs: trained by all trials together.
    """
    known = trials[(trials["spent"] <= epochs) & trials["told"].notna()]
    if known.empty:
        return None
    return int(known["trial"].to_numpy()[known["told"].to_numpy().argmin()])


def ever_chosen(trials: pd.DataFrame, budget: int) -> list[int]:
    """Every trial that is chosen at some place of the grid; these are worth a score."""
    found = {chosen(trials, epochs) for epochs in epochs_grid(budget)}
    return sorted(trial for trial in found if trial is not None)


def read_curve(trials: pd.DataFrame, budget: int) -> pd.DataFrame:
    """One row a place of the grid; only trials that were over by then are known.

    Args:
        trials: one study's; columns `trial`, `state`, `spent`, `value`, `told` and `score`.
        budget: epochs of all trials together.

    Returns:
        `epochs`; how many `trials` were over and how many `complete`; `best`, the least value of a
        complete trial; of the trial that the study would choose `selected`, its number,
        `selected_state`, `selected_told` and `selected_score`. Missing where there is none yet.
    """
    scores = trials.set_index("trial")
    rows = []
    for epochs in epochs_grid(budget):
        over = trials[trials["spent"] <= epochs]
        complete = over[over["state"] == "complete"]
        pick = chosen(trials, int(epochs))
        rows.append(
            {
                "epochs": int(epochs),
                "trials": len(over),
                "complete": len(complete),
                "best": complete["value"].min(),
                "selected": pick,
                "selected_state": None if pick is None else scores.loc[pick, "state"],
                "selected_told": np.nan if pick is None else scores.loc[pick, "told"],
                "selected_score": np.nan if pick is None else scores.loc[pick, "score"],
            }
        )
    return pd.DataFrame(rows).astype({"selected": "Int64", "selected_state": "string"})
