"""The tables of a study as they are on disk, with the columns that they must have."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from moons.single import CURVE
from moons.words import tables_command
from study.record.columns import TRIALS, column_of
from study.record.damage import DamagedRecord
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.parquet import read_table
from study.record.single import config_of, seconds_of, training_of

if TYPE_CHECKING:  # pandas takes most of a second: the command lines' --help does without
    import pandas as pd

# What tables must have, of any version.
TIMES = ("train_s", "eval_s", "start_s", "end_s")
TRIAL_COLUMNS = ("trial", "state", "epochs", "val_mse", "val_kl", "worker", *TIMES)
EPOCH_COLUMNS = ("trial", "epoch", "val_loss", "val_mse", "val_kl")
RERUN_COLUMNS = ("config", "trial", "vary", "seed_index", "seed", "state")


def read_trials(folder: StudyFolder, manifest: Manifest) -> "pd.DataFrame":
    """The table of trials.

    Raises:
        DamagedRecord: it is missing or damaged.
    """
    if folder.single:
        return _nulls_as_none(trials_of(folder.path))
    return _checked(folder.trials, (*TRIAL_COLUMNS, *manifest.metrics), folder)


def read_epochs(folder: StudyFolder) -> "tuple[pd.DataFrame | None, str]":
    """The learning curves, or why there are none."""
    if folder.single:
        return epochs_of(folder.path), ""
    return read_optional(folder.epochs, EPOCH_COLUMNS, folder)


def _checked(path: Path, columns: tuple[str, ...], folder: StudyFolder) -> "pd.DataFrame":
    import pandas as pd

    remedy = f"make it again with `{tables_command(folder.shown)}`"
    shown = f"{folder.shown}/{path.name}"
    table = read_table(path, shown, remedy)
    missing = [column for column in columns if column not in table]
    if missing and len(table.columns):
        raise DamagedRecord(f"{shown} lacks the column {', '.join(missing)}: {remedy}")
    if not len(table.columns):
        return empty(columns)
    for name in columns:
        kind, found = column_of(name).kind, table[name]
        whole = pd.api.types.is_integer_dtype(found) or not kind.startswith(("int", "Int"))
        if kind != "string" and len(table) and not (whole and pd.api.types.is_numeric_dtype(found)):
            raise DamagedRecord(f"{shown} holds no numbers in the column {name}: {remedy}")
    return _nulls_as_none(table)


def _nulls_as_none(table: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    # Text with nulls compares to nulls, which most operations on booleans refuse.
    text = {name: table[name] for name in table if isinstance(table[name].dtype, pd.StringDtype)}
    plain = {name: c.astype(object).where(c.notna(), None) for name, c in text.items()}
    return table.assign(**{str(name): column for name, column in plain.items()})


def trials_of(folder: Path) -> "pd.DataFrame":
    """The row of a model of `moons.train`, as `trials.parquet` has it.

    Raises:
        DamagedRecord: a file is missing or damaged, which is named.
    """
    from study.record.tables import flat_config, typed  # with optuna, which takes half a second

    training, config = training_of(folder), config_of(folder)
    row = {"trial": 0, "state": "complete", "seed": training["seed"], "slot": 0, "replicates": 1}
    row |= flat_config(config.as_dict()) | training["row"]
    return typed([row | {"start_s": 0.0, "end_s": seconds_of(training["row"])}], TRIALS)


def epochs_of(folder: Path) -> "pd.DataFrame":
    """Its learning curve, as `epochs.parquet` has it.

    Raises:
        DamagedRecord: a file is missing or damaged, which is named.
    """
    import pandas as pd

    curve = training_of(folder)["curve"]
    head = {"trial": 0, "replicate": 0, "epoch": range(1, len(curve["lr"]) + 1)}
    return pd.DataFrame(head | {name: curve[name] for name in CURVE})


def read_optional(
    path: Path, columns: tuple[str, ...], folder: StudyFolder
) -> "tuple[pd.DataFrame | None, str]":
    """A table that a study may do without; None where there is none, with what is wrong with it."""
    if not os.path.lexists(path):
        return None, ""
    try:
        return _checked(path, columns, folder), ""
    except DamagedRecord as error:
        return None, f"{error}."


def one_curve(epochs: "pd.DataFrame") -> "pd.DataFrame":
    """A trial's curve is the mean over its replicates, where it has several."""
    if "replicate" not in epochs or epochs["replicate"].nunique() < 2:
        return epochs
    return epochs.drop(columns="replicate").groupby(["trial", "epoch"], as_index=False).mean()


def empty(columns: tuple[str, ...]) -> "pd.DataFrame":
    """A table of these columns without a row."""
    import pandas as pd

    kinds = {name: column_of(name).kind.replace("string", "object") for name in columns}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
