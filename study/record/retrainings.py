"""`reruns.jsonl`: one line a retraining, append-only."""

import json
from pathlib import Path
from typing import Any

from study.record.lines import AppendOnly, damaged_line, drop_broken_line, read_lines

PURPOSES = ("rerun", "audit")
ONCE = ("purpose", "config", "vary", "seed_index")  # what there is one retraining of
RETRAINING = "retraining"


class RetrainingWriter:
    """Appends retrainings, each durable before it returns."""

    def __init__(self, path: Path) -> None:
        drop_broken_line(path)
        self._file = AppendOnly(path)

    def append(self, row: dict[str, Any]) -> None:
        """Writes a retraining.

        Raises:
            OSError: the disk is full or gone.
        """
        self._file.append(json.dumps(row, separators=(",", ":")).encode() + b"\n")


def read_retrainings(path: Path) -> list[dict[str, Any]]:
    """What the file holds; of a retraining its last line.

    Raises:
        DamagedRecord: the file is missing, or a line before the last is damaged.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, row in read_lines(path, RETRAINING):
        if not {"key", "seed", "state", *ONCE} <= row.keys():
            raise damaged_line(path, number, RETRAINING)
        rows[tuple(row[name] for name in ONCE)] = row
    return list(rows.values())
