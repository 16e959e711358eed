"""`curves.jsonl`: the epochs of every trial, one line a report, append-only."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from moons.snapshot import EpochRecord
from study.record.columns import CURVES
from study.record.damage import DamagedRecord
from study.record.lines import Fields, LineFile, damaged_line, read_lines

COLUMNS = tuple(column.name for column in CURVES)
NUMBERS = {float, int, type(None)}
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
        """A line of the file, but for its checksum; what is not finite becomes null, as in JSON."""
        head: dict[str, Any] = {"trial": trial, "replicate": self.replicate}
        columns = {
            name: [v if math.isfinite(v) else None for v in values]
            for name, values in self.columns.items()
        }
        text = json.dumps(head | {"first_epoch": self.first_epoch} | columns, separators=(",", ":"))
        return text.encode()


class CurveWriter:
    """Appends blocks, each durable before it returns."""

    def __init__(self, path: Path) -> None:
        self._file = LineFile(path)

    def append(self, trial: int, blocks: tuple[Block, ...]) -> None:
        """Writes a trial's blocks.

        Raises:
            OSError: the disk is full or gone.
        """
        if blocks:
            self._file.append([block.line(trial) for block in blocks])

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


class Curves:
    """The blocks of the file as they are read, and in the end what they come to.

    Attributes:
        val_mse: of each trial and replicate, epoch by epoch; NaN where it was not finite.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.val_mse: dict[tuple[int, int], list[float | None]] = {}

    def __iter__(self) -> Iterator[Fields]:
        """The blocks, in the file's order: `trial`, `replicate`, `first_epoch` and `COLUMNS`.

        Raises:
            DamagedRecord: a line before the last is damaged, the file is missing, or epochs of a
                trial are lost or there twice.
        """
        for number, block in read_lines(self._path, BLOCK):
            if not _is_block(block):
                raise damaged_line(self._path, number, BLOCK)
            trial, first = block["trial"], block["first_epoch"]
            so_far = self.val_mse.setdefault((trial, block["replicate"]), [])
            if first != len(so_far) + 1:
                what = "has lost epochs" if first > len(so_far) + 1 else "holds epochs twice"
                raise DamagedRecord(
                    f"{self._path} is damaged in line {number}: it {what} of trial {trial}, which "
                    f"goes on from epoch {len(so_far)} with epoch {first}; put back a copy"
                )
            so_far += block["val_mse"]
            yield block

    def read(self) -> Self:
        """Reads to the end."""
        for _ in self:
            pass
        return self

    def last_epochs(self) -> dict[int, int]:
        """The last epoch of every trial, of its longest replicate."""
        found: dict[int, int] = {}
        for (trial, _), values in self.val_mse.items():
            found[trial] = max(len(values), found.get(trial, 0))
        return found


def _is_block(block: Fields) -> bool:
    head = [block.get(name) for name in ("trial", "replicate", "first_epoch")]
    columns: list[Any] = [block.get(name) for name in COLUMNS]
    return (
        all(type(number) is int and number >= 0 for number in head)
        and all(isinstance(column, list) for column in columns)
        and len({len(column) for column in columns if column}) == 1
        and {type(value) for column in columns for value in column} <= NUMBERS
    )
