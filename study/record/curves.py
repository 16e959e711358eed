"""`curves.jsonl`: the epochs of every trial, one line a report, append-only."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moons.snapshot import EpochRecord
from study.record.lines import AppendOnly, damaged_line, drop_broken_line, read_lines

COLUMNS = ("train_loss", "train_mse", "train_kl", "val_loss", "val_mse", "val_kl", "lr")
HEAD = {"trial", "replicate", "first_epoch"}
BLOCK = "block of epochs"


@dataclass(frozen=True, slots=True)
class Block:
    """The epochs of one replicate of one trial since its last report, in order.

    Attributes:
        replicate: which of the trial's training seeds, from 0.
        first_epoch: of the block; the others follow without a gap.
        columns: a list a column of `COLUMNS`, of equal lengths.
    """

    replicate: int
    first_epoch: int
    columns: dict[str, list[float]]

    @classmethod
    def of(cls, replicate: int, records: list[EpochRecord]) -> "Block":
        """From what `fit` yielded; at least one record."""
        columns = {name: [getattr(r, name) for r in records] for name in COLUMNS}
        return cls(replicate, records[0].epoch, columns)

    @property
    def last_epoch(self) -> int:
        """The epoch that the next block follows."""
        return self.first_epoch + len(self.columns["lr"]) - 1

    def line(self, trial: int) -> bytes:
        """The block as a line of the file; what is not finite becomes null, as JSON has it."""
        head: dict[str, Any] = {"trial": trial, "replicate": self.replicate}
        columns = {
            name: [v if math.isfinite(v) else None for v in values]
            for name, values in self.columns.items()
        }
        text = json.dumps(head | {"first_epoch": self.first_epoch} | columns, separators=(",", ":"))
        return text.encode() + b"\n"


class CurveWriter:
    """Appends blocks, each durable before it returns."""

    def __init__(self, path: Path) -> None:
        drop_broken_line(path)
        self._file = AppendOnly(path)

    def append(self, trial: int, blocks: tuple[Block, ...]) -> None:
        """Writes a trial's blocks.

        Raises:
            OSError: the disk is full or gone.
        """
        if blocks:
            self._file.append(b"".join(block.line(trial) for block in blocks))

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


def read_curves(path: Path) -> Iterator[dict[str, Any]]:
    """The blocks of the file, in its order: `trial`, `replicate`, `first_epoch` and `COLUMNS`.

    Raises:
        DamagedRecord: a line before the last is damaged, or the file is missing.
    """
    for number, block in read_lines(path, BLOCK):
        try:
            whole = len({len(block[name]) for name in COLUMNS}) == 1 and block.keys() >= HEAD
        except (KeyError, TypeError):
            whole = False
        if not whole:
            raise damaged_line(path, number, BLOCK)
        yield block


def last_epochs(path: Path) -> dict[int, int]:
    """The last epoch of every trial in the file.

    Raises:
        DamagedRecord: a line is damaged.
    """
    found: dict[int, int] = {}
    for block in read_curves(path):
        last = block["first_epoch"] + len(block["lr"]) - 1
        found[block["trial"]] = max(last, found.get(block["trial"], 0))
    return found
