"""Which trials are looked at: the Pareto front of two metrics, and those that an audit draws."""

import numpy as np
import pandas as pd

from moons.seeds import derive_seed


def on_front(values: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows no other is at least as good as in both columns and better than in one.

    Args:
        values: two columns, both better when smaller.

    Returns:
        One truth a row, with the index of `values`.
    """
    x, y = values.columns
    frame = values.astype(float).sort_values([x, y])
    # Sorted by x: a row is beaten if an earlier one has a y as small, unless it is its equal.
    better = frame[y] < frame[y].cummin().shift(fill_value=np.inf)
    new = (frame != frame.shift()).any(axis=1)
    return better.groupby(new.cumsum()).transform("first").reindex(values.index)


def in_drawing_order(pruned: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Pruned trials in the order in which an audit draws them.

    A trial's place depends on its number and the seed alone, so that more trials change the order
    of none of these.

    Args:
        pruned: rows of trials.
        seed: the study's.
    """
    lots = [derive_seed(seed, "audit", int(number)) for number in pruned["trial"]]
    return pruned.iloc[np.argsort(lots, kind="stable")]
