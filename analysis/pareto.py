"""The Pareto front of two metrics."""

import numpy as np
import pandas as pd


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
