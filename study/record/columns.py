"""What the tables of a study hold."""

from typing import Literal, get_args

State = Literal["complete", "pruned", "diverged", "failed", "running", "interrupted"]
STATES: tuple[State, ...] = get_args(State)
SPLITS = ("train", "val", "test", "fresh", "exact")

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
NUMBERS = [name for name, kind in TRIAL_COLUMNS.items() if kind != "string"]
