"""Arms against the default: means over study seeds, and paired differences with intervals."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.stats import CONFIDENCE, Interval, holm, mean_interval, paired_p

Figure = Literal["best", "selected_score"]
NOTHING = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One arm at one budget; less is better.

    Attributes:
        seeds: studies that had a value, in this arm and in the default.
        mean: over those seeds, with its bootstrap interval.
        difference: from the default on the same seeds; negative where this arm is better.
        wins: seeds on which this arm is better than the default.
        p_holm: that there is no difference, corrected for the number of arms; 1 of the default.
    """

    arm: str
    seeds: int
    mean: Interval
    difference: Interval
    wins: int
    p_holm: float

    @property
    def told_apart(self) -> bool:
        """Whether the arm differs from the default by more than chance would have it."""
        return self.p_holm < 1 - CONFIDENCE


def standings(table: pd.DataFrame, figure: Figure, epochs: int) -> tuple[Standing, ...]:
    """Every arm after that many epochs, in the table's order, whose first arm is the default.

    A seed counts where both the arm and the default have a value on it.

    Args:
        table: columns `arm`, `seed`, `epochs` and the figure's.
        figure: what is compared.
        epochs: a place of the grid.

    Raises:
        ValueError: the table does not have that place.
    """
    at = table[table["epochs"] == epochs]
    if at.empty:
        raise ValueError(f"epochs must be a place of the grid, got {epochs}")
    values = at.pivot(index="seed", columns="arm", values=figure)[list(at["arm"].unique())]
    default, *others = values.columns
    pairs = {arm: _pairs(values, str(default), str(arm)) for arm in values.columns}
    raw = [paired_p(pairs[arm][:, 0], pairs[arm][:, 1]) for arm in others]
    p_values = dict(zip(others, holm(np.array(raw, dtype=np.float64)), strict=True))
    return tuple(
        _standing(str(arm), both, float(p_values.get(arm, 1.0))) for arm, both in pairs.items()
    )


def _pairs(values: pd.DataFrame, default: str, arm: str) -> NDArray[np.float64]:
    """Values of the default and of the arm on the seeds that both have, shape (seeds, 2)."""
    both = np.column_stack([values[default], values[arm]]).astype(np.float64)
    return both[np.isfinite(both).all(axis=1)]


def _standing(arm: str, both: NDArray[np.float64], p_holm: float) -> Standing:
    differences = both[:, 1] - both[:, 0]
    return Standing(
        arm=arm,
        seeds=len(both),
        mean=mean_interval(both[:, 1]) if len(both) else NOTHING,
        difference=mean_interval(differences) if len(both) else NOTHING,
        wins=int((differences < 0).sum()),
        p_holm=p_holm,
    )


def bands(table: pd.DataFrame, figure: Figure) -> pd.DataFrame:
    """Means over seeds with their intervals along the grid, from where every seed has a value.

    Args:
        table: columns `arm`, `seed`, `epochs` and the figure's.
        figure: what is averaged.

    Returns:
        Columns arm, epochs, mean, low and high.
    """
    rows = []
    for (arm, epochs), at in table.groupby(["arm", "epochs"], sort=False):
        values = at[figure].to_numpy(dtype=np.float64)
        if np.isfinite(values).all():
            interval = mean_interval(values)
            rows.append((arm, epochs, interval.value, interval.low, interval.high))
    return pd.DataFrame(rows, columns=["arm", "epochs", "mean", "low", "high"])
