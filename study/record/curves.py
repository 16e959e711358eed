"""`curves.jsonl`: the epochs of every trial, one line a report, append-only."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moons.snapshot import EpochRecord
from study.errors import DAMAGED, StudyError
from study.record.append import AppendOnly, drop_broken_line

COLUMNS = ("train_loss", "train_mse", "train_kl", "val_loss", "val_mse", "val_kl", "lr")


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


def last_epochs(path: Path) -> dict[int, int]:
    """The last epoch of every trial in the file.

    Raises:
        StudyError: a line is damaged.
    """
    found: dict[int, int] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                block = json.loads(line)
                last = int(block["first_epoch"]) + len(block["lr"]) - 1
                found[int(block["trial"])] = max(last, found.get(int(block["trial"]), 0))
            except (ValueError, KeyError, TypeError):
                raise StudyError(
                    f"{path} is damaged in line {number}: it is no block of epochs; "
                    "put back a copy of the file",
                    DAMAGED,
                ) from None
    return found
