"""`reruns.parquet` and `audit.parquet`, derived from `reruns.jsonl`."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.tables import flat_config, typed
from moons.files import appearing

FILES = {"rerun": "reruns.parquet", "audit": "audit.parquet"}
COLUMNS = {
    "config": "string",
    "trial": "Int64",
    "vary": "string",
    "seed_index": "int64",
    "seed": "int64",
    "state": "string",
    "error": "string",
    "epochs": "int64",
    "best_epoch": "Int64",
    "val_mse": "float64",
    "val_loss": "float64",
    "val_kl": "float64",
    "train_s": "float64",
    "eval_s": "float64",
    "engine": "string",
    "worker": "string",
    "n_parameters": "Int64",
}


def write_rerun_tables(folder: Path) -> None:
    """Writes a table for each purpose that has rows.

    Raises:
        ValueError: a line of the record is damaged.
    """
    rows = read_retrainings(folder / "reruns.jsonl")
    for purpose, file in FILES.items():
        chosen = [row for row in rows if row["purpose"] == purpose]
        if chosen:
            with appearing(folder / file) as draft:
                retrainings_table(chosen).to_parquet(draft, index=False)


def read_retrainings(path: Path) -> list[dict[str, Any]]:
    """The lines of `reruns.jsonl`, none where the file is not there.

    Raises:
        ValueError: a line before the last is damaged.
    """
    rows = []
    content = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            row = json.loads(line)
            if not {"purpose", "config", "seed"} <= set(row):
                raise ValueError
        except (ValueError, TypeError):
            raise ValueError(f"{path} is damaged in line {number}: it is no retraining") from None
        rows.append(row)
    return rows


def retrainings_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a (config, seed), in the order of configs and seeds."""
    flat = [flat_config({k: v for k, v in r.items() if k not in ("key", "purpose")}) for r in rows]
    return typed(flat, COLUMNS).sort_values(["config", "vary", "seed_index"], ignore_index=True)
