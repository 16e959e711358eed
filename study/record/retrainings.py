"""`reruns.jsonl`: one line a retraining, append-only."""

import json
from pathlib import Path
from typing import Any

from moons.config import Config
from study.record.columns import NUMBERS, STATES
from study.record.lines import Fields, LineFile, damaged_line, read_lines

PURPOSES = ("rerun", "audit")
ONCE = ("purpose", "config", "vary", "seed_index")  # what there is one retraining of
RETRAINING = "retraining"


class RetrainingWriter:
    """Appends retrainings, each durable before it returns."""

    def __init__(self, path: Path) -> None:
        self._file = LineFile(path)

    def append(self, row: dict[str, Any]) -> None:
        """Writes a retraining.

        Raises:
            OSError: the disk is full or gone.
        """
        self._file.append([json.dumps(row, separators=(",", ":")).encode()])


def read_retrainings(path: Path) -> list[dict[str, Any]]:
    """What the file holds; of a retraining its last line.

    Raises:
        DamagedRecord: the file is missing, or a line before the last is damaged.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, row in read_lines(path, RETRAINING):
        if not _is_retraining(row):
            raise damaged_line(path, number, RETRAINING)
        rows[tuple(row[name] for name in ONCE)] = row
    return list(rows.values())


def _is_retraining(row: Fields) -> bool:
    try:
        Config.from_mapping({k: v for k, v in row.items() if k in Config.__dataclass_fields__}, "")
    except (TypeError, ValueError):
        return False
    settings = row.keys() & Config.__dataclass_fields__.keys()
    figures = [row[name] for name in row.keys() - settings - {"rungs"}]
    rungs = row.get("rungs", {})
    return (
        {"key", "seed", "state", *ONCE} <= row.keys()
        and row["purpose"] in PURPOSES
        and row["state"] in STATES
        and all(isinstance(row[name], str) for name in ("key", "config", "vary"))
        and all(type(row.get(name)) is int for name in ("seed", "seed_index", "epochs"))
        and type(row.get("trial")) in (int, type(None))
        and all(isinstance(value, str | int | float | None) for value in figures)
        and not any(isinstance(row.get(name), str) for name in NUMBERS)
        and isinstance(rungs, dict)
        and all(isinstance(value, int | float) for value in rungs.values())
    )
