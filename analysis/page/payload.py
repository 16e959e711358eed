"""A study's numbers as the page reads them: compressed JSON of columns, rungs and curves."""

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.page.columns import Column, short
from study.record.columns import STATES
from study.record.manifest import Manifest

MANY = 1000  # trials from which the page keeps one curve a trial
FEW_POINTS, MORE_POINTS = 24, 90  # of a curve: its first epochs, then evenly on a log scale
CURVES = ("val_mse", "val_loss", "val_kl", "train_loss")


def rungs_of(trials: pd.DataFrame) -> dict[int, list[list[Any]]]:
    """Epochs and values of what each trial had at the rungs."""
    if "rungs" not in trials:
        return {}
    known = trials[trials["rungs"].notna()]
    found: dict[int, list[list[Any]]] = {}
    for number, text in zip(known["trial"].tolist(), known["rungs"].tolist(), strict=True):
        at = {int(epoch): value for epoch, value in json.loads(text).items() if value is not None}
        epochs = sorted(at)
        found[int(number)] = [epochs, [short(at[epoch]) for epoch in epochs]]
    return found


def curves_of(
    epochs: pd.DataFrame, names: Sequence[str], rungs: Sequence[int] = ()
) -> dict[int, dict[str, list[Any]]]:
    """The learning curves of every trial, thinned; `epochs` is in order of trial and epoch.

    Args:
        epochs: `epochs.parquet`, one curve a trial.
        names: which columns.
        rungs: epochs that are kept.
    """
    numbers = epochs["trial"].to_numpy()
    at = epochs["epoch"].to_numpy()
    values = {name: epochs[name].to_numpy(dtype=np.float64) for name in names}
    changes = np.flatnonzero(np.diff(numbers)) + 1
    starts = [0, *changes.tolist()] if len(numbers) else []
    found = {}
    for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
        kept = start + kept_epochs(at[start:end], values[names[0]][start:end], rungs)
        curve: dict[str, list[Any]] = {"epoch": at[kept].tolist()}
        curve |= {name: [short(v) for v in of[kept].tolist()] for name, of in values.items()}
        found[int(numbers[start])] = curve
    return found


def kept_epochs(
    at: NDArray[Any], values: NDArray[np.float64], rungs: Sequence[int]
) -> NDArray[np.intp]:
    """Which places of a curve the page draws: its first epochs, its least, its last, the rungs."""
    n = len(at)
    if n <= FEW_POINTS + MORE_POINTS:
        return np.arange(n)
    least = [int(np.nanargmin(values))] if np.isfinite(values).any() else []
    evenly = np.geomspace(FEW_POINTS, n, MORE_POINTS).astype(int) - 1
    marked = np.flatnonzero(np.isin(at, list(rungs)))
    kept = np.concatenate([np.arange(FEW_POINTS), evenly, least, marked, [n - 1]])
    return np.unique(kept).astype(np.intp)


def curve_names(metric: str, epochs: pd.DataFrame, n_trials: int) -> list[str]:
    """The columns of learning curves that the page holds, the metric first."""
    names = [name for name in dict.fromkeys((metric, *CURVES)) if name in epochs]
    return names[:1] if n_trials > MANY else names


def about_study(manifest: Manifest) -> dict[str, Any]:
    """What the page has to know of the study itself."""
    return {
        "name": manifest.name,
        "space": manifest.space_name,
        "metrics": list(manifest.metrics),
        "searched": [dimension.name for dimension in manifest.searched],
        "rungs": list(manifest.rungs),
        "states": list(STATES),
        "trials": manifest.n_trials,
    }


def as_json(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The columns as plain objects."""
    return [asdict(column) for column in columns]


def packed(content: Any) -> str:
    """JSON, compressed, as text that stands in HTML."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()
