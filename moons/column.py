"""A column of a table: what it is called, of which type and unit it is, and which way is better."""

from dataclasses import dataclass, replace
from typing import Literal, Self

Kind = Literal["int64", "Int64", "float64", "string"]
Better = Literal["less", "more"] | None
SPLITS = {"train": "training", "val": "validation", "test": "test", "fresh": "fresh-data"}
SPLITS |= {"exact": "exact"}  # without points: by quadrature over the plane


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: in the table; of a figure that is taken on several splits, what follows theirs.
        kind: its type; with a capital letter one that knows nulls.
        label: what figures and sentences call it; by default its name in words.
        unit: of its values.
        better: which values are better; None where neither are.
        what: it holds, for the documentation.
        merit: whether a report lists it among the figures of a model.
    """

    name: str
    kind: Kind = "float64"
    label: str = ""
    unit: str = ""
    better: Better = None
    what: str = ""
    merit: bool = True

    @property
    def short_label(self) -> str:
        """The label without the unit."""
        return self.label or self.name.replace("_", " ")

    @property
    def full_label(self) -> str:
        """The label with the unit, as on an axis."""
        return f"{self.short_label} ({self.unit})" if self.unit else self.short_label

    def on(self, split: str) -> Self:
        """The column of this figure on one split."""
        return replace(
            self, name=f"{split}_{self.name}", label=f"{SPLITS[split]} {self.short_label}"
        )
