"""What the columns of the tables are called in figures and sentences, with their units."""

from moons.column import Column
from moons.evaluated import FIGURES
from study.record.columns import LOSSES, column_of


def label(column: str) -> str:
    """What a column of the tables is called on an axis, with its unit."""
    return column_of(column).full_label


def short_label(column: str) -> str:
    """`label` without the unit."""
    return column_of(column).short_label


def unit(column: str) -> str:
    """The unit of `label`; empty where there is none."""
    return column_of(column).unit


def metric_label(metric: str) -> str:
    """What a metric is called on whichever split, with its unit."""
    return {**LOSSES, **FIGURES}.get(metric, Column(name=metric)).full_label
