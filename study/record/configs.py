"""Trials by config: what a trial was trained as, whatever its number and its seeds."""

import dataclasses
from typing import TYPE_CHECKING

from moons.config import Config

if TYPE_CHECKING:
    import pandas as pd

SEEDS = ("data_seed", "split_seed")  # of the data: no config is better for another one
SETTINGS = tuple(f.name for f in dataclasses.fields(Config) if f.name not in SEEDS)


def config_keys(table: "pd.DataFrame") -> "pd.Series[str]":
    """What is the same for two rows of trials or retrainings just where their settings are.

    In a table without settings every row is one of its own.
    """
    import pandas as pd

    known = [name for name in SETTINGS if name in table]
    if not known:
        return table.index.to_series().astype(str)
    rows = table[known].astype(str).itertuples(index=False)
    return pd.Series([" ".join(row) for row in rows], index=table.index, dtype=object)


def distinct_configs(trials: "pd.DataFrame", metric: str) -> "pd.DataFrame":
    """The best trial of each config, best first.

    Args:
        trials: rows of complete trials.
        metric: less of it is better.

    Returns:
        Their rows, with the column `trials_of_config` besides: how many of the trials had it.
    """
    ordered = trials.sort_values([metric, "trial"], kind="stable")
    keys = config_keys(ordered)
    counted = ordered.assign(trials_of_config=keys.map(keys.value_counts()).astype("int64"))
    return counted[~keys.duplicated()]
