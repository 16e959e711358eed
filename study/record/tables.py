"""The tables of a study, derived from its record."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from optuna.trial import FrozenTrial

from moons.column import Column
from moons.config import Config
from moons.files import sweep
from study.record.agreement import check_agreement, check_trials
from study.record.columns import CURVES, RERUNS, TRIALS, evaluation, settings, types
from study.record.curves import Curves
from study.record.damage import DamagedRecord
from study.record.folder import StudyFolder
from study.record.journal import read_trials
from study.record.lock import in_turn
from study.record.parquet import read_table, write_table
from study.record.retrainings import PURPOSES, read_retrainings


def write_tables(path: Path, *, settled: bool = False) -> list[Path]:
    """Writes the tables of a study that its record gives, each whole; their paths.

    Whoever writes tables waits for those who do, so that no older table replaces a newer one.

    Args:
        path: of the study.
        settled: what the record has lost was said and is made up for; otherwise no table is
            replaced by a poorer one.

    Raises:
        DamagedRecord: a file of the record is missing or damaged, which is named, or gives less
            than a table that is there.
        OSError: the disk is full or not writable.
    """
    folder = StudyFolder(path)
    if not os.path.lexists(folder.journal):  # nothing is written into what is no record
        read_trials(folder.journal)
    with in_turn(folder.tables_lock):
        sweep(path)
        trials, curves = read_trials(folder.journal), Curves(folder.curves)
        check_trials(folder, trials)
        epochs = _epochs(curves)
        check_agreement(folder, trials, curves)
        tables = {folder.trials: _trials(trials, curves), folder.epochs: epochs}
        return _write(tables | _retrained(folder), settled)


def write_rerun_tables(path: Path) -> list[Path]:
    """Writes a table for each purpose that has retrainings; their paths.

    Raises:
        DamagedRecord, OSError: as `write_tables`.
    """
    folder = StudyFolder(path)
    with in_turn(folder.tables_lock):
        return _write(_retrained(folder), settled=False)


def _retrained(folder: StudyFolder) -> dict[Path, pd.DataFrame]:
    rows = read_retrainings(folder.retrainings) if os.path.lexists(folder.retrainings) else []
    places = dict(zip(PURPOSES, (folder.reruns, folder.audit), strict=True))
    chosen = {place: [r for r in rows if r["purpose"] == why] for why, place in places.items()}
    there = {place: some for place, some in chosen.items() if some or os.path.lexists(place)}
    return {place: retrainings_table(some) for place, some in there.items()}


def _write(tables: Mapping[Path, pd.DataFrame], settled: bool) -> list[Path]:
    for place, table in tables.items():
        if not settled:
            _refuse_poorer(place, table)
    for place, table in tables.items():
        write_table(table, place)
    return list(tables)


def _refuse_poorer(place: Path, table: pd.DataFrame) -> None:
    try:
        there = read_table(place)
    except DamagedRecord:
        return
    for what, rows in (("rows", len), ("finished trials", _finished)):
        before, now = rows(there), rows(table)
        if before > now:
            raise DamagedRecord(
                f"{place} holds {before} {what}, and the record gives {now}: it has lost some; put "
                f"back a copy of it, or delete {place.name} to make the table of what is left"
            )


def _finished(table: pd.DataFrame) -> int:
    unfinished = ["running", "interrupted"]
    return int((~table["state"].isin(unfinished)).sum()) if "state" in table else 0


def retrainings_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a (config, seed), in the order of configs and seeds."""
    known = Config.__dataclass_fields__
    flat = []
    for row in rows:
        settings = {name: value for name, value in row.items() if name in known}
        rest = {name: row[name] for name in row.keys() - settings - {"key", "purpose"}}
        rungs = {"rungs": json.dumps(row["rungs"])} if "rungs" in row else {}
        flat.append(rest | flat_config(settings) | rungs)
    table = typed(flat, RERUNS)
    return table.sort_values(["config", "vary", "seed_index"], ignore_index=True)


