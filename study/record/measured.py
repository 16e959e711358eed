"""What an evaluation measured of a model, taken out of its row of a table."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from moons.column import SPLITS
from moons.evaluated import ERRORS, FLOOR
from moons.words import with_error
from study.record.columns import column_of

OVER_SEEDS = ("_seed_se",)  # of a trial that was trained on several


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure of one split.

    Attributes:
        column: of the table, the split in front of the metric.
        error: its standard error; None where the table has none.
        floor: what exact draws from the data's own distribution give in the model's place.
        floor_error: its standard error; None where the table has none.
    """

    column: str
    split: str
    metric: str
    value: float
    error: float | None
    floor: float | None
    floor_error: float | None = None

    @property
    def words(self) -> str:
        """The value with its error."""
        return with_error(self.value, self.error)

    @property
    def floor_words(self) -> str:
        """The floor with its error; empty where there is none."""
        return "" if self.floor is None else with_error(self.floor, self.floor_error)


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
        found.append(
            Measured(
                column=column,
                split=split,
                metric=metric,
                value=value,
                error=error_of(row, column),
                floor=_known(row, f"{column}{FLOOR}"),
                floor_error=error_of(row, f"{column}{FLOOR}"),
            )
        )
    return tuple(found)


def error_of(row: "pd.Series[Any]", column: str) -> float | None:
    """The standard error that stands beside a column; None where the row has none."""
    errors = (_known(row, f"{column}{ending}") for ending in (*ERRORS, *OVER_SEEDS))
    return next((error for error in errors if error is not None), None)


def _known(row: "pd.Series[Any]", column: str) -> float | None:
    """A number that is there; text is a list, such as the KL of each latent."""
    value = row.get(column)
    if value is None or isinstance(value, str) or pd.isna(value):
        return None
    return float(value)
