"""Optuna's journal file, written by one process and committed in groups.

Optuna's own backend takes a lock file, opens, syncs and re-reads the journal for every operation,
and a trial is a dozen of them. A study has one writer, its driver, which holds the study's lock:
so operations gather in memory and reach the file together, at the moments when something must
not be lost. The format is Optuna's own, one JSON object a line: `optuna-dashboard` and
`JournalFileBackend` read the file at any time.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend
from typing_extensions import override

from study.errors import DAMAGED, StudyError


class SoleWriterJournal(BaseJournalBackend):
    """A journal that only this process writes; `commit` makes what was appended durable."""

    def __init__(self, path: Path) -> None:
        """Opens a journal, or begins one.

        Raises:
            StudyError: a line of the journal is damaged.
            OSError: the file cannot be read or written.
        """
        self._logs = read_journal(path)
        self._file = path.open("ab")
        self._pending: list[bytes] = []

    @override
    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        return self._logs[log_number_from:]

    @override
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self._pending += [json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs]
        self._logs += logs

    def commit(self) -> None:
        """Writes what was appended since the last commit, and waits until the disk has it.

        Raises:
            OSError: the disk is full or gone. What was written is a whole number of lines, or
                ends in a broken one, which the next opening drops.
        """
        if self._pending:
            content, self._pending = b"".join(self._pending), []
            self._file.write(content)
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Commits and lets go of the file."""
        self.commit()
        self._file.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The operations of a journal; a half-written last line is cut off the file.

    Raises:
        StudyError: a line before the last is damaged.
    """
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    logs: list[dict[str, Any]] = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            logs.append(_operation(line))
        except ValueError:
            raise StudyError(
                f"{path} is damaged in line {number}: it is not an operation of Optuna's journal; "
                "put back a copy of the file, or begin a new study",
                DAMAGED,
            ) from None
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return logs


def _operation(line: bytes) -> dict[str, Any]:
    log = json.loads(line)
    if not isinstance(log, dict) or "op_code" not in log:
        raise ValueError
    return log
