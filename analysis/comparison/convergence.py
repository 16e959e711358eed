"""The best so far of a search against what it had spent, with bootstrap intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moons.seeds import derive_seed
from study.record.columns import State
from study.record.results import StudyResults

COUNTED: tuple[State, ...] = ("complete", "pruned", "diverged", "failed")
SPENT = ("trials", "epochs", "seconds")
WINDOW = 10  # trials: as many as TPE draws at random before it learns
RESAMPLES = 1000
POINTS = 120  # of a curve
INTERVAL = (0.025, 0.975)

MEANING = (
    "Bands hold the middle 95 % of {resamples} resampled searches. A resampled search has, at each "
    "place, one of the trials that the search ended within {window} places of it, drawn with "
    "replacement, with its value and cost. The band says how far the curve hangs on which trials "
    "happened to come when; other seeds of training, data or sampler would widen it, and it never "
    "goes below the best value that was seen."
)

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


def convergence_data(
    search: Search, seed: int = 0, resamples: int = RESAMPLES, window: int = WINDOW
) -> pd.DataFrame:
    """The best so far over trials, epochs and seconds, with the band that `MEANING` explains.

    Args:
        search: a study's trials.
        seed: of the resamples.
        resamples: how many searches to draw.
        window: places before and after from which a resampled trial may come.

    Returns:
        Columns spent, x, best, low and high; missing where no trial was complete yet, `high`
        also where over 2.5 % of the resampled searches had none.
    """
    if not len(search):
        return pd.DataFrame(columns=["spent", "x", "best", "low", "high"])
    rng = np.random.default_rng(derive_seed(seed, "convergence"))
    grids = {spent: _grid(spent, np.cumsum(search.cost[spent])) for spent in SPENT}
    drawn = {spent: np.empty((resamples, len(grid))) for spent, grid in grids.items()}
    for row in range(resamples):
        chosen = _resample(len(search), window, rng)
        best = np.minimum.accumulate(search.value[chosen])
        for spent, grid in grids.items():
            drawn[spent][row] = _at(grid, np.cumsum(search.cost[spent][chosen]), best)
    best = np.minimum.accumulate(search.value)
    frames = []
    for spent, grid in grids.items():
        # The inverted distribution function: an interpolated quantile of inf and inf is NaN.
        low, high = np.quantile(drawn[spent], INTERVAL, axis=0, method="inverted_cdf")
        observed = _at(grid, np.cumsum(search.cost[spent]), best)
        curves = {"x": grid, "best": observed, "low": low, "high": high}
        frames.append(pd.DataFrame(curves).assign(spent=spent))
    table = pd.concat(frames, ignore_index=True).replace(np.inf, np.nan)
    return table[["spent", "x", "best", "low", "high"]]


def _resample(n: int, window: int, rng: np.random.Generator) -> NDArray[np.intp]:
    places = np.arange(n)
    first = np.maximum(places - window, 0)
    last = np.minimum(places + window, n - 1)
    return rng.integers(first, last, endpoint=True)


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
