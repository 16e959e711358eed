"""The columns of the page's table, which are its axes too, and a value a trial of each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from moons.column import SPLITS
from moons.evaluated import ERRORS, FLOOR
from study.record.columns import STATES, column_of
from study.record.labels import label, short_label
from study.record.manifest import Manifest

Group = Literal["course", "setting", "outcome"]

DIGITS = 7  # significant, as good as the float32 that trained
FEW_VALUES = 12  # whole numbers that stand side by side, as options do
WHEN_STOPPED = "when_stopped"
COURSE = ("trial", "state", "epochs", "best_epoch", "train_s", "start_s", "end_s", "worker")
LAST = ("seed", "engine", "n_parameters", "error")
LEFT_OUT = {"slot", "replicates", "rungs", "eval_s", "monitor"}
EXTRA = {
    "trial": "trial",
    "best_epoch": "best epoch",
    "train_s": "training (s)",
    "start_s": "start (s since the study began)",
    "end_s": "end (s since the study began)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the page's table, and a possible axis.

    Attributes:
        group: `outcome` columns are known of complete trials alone: budgets are never mixed.
        options: what a choice may be, in order.
        low, high, log: the range that was searched.
        main: whether the table shows it unasked.
    """

    name: str
    label: str
    short: str
    group: Group
    options: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None
    log: bool | None = None
    main: bool = False


def columns_of(manifest: Manifest, trials: pd.DataFrame) -> tuple[Column, ...]:
    """The columns that differ between trials or were measured, in the order of the table."""
    metrics = manifest.metrics
    searched = {dimension.name: dimension for dimension in manifest.searched}
    outcomes = [name for name in map(str, trials.columns) if _is_outcome(name, trials, metrics)]
    outcomes = list(dict.fromkeys([*metrics, *_headlines(outcomes), *outcomes]))
    named = map(str, trials.columns)
    settings = [*searched, *(n for n in named if _varies(n, trials, outcomes, searched))]
    order = [*COURSE[:4], *outcomes[:3], *settings, *outcomes[3:], WHEN_STOPPED, *COURSE[4:], *LAST]
    main = {*COURSE[:4], *metrics, *outcomes[:3], *searched, "n_parameters", "train_s"}
    return tuple(
        _column(name, searched, outcomes, settings, name in main, metrics[0])
        for name in dict.fromkeys(map(str, order))
        if name in trials or name in metrics or name == WHEN_STOPPED
    )


def _is_outcome(name: str, trials: pd.DataFrame, metrics: Sequence[str]) -> bool:
    split, _, rest = name.partition("_")
    of_merit = split in SPLITS and rest != "" and column_of(name).merit
    beside = rest.endswith((*ERRORS, FLOOR)) or pd.api.types.is_string_dtype(trials[name])
    known = bool(trials[name].notna().any())
    return name in metrics or (of_merit and not beside and known) or name == "sigma_x"


def _headlines(names: Sequence[str]) -> list[str]:
    wanted = ("exact_excess_nll", "fresh_excess_nll", "val_excess_nll", "fresh_energy_distance")
    return [name for name in wanted if name in names][:2]


def _varies(
    name: str, trials: pd.DataFrame, outcomes: Sequence[str], searched: Mapping[str, Any]
) -> bool:
    known = {*COURSE, *LAST, *LEFT_OUT, *outcomes, *searched}
    measured = name.partition("_")[0] in SPLITS
    return name not in known and not measured and trials[name].nunique() > 1


def _column(
    name: str,
    searched: Mapping[str, Any],
    outcomes: Sequence[str],
    settings: Sequence[str],
    main: bool,
    metric: str,
) -> Column:
    group: Group = "outcome" if name in outcomes else "setting" if name in settings else "course"
    said, short = EXTRA.get(name, label(name)), EXTRA.get(name, short_label(name))
    if name == WHEN_STOPPED:
        said = f"{short_label(metric)} when stopped (at its own epoch: not to be ranked)"
        short = f"{short_label(metric)} when stopped"
    elif name == "state":
        return Column(name=name, label=said, short=short, group=group, options=STATES, main=main)
    dimension = searched.get(name)
    if dimension is None:
        return Column(name=name, label=said, short=short, group=group, main=main)
    options = tuple(map(str, dimension.options))
    if dimension.kind == "int" and dimension.high - dimension.low < FEW_VALUES:
        options = tuple(map(str, range(int(dimension.low), int(dimension.high) + 1)))
    if options:
        return Column(name=name, label=said, short=short, group=group, options=options, main=main)
    return Column(
        name=name,
        label=said,
        short=short,
        group=group,
        low=dimension.low,
        high=dimension.high,
        log=dimension.log,
        main=main,
    )


def rows_of(trials: pd.DataFrame, columns: Sequence[Column], metric: str) -> dict[str, list[Any]]:
    """The values of each column, a trial a place; outcomes of complete trials alone."""
    complete = (trials["state"] == "complete").to_numpy()
    rows = {}
    for column in columns:
        name = metric if column.name == WHEN_STOPPED else column.name
        if name not in trials:
            rows[column.name] = [None] * len(trials)
            continue
        values = plain(trials[name])
        if column.options is not None:
            values = [None if value is None else str(value) for value in values]
        if column.group == "outcome" or column.name == "best_epoch":
            values = [v if done else None for v, done in zip(values, complete, strict=True)]
        elif column.name == WHEN_STOPPED:
            values = [None if done else v for v, done in zip(values, complete, strict=True)]
        rows[column.name] = values
    return rows


def plain(values: "pd.Series[Any]") -> list[Any]:
    """Values as JSON holds them: what is unknown or not finite is null."""
    if pd.api.types.is_float_dtype(values) and not isinstance(values.dtype, pd.StringDtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return [short(value) for value in numbers.tolist()]
    if pd.api.types.is_numeric_dtype(values):
        return [None if pd.isna(value) else int(value) for value in values.tolist()]
    return [None if pd.isna(value) else _text(value) for value in values.tolist()]


def _text(value: Any) -> Any:
    return short(value) if isinstance(value, float) else value


def short(value: float) -> float | None:
    """A number with `DIGITS` significant digits; null where it is not finite."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
