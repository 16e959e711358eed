"""The tables of a study, derived from its record."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from moons.config import Config
from moons.evaluated import column_types
from moons.files import appearing
from study.record.curves import COLUMNS as EPOCH_COLUMNS
from study.record.curves import last_epochs, read_curves
from study.record.folder import StudyFolder
from study.record.journal import read_trials
from study.record.retrainings import PURPOSES, read_retrainings

# One row a trial. Settings keep their own names; what an evaluation measured follows, as float64.
TRIAL_COLUMNS = {
    "trial": "int64",
    "state": "string",
    "epochs": "int64",
    "best_epoch": "Int64",
    "val_mse": "float64",
    "val_loss": "float64",
    "val_kl": "float64",
    "train_s": "float64",
    "eval_s": "float64",
    "start_s": "float64",
    "end_s": "float64",
    "seed": "int64",
    "slot": "int64",
    "replicates": "Int64",
    "engine": "string",
    "worker": "string",
    "error": "string",
    "n_parameters": "Int64",
    "rungs": "string",
}
CONFIG_TYPES = {int: "int64", float: "float64", str: "string"}
# What a retraining has in common with a trial; it has no slot, and no time in the search.
SHARED = (
    *("seed", "state", "error", "epochs", "best_epoch", "val_mse", "val_loss", "val_kl"),
    *("train_s", "eval_s", "engine", "worker", "n_parameters", "rungs"),
)
RERUN_COLUMNS = {"config": "string", "trial": "Int64", "vary": "string", "seed_index": "int64"}
RERUN_COLUMNS |= {name: TRIAL_COLUMNS[name] for name in SHARED}


def write_tables(path: Path) -> list[Path]:
    """Writes the tables of a study that its record gives, each whole; their paths.

    Raises:
        DamagedRecord: a file of the record is missing or damaged, which is named.
    """
    folder = StudyFolder(path)
    tables = {folder.trials: trials_table(path), folder.epochs: epochs_table(path)}
    return _write(tables) + write_rerun_tables(path)


def write_rerun_tables(path: Path) -> list[Path]:
    """Writes a table for each purpose that has retrainings; their paths.

    Raises:
        DamagedRecord: `reruns.jsonl` is damaged.
    """
    folder = StudyFolder(path)
    rows = read_retrainings(folder.retrainings) if folder.retrainings.exists() else []
    places = dict(zip(PURPOSES, (folder.reruns, folder.audit), strict=True))
    chosen = {place: [r for r in rows if r["purpose"] == why] for why, place in places.items()}
    return _write({place: retrainings_table(some) for place, some in chosen.items() if some})


def _write(tables: Mapping[Path, pd.DataFrame]) -> list[Path]:
    for place, table in tables.items():
        with appearing(place) as draft:
            table.to_parquet(draft, index=False)
    return list(tables)


def retrainings_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a (config, seed), in the order of configs and seeds."""
    flat = [flat_config({k: v for k, v in r.items() if k not in ("key", "purpose")}) for r in rows]
    for row in flat:
        if "rungs" in row:
            row["rungs"] = json.dumps(row["rungs"])
    table = typed(flat, RERUN_COLUMNS)
    return table.sort_values(["config", "vary", "seed_index"], ignore_index=True)


def trials_table(path: Path) -> pd.DataFrame:
    """One row a trial that was begun, in the order of their numbers, from `journal.log`.

    Raises:
        DamagedRecord: a file of the record is missing or damaged, which is named.
    """
    trials = read_trials(StudyFolder(path).journal)
    trained = last_epochs(StudyFolder(path).curves)
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
    return typed(rows, TRIAL_COLUMNS)


def flat_config(config: dict[str, Any]) -> dict[str, Any]:
    """Settings as columns hold them: a list of widths becomes text."""
    return {
        key: ",".join(map(str, value)) if isinstance(value, list) else value
        for key, value in config.items()
    }


def typed(rows: Sequence[dict[str, Any]], leading: Mapping[str, str]) -> pd.DataFrame:
    """The rows under plain names, with the same types whatever they hold.

    Args:
        rows: settings and figures by name.
        leading: types of the columns that come first; settings follow, then what an evaluation
            measures, then other figures as float64.
    """
    table = pd.DataFrame(rows, columns=None if rows else list(leading))
    types = dict(leading)
    defaults = Config()
    for key, value in defaults.as_dict().items():
        types[key] = CONFIG_TYPES[type(value)]
    types |= column_types()
    columns = {}
    for name, kind in types.items():
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
    """One row an epoch of a replicate of a trial, from `curves.jsonl`."""
    heads: list[tuple[int, int, int, int]] = []
    parts: dict[str, list[Any]] = {name: [] for name in EPOCH_COLUMNS}
    for block in read_curves(StudyFolder(path).curves):
        heads.append((block["trial"], block["replicate"], block["first_epoch"], len(block["lr"])))
        for name in EPOCH_COLUMNS:
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
