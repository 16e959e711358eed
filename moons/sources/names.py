"""The data sets that come with the project: what their columns and classes are called.

Apart from the sources themselves, so that a config is checked without numpy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MOST_COLUMNS, MOST_CLASSES = 64, 100
PLANE = ("x1", "x2")


@dataclass(frozen=True, slots=True)
class Names:
    """What a data set's columns and classes are called.

    Attributes:
        columns: of a point's coordinates, in order.
        classes: by label, from 0.
    """

    columns: tuple[str, ...]
    classes: tuple[str, ...]


NAMED: Mapping[str, Names] = {
    "moons": Names(PLANE, ("upper moon", "lower moon")),
    "circles": Names(PLANE, ("outer circle", "inner circle")),
    "spirals": Names(PLANE, ("first spiral", "second spiral")),
    "pinwheel": Names(PLANE, tuple(f"arm {k}" for k in range(1, 6))),
    "gaussians": Names(PLANE, tuple(f"blob {k}" for k in range(1, 9))),
}
