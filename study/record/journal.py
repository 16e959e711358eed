"""Optuna's journal file, written by one process and committed in groups.

Optuna's own backend takes a lock file, opens, syncs and re-reads the journal for every operation,
and a trial is a dozen of them. A study has one writer, its driver, which holds the study's lock:
so operations gather in memory and reach the file together, at the moments when something must
not be lost. The format is Optuna's own, one JSON object a line: `optuna-dashboard` and
`JournalFileBackend` read the file at any time.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend
from typing_extensions import override

from study.errors import DAMAGED, StudyError
from study.record.append import AppendOnly, drop_broken_line


class SoleWriterJournal(BaseJournalBackend):
    """A journal that only this process writes; `commit` makes what was appended durable."""

    def __init__(self, path: Path) -> None:
        """Opens a journal, or begins one.

        Raises:
            StudyError: a line of the journal is damaged.
            OSError: the file cannot be read or written.
        """
        self._logs = read_journal(path)
        self._file = AppendOnly(path)
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
            OSError: the disk is full or gone; the file is as it was after the last commit.
        """
        if self._pending:
            self._file.append(b"".join(self._pending))
            self._pending = []

    def close(self) -> None:
        """Lets go of the file; what was not committed is given up."""
        self._file.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The operations of a journal; a half-written last line is cut off the file.

    Raises:
        StudyError: a line before the last is damaged.
    """
    whole = drop_broken_line(path)
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
    return logs


def _operation(line: bytes) -> dict[str, Any]:
    log = json.loads(line)
    if not isinstance(log, dict) or "op_code" not in log:
        raise ValueError
    return log