def trials_table(path: Path) -> pd.DataFrame:
    """One row a trial that was begun, in the order of their numbers, from `journal.log`.

    Raises:
        DamagedRecord: a file of the record is missing or damaged, which is named.
    """
    folder = StudyFolder(path)
    trials = read_trials(folder.journal)
    check_trials(folder, trials)
    return _trials(trials, Curves(folder.curves).read())


def _trials(trials: Sequence[FrozenTrial], curves: Curves) -> pd.DataFrame:
    trained = curves.last_epochs()
    rows = []
    for trial in trials:
        attrs = trial.user_attrs
        if not {"slot", "seed", "config"} <= set(attrs):
            continue  # a warm start's history, or cut off before it began
        row: dict[str, Any] = {"trial": trial.number, "state": "running"}
        row |= {"seed": attrs["seed"], "slot": attrs["slot"]}
        row |= flat_config(attrs["config"]) | attrs.get("outcome", {})
        if row["state"] in ("running", "interrupted"):  # its driver came to no conclusion
            row["epochs"] = trained.get(trial.number, 0)
        at_rungs = attrs.get("rungs") or trial.intermediate_values
        row["rungs"] = json.dumps(at_rungs) if at_rungs else None
        rows.append(row)
    return typed(rows, TRIALS)


def flat_config(config: dict[str, Any]) -> dict[str, Any]:
    """All settings as columns hold them: a list of widths is text, what is not said its default."""
    whole = Config.from_mapping(config, "a recorded config").as_dict()
    return {
        key: ",".join(map(str, value)) if isinstance(value, list) else value
        for key, value in whole.items()
    }


def typed(rows: Sequence[dict[str, Any]], leading: tuple[Column, ...]) -> pd.DataFrame:
    """The rows under plain names, with the same types whatever they hold.

    Args:
        rows: settings and figures by name.
        leading: the columns that come first; settings follow, then what an evaluation measures,
            then other figures as float64.
    """
    table = pd.DataFrame(rows, columns=None if rows else list(types(leading)))
    columns = {}
    for name, kind in types((*leading, *settings(), *evaluation())).items():
        column = table[name] if name in table else pd.Series([None] * len(table), dtype=object)
        if _holds_text(column):
            kind = "string"  # widths of layers that differ
        columns[name] = column.astype(pd.api.types.pandas_dtype(kind))
    figures = [name for name in table if name not in columns]
    return pd.DataFrame(columns | {name: _figure(table[name]) for name in figures})


def _figure(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return column.astype("string" if _holds_text(column) else "float64")


def _holds_text(column: "pd.Series[Any]") -> bool:
    return bool(column.map(lambda value: isinstance(value, str)).any())


def epochs_table(path: Path) -> pd.DataFrame:
    """One row an epoch of a replicate of a trial, from `curves.jsonl`.

    Raises:
        DamagedRecord: the file is missing or damaged.
    """
    return _epochs(Curves(StudyFolder(path).curves))


def _epochs(curves: Curves) -> pd.DataFrame:
    heads: list[tuple[int, int, int, int]] = []
    parts: dict[str, list[Any]] = {name: [] for name in types(CURVES)}
    for block in curves:
        heads.append((block["trial"], block["replicate"], block["first_epoch"], len(block["lr"])))
        for name in types(CURVES):
            parts[name].append(np.array(block[name], dtype=np.float64))  # null becomes nan
    shape = np.array(heads, dtype=np.int64).reshape(-1, 4)
    lengths = shape[:, 3]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns = {
        "trial": np.repeat(shape[:, 0], lengths),
        "replicate": np.repeat(shape[:, 1], lengths),
        "epoch": np.repeat(shape[:, 2], lengths) + within,
    }
    columns |= {name: np.concatenate([np.empty(0), *values]) for name, values in parts.items()}
    order = np.lexsort([columns["epoch"], columns["replicate"], columns["trial"]])
    return pd.DataFrame({name: values[order] for name, values in columns.items()})
