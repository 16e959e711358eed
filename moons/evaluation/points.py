"""The points that models are judged on, and what the exact density says of them."""

from functools import lru_cache
from typing import Literal

import numpy as np

from moons.data import Origin, in_own_units, load_data
from moons.seeds import derive_seed
from moons.sources.source import Floats
from moons.split import Split

SplitName = Literal["val", "test", "fresh"]
FRESH_POINTS = 10_000  # a standard error of some 0.0015 nats; larger splits are thinned to it


@lru_cache(maxsize=64)
def points(origin: Origin, split: SplitName, seed: int) -> Split:
    """A split's points as a model sees them, at most 10,000 of them.

    Of `fresh` ones there are as many, drawn from `seed`; of a file, which cannot be drawn from
    again, they are the test split's.

    Raises:
        ValueError: there is no such split.
    """
    if split not in ("val", "test", "fresh"):
        raise ValueError(f"split must be one of val, test, fresh, got {split!r}")
    if split == "fresh" and origin.source.endless:
        fresh = origin.draw(FRESH_POINTS, derive_seed(seed, "fresh"))
        return Split(origin.scaling.apply(fresh.x), fresh.y)
    data = load_data(origin)
    held = thinned(data.val if split == "val" else data.test, FRESH_POINTS)
    if split != "fresh":
        return held
    order = np.random.default_rng(derive_seed(seed, "fresh")).permutation(len(held))
    return Split(held.x[order], held.y[order])  # parts of it are of all classes


@lru_cache(maxsize=64)
def own_points(origin: Origin, split: SplitName, seed: int) -> Split:
    """The same in the data's own units."""
    return in_own_units(origin, points(origin, split, seed))


@lru_cache(maxsize=64)
def exact_log_density(
    origin: Origin, split: SplitName, seed: int, given_label: bool
) -> Floats | None:
    """The exact log p*(x), or log p*(x|y), of `points`, shape (n,); None where it is unknown."""
    held = own_points(origin, split, seed)
    return origin.log_density(held.x, held.y if given_label else None)


def thinned(split: Split, n: int) -> Split:
    """`n` of the points, evenly from a split that lists one class after the other."""
    if len(split) <= n:
        return split
    chosen = np.linspace(0, len(split) - 1, n).astype(np.int64)
    return Split(split.x[chosen], split.y[chosen])
