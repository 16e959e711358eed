"""Rungs: what trials reported at them, and who reached them."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from study.record.stopping import STOPPING, Arrival

if TYPE_CHECKING:
    import pandas as pd


class Rungs:
    """What trials reported at rungs, and who goes on.

    Args:
        epochs: the rungs, ascending.
        rule: a name of `STOPPING`.
        reduction: one in how many the rule lets go on.
    """

    def __init__(self, epochs: Sequence[int], rule: str, reduction: int) -> None:
        self.values: dict[int, dict[int, float]] = {epoch: {} for epoch in epochs}
        self._goes_on = STOPPING[rule].goes_on
        self._reduction = reduction

    def admit(self, slot: int, epoch: int, value: float) -> bool:
        """Notes a report at the highest rung it has reached and says whether the trial goes on.

        Args:
            slot: the trial's.
            epoch: epochs trained so far.
            value: the metric by then, finite.
        """
        rung = max((rung for rung in self.values if rung <= epoch), default=None)
        if rung is None or slot in self.values[rung]:
            return True  # what was decided there stands
        decision = self._goes_on(Arrival(slot, rung, value, self.values, self._reduction))
        self.values[rung][slot] = value
        return decision

    def refill(self, recorded: Mapping[int, Mapping[int, float]]) -> None:
        """Puts in the values of trials that are over, by slot, by rung."""
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
