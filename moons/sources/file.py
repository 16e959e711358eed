"""Points of a file: CSV, Parquet or NPZ, with a column of labels or without."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from moons.sources.names import MOST_CLASSES, MOST_COLUMNS
from moons.sources.source import Source
from moons.split import Split

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".parquet", ".npz")
LEAST_ROWS, MOST_ROWS = 20, 10_000_000
LEAST_OF_CLASS = 5  # so that each split has one
LARGEST = 1e15  # its square is still a float32


class CannotRead(ValueError):
    """A file does not hold points that a model can be trained on; one sentence."""


class Points(Source):
    """The points of a file, each of them once."""

    endless = False

    def __init__(
        self,
        name: str,
        columns: tuple[str, ...],
        classes: tuple[str, ...],
        x: NDArray[np.float32],
        y: NDArray[np.int64],
    ) -> None:
        self.name, self.columns, self.classes = name, columns, classes
        self._x, self._y = x, y

    def __len__(self) -> int:
        return len(self._y)

    @override
    def draw(self, n: int, noise: float, seed: int) -> Split:
        """All points, or `n` of them, drawn from `seed`."""
        if n > len(self):
            raise ValueError(f"n_samples must be at most the {len(self)} points of {self.name}")
        if n == len(self):
            return Split(self._x, self._y)
        chosen = np.sort(np.random.default_rng(seed).choice(len(self), n, replace=False))
        return Split(self._x[chosen], self._y[chosen])

    @override
    def draw_fresh(self, n: int, noise: float, seed: int, y: ArrayLike | None = None) -> Split:
        raise ValueError(f"{self.name} is a file, which cannot be drawn from again")

    @override
    def known(self, noise: float) -> bool:
        return False


def read_points(path: Path | str, label: str | None = None) -> Points:
    """Reads a file whose columns, but for the label's, are numbers.

    Args:
        path: of a CSV file with a header, a Parquet file, or an NPZ file whose arrays are columns
            or hold several in rows.
        label: the column with each point's class, of any type.

    Raises:
        CannotRead: the file, or what is in it, is not what it should be; one sentence.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise CannotRead(
            f"--data must be a source's name, or a file that ends in {', '.join(SUFFIXES)}, "
            f"got {path}"
        )
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise CannotRead(f"--data must be a file, and {path} is none")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        table = _table(path)
    except CannotRead:
        raise
    except OSError as error:
        why = error.strerror or error
        raise CannotRead(f"--data names a file that cannot be read: {path}: {why}") from None
    except Exception as error:  # of pandas, pyarrow or numpy, each with many kinds
        said = " ".join(str(error).split())
        raise CannotRead(f"{path} is no {path.suffix[1:].upper()} file: {said}") from None
    digest.update(f"\0{label or ''}".encode())
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name) + f"#{digest.hexdigest()[:16]}"
    y, classes = _classes(path, table, label)
    points = table.drop(columns=[] if label is None else [label])
    x = _coordinates(path, points)
    return Points(name, tuple(map(str, points.columns)), classes, x, y)


def _table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    match path.suffix.lower():
        case ".csv":
            return pd.read_csv(path, skipinitialspace=True)
        case ".parquet":
            return pd.read_parquet(path)
        case _:
            with np.load(path) as arrays:
                return _from_arrays({name: arrays[name] for name in arrays.files})


def _from_arrays(arrays: dict[str, NDArray[Any]]) -> "pd.DataFrame":
    import pandas as pd

    columns: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        if array.ndim == 1:
            columns[name] = array
        elif array.ndim == 2:
            columns |= {f"{name}{i + 1}": column for i, column in enumerate(array.T)}
        else:
            raise ValueError(f"the array {name} has {array.ndim} dimensions, and points have 2")
    return pd.DataFrame(columns)


def _coordinates(path: Path, table: "pd.DataFrame") -> NDArray[np.float32]:
    import pandas as pd

    if not 1 <= table.shape[1] <= MOST_COLUMNS:
        raise CannotRead(
            f"{path} must have 1 to {MOST_COLUMNS} columns of numbers, got {table.shape[1]}"
        )
    if not LEAST_ROWS <= len(table) <= MOST_ROWS:
        raise CannotRead(f"{path} must have {LEAST_ROWS} to {MOST_ROWS:,} rows, got {len(table):,}")
    for name, column in table.items():
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_complex_dtype(column):
            example = column.dropna()
            shown = f" such as {str(example.iloc[0])[:40]!r}" if len(example) else ""
            raise CannotRead(
                f"{path}: the column {name} holds text{shown}; leave it out, turn it into numbers, "
                f"or name it with --label"
            )
        if missing := int(column.isna().sum()):
            raise CannotRead(
                f"{path}: the column {name} lacks {missing} of {len(column)} values, first in row "
                f"{int(column.isna().to_numpy().argmax()) + 1}; fill them in or leave the rows out"
            )
    x = table.to_numpy(dtype=np.float64)
    for i, name in enumerate(table.columns):
        if not (np.abs(x[:, i]) < LARGEST).all():
            raise CannotRead(f"{path}: the column {name} holds numbers of {LARGEST:g} and more")
        if x[:, i].astype(np.float32).std() == 0:
            raise CannotRead(f"{path}: the column {name} is {x[0, i]:g} in every row; leave it out")
    return x.astype(np.float32)


def _classes(
    path: Path, table: "pd.DataFrame", label: str | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    import pandas as pd

    if label is None:
        return np.zeros(len(table), dtype=np.int64), ("all",)
    if label not in table.columns:
        raise CannotRead(
            f"--label must name a column of {path}: {_listed(table.columns)}; got {label!r}"
        )
    column = table[label]
    if missing := int(column.isna().sum()):
        raise CannotRead(f"{path}: the label {label} lacks {missing} of {len(column)} values")
    y, values = pd.factorize(column, sort=True)
    if len(values) < 2:
        raise CannotRead(
            f"{path}: the label {label} is {values[0]} in every row; leave --label out"
            if len(values)
            else f"{path} has no rows"
        )
    if len(values) > MOST_CLASSES:
        raise CannotRead(
            f"{path}: the label {label} has {len(values):,} different values, and at most "
            f"{MOST_CLASSES} classes can be told apart; is it a measurement?"
        )
    counts = np.bincount(y)
    if counts.min() < LEAST_OF_CLASS:
        rare = values[int(counts.argmin())]
        raise CannotRead(
            f"{path}: only {counts.min()} rows have the {label} {rare}, and each class needs "
            f"{LEAST_OF_CLASS}; leave them out or join them to another class"
        )
    return y.astype(np.int64), tuple(str(value) for value in values)


def _listed(names: Iterable[Any]) -> str:
    shown = [str(name) for name in names]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")
