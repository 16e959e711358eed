"""The data of a config, scaled and split."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from moons.config import Config, ScaleName
from moons.seeds import derive_seed
from moons.sources import source_named
from moons.sources.source import Floats, Source
from moons.split import Split

TRAIN_SHARE, VAL_SHARE = 0.6, 0.2  # the rest is the test split
Part = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Points, split 60:20:20 within each class."""

    train: Split
    val: Split
    test: Split

    def __post_init__(self) -> None:
        for name in ("train", "val", "test"):
            if not isinstance(split := getattr(self, name), Split):
                raise ValueError(f"{name} must be a moons.split.Split, got {type(split).__name__}")


@dataclass(frozen=True, slots=True)
class Scaling:
    """x -> (x - mean) / std, column by column.

    Attributes:
        mean, std: shape (columns,), in the data's own units; None leaves points as they are.
    """

    mean: Floats | None = None
    std: Floats | None = None

    def apply(self, x: NDArray[np.floating]) -> NDArray[np.float32]:
        """Points as a model sees them, (n, columns), from points in the data's own units."""
        if self.mean is None or self.std is None:
            return np.asarray(x, dtype=np.float32)
        return np.asarray((x - self.mean) / self.std, dtype=np.float32)

    def undo(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points in the data's own units, from points as a model sees them."""
        if self.mean is None or self.std is None:
            return x
        return np.asarray(x * self.std + self.mean, dtype=np.float32)

    def shrunk(self, noise: float) -> float:
        """A standard deviation in the data's own units as a model sees it, over all columns."""
        return noise if self.std is None else noise * float(np.exp(-np.log(self.std).mean()))

    @property
    def log_volume(self) -> float:
        """What is taken from a model's log density for one in the data's own units, in nats."""
        return 0.0 if self.std is None else float(np.log(self.std).sum())


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a config's data come from; what is cached of them is cached by it."""

    data: str
    n_samples: int
    noise: float
    data_seed: int
    scale: ScaleName = "none"
    split_seed: int = 0

    @classmethod
    def of(cls, config: Config) -> "Origin":
        """The origin of a config's data."""
        c = config
        return cls(c.data, c.n_samples, c.noise, c.data_seed, c.scale, c.split_seed)

    @property
    def source(self) -> Source:
        """The data set itself."""
        return source_named(self.data)

    @property
    def known(self) -> bool:
        """Whether the exact density is known."""
        return self.source.known(self.noise)

    @property
    def scaling(self) -> Scaling:
        """How points are scaled before a model sees them."""
        return _scaling(self)

    def log_density(self, x: ArrayLike, y: ArrayLike | None = None) -> Floats | None:
        """The exact log p*(x), or log p*(x|y), in the data's own units, shape (n,)."""
        from moons.sources.quadrature import log_density

        return log_density(self.source, x, self.noise, y)

    def draw(self, n: int, seed: int, y: ArrayLike | None = None) -> Split:
        """Independent draws in the data's own units, for the labels `y` where they are given.

        From a file, which cannot be drawn from again, training points are drawn: without
        repetition as far as there are enough.
        """
        if self.source.endless:
            return self.source.draw_fresh(n, self.noise, seed, y)
        train = in_own_units(self, load_data(self).train)
        rng = np.random.default_rng(derive_seed(seed, "training points"))
        if y is None:
            chosen = _taken(rng, np.arange(len(train)), n)
            return Split(train.x[chosen], train.y[chosen])
        labels = np.asarray(y, dtype=np.int64)
        chosen = np.empty(n, dtype=np.intp)
        for label in np.unique(labels):
            members = np.flatnonzero(train.y == label)
            chosen[labels == label] = _taken(rng, members, int((labels == label).sum()))
        return Split(train.x[chosen], labels)

    def labels(self, n: int) -> NDArray[np.int64]:
        """`n` labels in the data's own proportions."""
        if self.source.endless:
            return np.arange(n) % len(self.source.classes)
        y = np.sort(load_data(self).train.y)
        return y[np.linspace(0, len(y) - 1, n).astype(np.intp)]


def load_data(of: Config | Origin) -> DataSet:
    """The data of a config, scaled and split; the same for the same origin.

    Raises:
        UnknownData: this process does not know the data, or their file has changed.
    """
    return _loaded(of if isinstance(of, Origin) else Origin.of(of))


def in_own_units(origin: Origin, split: Split) -> Split:
    """A split's points as they were before they were scaled."""
    return Split(origin.scaling.undo(split.x), split.y) if origin.scale != "none" else split


@lru_cache(maxsize=32)  # a worker sees the same few data sets in every trial
def _loaded(origin: Origin) -> DataSet:
    plain = _split(origin)
    if origin.scale == "none":
        return plain
    scaling = origin.scaling
    return DataSet(
        *(_frozen(scaling.apply(p.x), p.y) for p in (plain.train, plain.val, plain.test))
    )


@lru_cache(maxsize=32)
def _scaling(origin: Origin) -> Scaling:
    if origin.scale == "none":
        return Scaling()
    x = _split(origin).train.x.astype(np.float64)
    return Scaling(x.mean(axis=0), np.maximum(x.std(axis=0), np.finfo(np.float32).tiny))


def _split(origin: Origin) -> DataSet:
    """Draws the points and splits them class by class."""
    drawn = origin.source.draw(origin.n_samples, origin.noise, origin.data_seed)
    rng = np.random.default_rng(derive_seed(origin.data_seed, "split"))
    again = np.random.default_rng(derive_seed(origin.data_seed, "split", origin.split_seed))
    parts: tuple[list[NDArray[np.intp]], ...] = ([], [], [])
    for label in range(len(origin.source.classes)):
        members = rng.permutation(np.flatnonzero(drawn.y == label))
        n_train = round(TRAIN_SHARE * len(members))
        n_val = round(VAL_SHARE * len(members))
        if origin.split_seed:
            members[: n_train + n_val] = again.permutation(members[: n_train + n_val])
        for part, indices in zip(parts, np.split(members, [n_train, n_train + n_val]), strict=True):
            part.append(indices)
    chosen = (np.concatenate(part) for part in parts)
    return DataSet(*(_frozen(drawn.x[some], drawn.y[some]) for some in chosen))


def joined(one: Split, other: Split) -> Split:
    """The points of both, one after the other."""
    return Split(np.concatenate([one.x, other.x]), np.concatenate([one.y, other.y]))


def _frozen(x: NDArray[np.float32], y: NDArray[np.int64]) -> Split:
    split = Split(x, y)
    split.x.setflags(write=False)  # shared by every trial of a worker
    split.y.setflags(write=False)
    return split


def _taken(rng: np.random.Generator, members: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """`n` of the members, each at most once where there are enough."""
    return rng.choice(members, n, replace=n > len(members))
