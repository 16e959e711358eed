"""Rungs: what trials reported at them, who reached them, and whom ASHA lets go on."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def goes_on(value: float, earlier: Iterable[float], reduction: int) -> bool:
    """Whether asynchronous successive halving lets a trial train on from a rung.

    The first trial to arrive goes on; later ones do if they are among the best `1 / reduction` of
    those that arrived before them, ties included.

    Args:
        value: the trial's metric at the rung, finite; less is better.
        earlier: the values that arrived before it.
        reduction: one in how many goes on.
    Source: Li et al. 2020, arXiv:1810.05934, algorithm 2, as Ray Tune computes it.
    """
    scores = [-other for other in earlier]
    return not scores or -value >= float(np.percentile(scores, (1 - 1 / reduction) * 100))


class Rungs:
    """The values that ASHA has seen, rung by rung.

    Args:
        epochs: the rungs, ascending.
        reduction: as in `goes_on`.
    """

    def __init__(self, epochs: Sequence[int], reduction: int) -> None:
        self.values: dict[int, dict[str, float]] = {epoch: {} for epoch in epochs}
        self._reduction = reduction

    def admit(self, trial: str, epoch: int, value: float) -> bool:
        """Notes a report at the highest rung it has reached and says whether the trial goes on.

        Args:
            trial: its name.
            epoch: epochs trained so far.
            value: the metric by then, finite.
        """
        rung = max((rung for rung in self.values if rung <= epoch), default=None)
        if rung is None or trial in self.values[rung]:
            return True  # what was decided there stands
        decision = goes_on(value, self.values[rung].values(), self._reduction)
        self.values[rung][trial] = value
        return decision

    def refill(self, recorded: Mapping[int, Mapping[str, float]]) -> None:
        """Puts in the values of trials that are over, by trial, by rung."""
        for rung, values in self.values.items():
            values.update(recorded.get(rung, {}))


def rungs_table(column: "pd.Series[str]", rungs: Sequence[int] | None = None) -> "pd.DataFrame":
    """What trials reported to the scheduler, from the column `rungs` of a table.

    A trial has reached a rung if it reported there: one that ended before it, or at it, has not.

    Args:
        column: a JSON object a trial, of values by epoch, or nothing.
        rungs: the epochs to look at; by default all that occur.

    Returns:
        The same index, one column a rung named by its epoch as a string; NaN where the trial did
        not reach it.
    """
    import pandas as pd

    read = [json.loads(text) if isinstance(text, str) else {} for text in column]
    table = pd.DataFrame(read, index=column.index, dtype=np.float64)
    epochs = rungs if rungs is not None else sorted(map(int, table.columns))
    return table.reindex(columns=[str(epoch) for epoch in epochs])
