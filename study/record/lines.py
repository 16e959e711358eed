"""Files of JSON lines: what was appended survives, and nothing half-written stays."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from study.record.damage import DamagedRecord


class AppendOnly:
    """A file that grows by whole contents, each on the disk before `append` returns."""

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it.

        Raises:
            OSError: it cannot be written.
        """
        self._file = path.open("ab", buffering=0)

    def append(self, content: bytes) -> None:
        """Writes all of `content`, or leaves the file as it was.

        Raises:
            OSError: the disk is full or gone; names the file.
        """
        size = os.fstat(self._file.fileno()).st_size
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            os.fsync(self._file.fileno())
        except OSError as error:
            os.ftruncate(self._file.fileno(), size)
            error.filename = self._file.name
            raise

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


def drop_broken_line(path: Path) -> bytes:
    """Cuts off a last line that was not written to its end; returns the content that stays."""
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return whole


def read_lines(path: Path, what: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, with their numbers; a broken last line is left out.

    Args:
        path: of the file.
        what: a line holds, as the refusal names it.

    Raises:
        DamagedRecord: the file is missing, or a line is damaged.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise DamagedRecord(
            f"{path} is missing: the study has lost a part of its record; put back a copy"
        ) from None
    with file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            if not isinstance(found, dict):
                raise damaged_line(path, number, what)
            yield number, found


def damaged_line(path: Path, number: int, what: str) -> DamagedRecord:
    """The refusal of a line."""
    return DamagedRecord(
        f"{path} is damaged in line {number}: it is no {what}; put back a copy of the file"
    )
