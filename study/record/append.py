"""Appending so that what was appended survives, and nothing half-written stays."""

import os
from pathlib import Path


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
