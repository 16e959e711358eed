"""Files of JSON lines: what was appended survives; what was changed, lost or doubled is noticed.

Each line ends with a checksum of itself and of all sealed lines before it. Files of format 1 have
lines without; what is appended to them is sealed all the same.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from io import BufferedReader
from json import JSONDecoder
from pathlib import Path
from typing import Any

from moons.checksums import SEAL, checksum, read_json, seal_line, seal_of
from moons.files import NotPlain, open_plain, read_plain
from study.record.damage import DamagedRecord

Fields = dict[str, Any]
Foreign = Callable[[Fields], bool] | None
BEFORE_ALL = "0"


class LineFile:
    """A file that grows by lines, each on the disk before `append` returns."""

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it; a last line that was not written to its end is cut off.

        Raises:
            DamagedRecord: something else than a file is there.
            OSError: it cannot be written.
        """
        self._path = path
        try:
            self._file = open_plain(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            content = read_plain(path)
        except NotPlain as error:
            raise DamagedRecord(f"{error}; put back the file") from None
        rest = content[content.rfind(b"\n") + 1 :]
        if _is_whole(rest):  # it lacks its line break alone
            self._write(b"\n")
        elif rest:
            os.ftruncate(self._file.fileno(), len(content) - len(rest))
            content = content[: -len(rest)]
        seals = map(seal_of, reversed(content.splitlines()))
        self._before = next((seal for seal in seals if seal is not None), BEFORE_ALL)

    def append(self, lines: list[bytes]) -> None:
        """Writes all of the lines, each a JSON object, or leaves the file as it was.

        Raises:
            OSError: the disk is full or gone; names the file.
        """
        before, sealed = self._before, b""
        for line in lines:
            done, before = seal_line(line, before)
            sealed += done + b"\n"
        self._write(sealed)
        self._before = before

    def _write(self, content: bytes) -> None:
        size = os.fstat(self._file.fileno()).st_size
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), size)
            error.filename = str(self._path)
            raise

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


def read_lines(path: Path, what: str, foreign: Foreign = None) -> Iterator[tuple[int, Fields]]:
    """The objects of a file, with the numbers of their lines.

    A last line that was not written to its end is left out.

    Args:
        path: of the file.
        what: a line holds, as the refusal names it.
        foreign: which lines others may add, without a checksum; by default none.

    Raises:
        DamagedRecord: the file is missing, or a line is damaged, lost or there twice.
    """
    before = BEFORE_ALL
    for number, line in enumerate(_whole_lines(path, what), start=1):
        seal = seal_of(line)
        if seal is not None and seal != checksum(line[:-SEAL], before):
            raise DamagedRecord(
                f"{path} is damaged in line {number}, or has lost or doubled lines before it: the "
                "checksum differs; put back a copy of the file"
            )
        try:
            found = read_json(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise damaged_line(path, number, what)
        lost_seal = "crc" in found or (before != BEFORE_ALL and not (foreign and foreign(found)))
        if seal is None and lost_seal:
            raise damaged_line(path, number, f"{what} with a checksum")
        before = seal or before
        found.pop("crc", None)
        yield number, found


def _whole_lines(path: Path, what: str) -> Iterator[bytes]:
    """The lines without their breaks; of the last one also where it lacks that alone."""
    try:
        with BufferedReader(open_plain(path)) as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    yield line[:-1]
                elif _is_whole(line):
                    yield line
                elif _holds_more(line):
                    raise damaged_line(path, number, what)
    except FileNotFoundError:
        raise DamagedRecord(
            f"{path} is missing: the study has lost a part of its record; put back a copy"
        ) from None
    except NotPlain as error:
        raise DamagedRecord(f"{error}; put back the file") from None


def _is_whole(line: bytes) -> bool:
    """Whether a last line without a break is an object; no part of one is."""
    try:
        return isinstance(read_json(line), dict)
    except ValueError:
        return False


def _holds_more(line: bytes) -> bool:
    """Whether something follows a whole object, which no unfinished writing leaves."""
    try:
        JSONDecoder().raw_decode(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return False
    return True


def damaged_line(path: Path, number: int, what: str) -> DamagedRecord:
    """The refusal of a line."""
    return DamagedRecord(
        f"{path} is damaged in line {number}: it is no {what}; put back a copy of the file"
    )
