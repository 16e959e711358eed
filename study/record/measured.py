"""What an evaluation measured of a model, taken out of its row of a table."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from moons.column import SPLITS
from moons.evaluated import ERRORS, FLOOR
from study.record.columns import column_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure of one split.

    Attributes:
        column: of the table, the split in front of the metric.
        error: its standard error; None where the table has none.
        floor: what exact draws from the data's own distribution give in the model's place.
    """

    column: str
    split: str
    metric: str
    value: float
    error: float | None
    floor: float | None


def measured(row: "pd.Series[Any]") -> tuple[Measured, ...]:
    """Every figure of a row that is known, in the order of its columns."""
    found = []
    for column in map(str, row.index):
        split, _, metric = column.partition("_")
        beside = metric.endswith((*ERRORS, FLOOR))
        value = _known(row, column)
        of_merit = split in SPLITS and metric != "" and column_of(column).merit
        if not of_merit or beside or value is None:
            continue
        errors = (_known(row, f"{column}{ending}") for ending in ERRORS)
        found.append(
            Measured(
                column=column,
                split=split,
                metric=metric,
                value=value,
                error=next((error for error in errors if error is not None), None),
                floor=_known(row, f"{column}{FLOOR}"),
            )
        )
    return tuple(found)


def _known(row: "pd.Series[Any]", column: str) -> float | None:
    """A number that is there; text is a list, such as the KL of each latent."""
    value = row.get(column)
    if value is None or isinstance(value, str) or pd.isna(value):
        return None
    return float(value)
