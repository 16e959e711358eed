"""The best so far of searches against what they had spent."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.comparison.repetitions import LEAST
from analysis.stats import share_in_range
from analysis.words import listed, percent
from study.record.columns import State
from study.record.results import StudyResults

COUNTED: tuple[State, ...] = ("complete", "pruned", "diverged", "failed")
SPENT = ("trials", "epochs", "seconds")
POINTS = 120  # of a curve

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Search:
    """A study as one sequence of trials, in the order of their ends.

    Attributes:
        value: the metric; infinite but for complete trials, shape (n,).
        cost: what each trial spent of `trials`, `epochs` and `seconds`, each of shape (n,).
    """

    value: Floats
    cost: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.value)


def as_search(study: StudyResults, metric: str) -> Search:
    """The trials that ended and count; interrupted ones ran again under another number."""
    ended = study.in_state(*COUNTED)
    order = [column for column in ("end_s", "trial") if column in ended]
    ended = ended.sort_values(order, kind="stable")
    value = ended[metric].where(ended["state"] == "complete").to_numpy(dtype=float)
    times = ended.reindex(columns=["train_s", "eval_s"]).astype(float)
    cost: dict[str, Floats] = {
        "trials": np.ones(len(ended)),
        "epochs": ended["epochs"].fillna(0).to_numpy(dtype=float),
        "seconds": np.nansum(times.to_numpy(), axis=1),
    }
    return Search(np.where(np.isfinite(value), value, np.inf), cost)


def convergence_data(repetitions: Sequence[Search]) -> pd.DataFrame:
    """The best so far over trials, epochs and seconds, with the band that `MEANING` explains.

    Args:
        repetitions: of one search, one or more.

    Returns:
        Columns spent, x, best (the median over repetitions), low and high (the least and greatest
        where there are `LEAST` repetitions); missing where a repetition has no complete trial yet.
    """
    repetitions = [search for search in repetitions if len(search)]
    if not repetitions:
        return pd.DataFrame(columns=["spent", "x", "best", "low", "high"])
    frames = []
    for spent in SPENT:
        totals = [np.cumsum(search.cost[spent]) for search in repetitions]
        shortest = min(totals, key=lambda total: float(total[-1]))
        grid = _grid(spent, shortest)
        curves = np.stack(
            [
                _at(grid, total, np.minimum.accumulate(search.value))
                for search, total in zip(repetitions, totals, strict=True)
            ]
        )
        known = np.isfinite(curves).all(axis=0)
        curves = np.where(known, curves, np.nan)
        band = curves if len(repetitions) >= LEAST else np.full_like(curves, np.nan)
        columns = {"x": grid, "best": np.median(curves, axis=0)}
        columns |= {"low": band.min(axis=0), "high": band.max(axis=0)}
        frames.append(pd.DataFrame(columns).assign(spent=spent))
    return pd.concat(frames, ignore_index=True)[["spent", "x", "best", "low", "high"]]


def meaning(n_repetitions: Sequence[int]) -> str:
    """What the bands of searches that were repeated so often are of."""
    if not any(n >= LEAST for n in n_repetitions):
        return (
            "There are no bands: how far another seed's curve would be from a search's cannot be "
            f"seen in that one search; {LEAST} repetitions with other seeds show it."
        )
    shares = [percent(share_in_range(n)) for n in sorted(set(n_repetitions)) if n >= LEAST]
    return (
        "Lines of repeated searches are medians. Their bands reach from the best to the worst "
        "repetition; at any one place another repetition lies within with probability "
        f"{listed(shares)}."
    )


def _grid(spent: str, total: Floats) -> Floats:
    """Where a curve is evaluated: closer together early on, where it falls fast."""
    if spent == "trials" and len(total) <= POINTS:
        return total
    first = total[total > 0][:1]
    if not len(first):
        return total[-1:]
    grid = np.geomspace(first[0], total[-1], POINTS)
    return np.unique(np.round(grid)) if spent in ("trials", "epochs") else grid


def _at(grid: Floats, total: Floats, best: Floats) -> Floats:
    """The best value after having spent each of `grid`; infinite before the first trial ended."""
    ended = np.searchsorted(total, grid * (1 + 1e-12), side="right")
    return np.concatenate([[np.inf], best])[ended]
