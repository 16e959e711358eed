"""`python -m analysis.tables results/<study>`: the tables, derived from the record."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.command import Studies, run_command
from analysis.folder import DamagedRecord
from moons.config import Config
from moons.evaluated import column_types
from moons.files import appearing

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

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
EPOCH_COLUMNS = ("train_loss", "train_mse", "train_kl", "val_loss", "val_mse", "val_kl", "lr")


def write_tables(folder: Path) -> None:
    """Writes `trials.parquet` and `epochs.parquet` of a study, each whole.

    Raises:
        ValueError: the folder has no journal, or a file of the record is damaged, which is named.
    """
    for name, table in (("trials", trials_table(folder)), ("epochs", epochs_table(folder))):
        with appearing(folder / f"{name}.parquet") as draft:
            table.to_parquet(draft, index=False)


def trials_table(folder: Path) -> pd.DataFrame:
    """One row a trial that was begun, in the order of their numbers, from `journal.log`.

    Raises:
        ValueError: a file of the record is missing or damaged, which is named.
    """
    trials = read_journal(folder / "journal.log")
    trained = last_epochs(folder / "curves.jsonl")
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


def read_journal(path: Path) -> "list[FrozenTrial]":
    """The trials of a study's journal but for those that only wait.

    Raises:
        ValueError: the journal is missing, damaged or without a study.
    """
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import TrialState

    if not path.is_file():
        raise ValueError(f"{path} is missing: {path.parent} is no study's folder")
    begun = [state for state in TrialState if state != TrialState.WAITING]
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        names = optuna.get_all_study_names(storage)
        studies = [optuna.load_study(study_name=name, storage=storage) for name in names]
        trials = [study.get_trials(deepcopy=False, states=begun) for study in studies]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if len(trials) != 1:
        raise ValueError(f"{path} is damaged: it must hold one study, got {len(trials)}")
    return trials[0]


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


def epochs_table(folder: Path) -> pd.DataFrame:
    """One row an epoch of a replicate of a trial, from `curves.jsonl`."""
    heads: list[tuple[int, int, int, int]] = []
    parts: dict[str, list[Any]] = {name: [] for name in EPOCH_COLUMNS}
    for block in read_curves(folder / "curves.jsonl"):
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


def last_epochs(path: Path) -> dict[int, int]:
    """The last epoch of each trial in `curves.jsonl`."""
    last: dict[int, int] = {}
    for block in read_curves(path):
        end = block["first_epoch"] + len(block["lr"]) - 1
        last[block["trial"]] = max(end, last.get(block["trial"], 0))
    return last


def read_curves(path: Path) -> Iterator[dict[str, Any]]:
    """The blocks of `curves.jsonl`; a half-written last line is left out.

    Raises:
        ValueError: a line before the last is damaged, or the file is missing.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    block = json.loads(line)
                    lengths = {len(block[name]) for name in EPOCH_COLUMNS}
                    whole = len(lengths) == 1 and {"trial", "replicate", "first_epoch"} <= set(
                        block
                    )
                except (ValueError, KeyError, TypeError):
                    whole = False
                if not whole:
                    raise ValueError(
                        f"{path} is damaged in line {number}: it is no block of epochs"
                    )
                yield block
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: the study has lost its learning curves") from None


@dataclass(frozen=True)
class Options(Studies):
    """Rebuilds the tables of studies from their records."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    return run_command(rebuild_all, Options, "python -m analysis.tables", arguments)


def rebuild_all(options: Options) -> int:
    """Rebuilds what is named and prints the paths; 0.

    Raises:
        ValueError: what is named is no folder.
        DamagedRecord: a file of a record is missing or damaged.
    """
    from analysis.rerun_tables import write_rerun_tables  # which reads this module

    for folder in options.folders():
        try:
            write_tables(folder)
            again = write_rerun_tables(folder)
        except ValueError as error:
            raise DamagedRecord(str(error)) from None
        print(f"{folder / 'trials.parquet'}\n{folder / 'epochs.parquet'}", *again, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
