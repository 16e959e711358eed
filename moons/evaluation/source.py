"""The points that models are judged on, and what the exact density says of them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from moons.config import Config
from moons.data import Split, load_moons
from moons.density import Floats, draw_exact, log_density
from moons.seeds import derive_seed

SplitName = Literal["val", "test", "fresh"]
FRESH_POINTS = 10_000  # a standard error of some 0.0015 nats; larger splits are thinned to it


@dataclass(frozen=True, slots=True)
class Source:
    """Where a config's data come from; what is cached is cached by it."""

    n_samples: int
    noise: float
    data_seed: int

    @classmethod
    def of(cls, config: Config) -> "Source":
        """The source of a config's data."""
        return cls(config.n_samples, config.noise, config.data_seed)


@lru_cache(maxsize=64)
def points(source: Source, split: SplitName, seed: int) -> Split:
    """A split's points, at most 10,000 of them, or as many fresh ones, drawn from `seed`.

    Raises:
        ValueError: there is no such split.
    """
    if split == "fresh":
        return draw_exact(FRESH_POINTS, source.noise, derive_seed(seed, "fresh"))
    if split not in ("val", "test"):
        raise ValueError(f"split must be one of val, test, fresh, got {split!r}")
    moons = load_moons(source.n_samples, source.noise, source.data_seed)
    return thinned(moons.val if split == "val" else moons.test, FRESH_POINTS)


@lru_cache(maxsize=64)
def exact_log_density(
    source: Source, split: SplitName, seed: int, given_label: bool
) -> Floats | None:
    """The exact log p*(x), or log p*(x|y), of `points`, shape (n,); None where the noise is 0."""
    if source.noise == 0:
        return None
    held = points(source, split, seed)
    return log_density(held.x, source.noise, held.y if given_label else None)


def thinned(split: Split, n: int) -> Split:
    """`n` of the points, evenly from a split that lists one moon after the other."""
    if len(split) <= n:
        return split
    chosen = np.linspace(0, len(split) - 1, n).astype(np.int64)
    return Split(split.x[chosen], split.y[chosen])
