"""`reruns.parquet` and `audit.parquet`, derived from `reruns.jsonl`."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.tables import TRIAL_COLUMNS, flat_config, typed
from moons.files import appearing

FILES = {"rerun": "reruns.parquet", "audit": "audit.parquet"}
# What a retraining has in common with a trial; it has no slot, and no time in the search.
SHARED = (
    *("seed", "state", "error", "epochs", "best_epoch", "val_mse", "val_loss", "val_kl"),
    *("train_s", "eval_s", "engine", "worker", "n_parameters", "rungs"),
)
OWN = {"config": "string", "trial": "Int64", "vary": "string", "seed_index": "int64"}
COLUMNS = OWN | {name: TRIAL_COLUMNS[name] for name in SHARED}
ONCE = ("purpose", "config", "vary", "seed_index")  # what there is one retraining of


def write_rerun_tables(folder: Path) -> list[Path]:
    """Writes a table for each purpose that has rows, and says which.

    Raises:
        ValueError: a line of the record is damaged.
    """
    rows, written = read_retrainings(folder / "reruns.jsonl"), []
    for purpose, file in FILES.items():
        chosen = [row for row in rows if row["purpose"] == purpose]
        if chosen:
            with appearing(folder / file) as draft:
                retrainings_table(chosen).to_parquet(draft, index=False)
            written.append(folder / file)
    return written


def read_retrainings(path: Path) -> list[dict[str, Any]]:
    """What `reruns.jsonl` holds, none where it is not there; of a retraining its last line.

    Raises:
        ValueError: a line before the last is damaged.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    content = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            row = json.loads(line)
            if not {"key", "seed", "state", *ONCE} <= set(row):
                raise ValueError
        except (ValueError, TypeError):
            raise ValueError(
                f"{path} is damaged in line {number}: it is no retraining; take the line out, and "
                "what it held is trained again"
            ) from None
        rows[tuple(row[name] for name in ONCE)] = row
    return list(rows.values())


def retrainings_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a (config, seed), in the order of configs and seeds."""
    flat = [flat_config({k: v for k, v in r.items() if k not in ("key", "purpose")}) for r in rows]
    for row in flat:
        if "rungs" in row:
            row["rungs"] = json.dumps(row["rungs"])
    return typed(flat, COLUMNS).sort_values(["config", "vary", "seed_index"], ignore_index=True)
