"""Optuna's journal file, written by one process and committed in groups.

Optuna's own backend takes a lock file, opens, syncs and re-reads the journal for every operation,
and a trial is a dozen of them. A study has one writer, its driver, which holds the study's lock:
so operations gather in memory and reach the file together, at the moments when something must
not be lost. The format is Optuna's own, one JSON object a line, with a checksum that Optuna does
not look at: `optuna-dashboard` and `JournalFileBackend` read the file at any time.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.storages.journal._storage import JournalOperation
from optuna.trial import FrozenTrial, TrialState
from typing_extensions import override

from study.record.damage import DamagedRecord
from study.record.lines import LineFile, damaged_line, read_lines

OPERATION = "operation of Optuna's journal"
NOTES = (
    JournalOperation.SET_STUDY_USER_ATTR,
    JournalOperation.SET_STUDY_SYSTEM_ATTR,
    JournalOperation.SET_TRIAL_SYSTEM_ATTR,
)


class SoleWriterJournal(BaseJournalBackend):
    """A journal that only this process writes; `commit` makes what was appended durable."""

    def __init__(self, path: Path) -> None:
        """Opens a journal, or begins one.

        Raises:
            DamagedRecord: a line of the journal is damaged.
            OSError: the file cannot be read or written.
        """
        self._logs = read_journal(path) if os.path.lexists(path) else []
        self._replayed = 0
        self._file = LineFile(path)
        self._pending: list[bytes] = []

    @override
    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """What follows; what comes before was replayed, and is forgotten."""
        assert log_number_from >= self._replayed, "one storage replays a journal, and once"
        del self._logs[: log_number_from - self._replayed]
        self._replayed = log_number_from
        return list(self._logs)

    @override
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self._pending += [json.dumps(log, separators=(",", ":")).encode() for log in logs]
        self._logs += logs

    def commit(self) -> None:
        """Writes what was appended since the last commit, and waits until the disk has it.

        Raises:
            OSError: the disk is full or gone; the file is as it was after the last commit.
        """
        if self._pending:
            self._file.append(self._pending)
            self._pending = []

    def close(self) -> None:
        """Lets go of the file; what was not committed is given up."""
        self._file.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The operations of a journal; a half-written last line is left out.

    Raises:
        DamagedRecord: the file is missing, or a line before the last is damaged.
    """
    logs: list[dict[str, Any]] = []
    for number, log in read_lines(path, OPERATION, foreign=_is_note):
        if type(log.get("op_code")) is not int:
            raise damaged_line(path, number, OPERATION)
        logs.append(log)
    return logs


def _is_note(log: dict[str, Any]) -> bool:
    """Whether an operation only says something of a study or trial, as notes in a dashboard do."""
    return log.get("op_code") in NOTES


class _Replayed(BaseJournalBackend):
    """A journal that was read to its end."""

    def __init__(self, path: Path) -> None:
        self._logs = read_journal(path)

    @override
    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        return self._logs[log_number_from:]

    @override
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        raise AssertionError("a journal that is only read")


def read_trials(path: Path) -> list[FrozenTrial]:
    """The trials of a study's journal but for those that only wait.

    Raises:
        DamagedRecord: the journal is missing, damaged or without a study.
    """
    study = open_study(path, _Replayed(path))
    begun = [state for state in TrialState if state != TrialState.WAITING]
    return study.get_trials(deepcopy=False, states=begun)


def open_study(
    path: Path, backend: BaseJournalBackend, sampler: BaseSampler | None = None
) -> optuna.Study:
    """The one study that a journal holds.

    Args:
        path: of the journal, to be named.
        backend: that reads it.
        sampler: of the study.

    Raises:
        DamagedRecord: the journal holds none, several, or what Optuna cannot replay.
    """
    try:
        storage = JournalStorage(backend)
        names = optuna.get_all_study_names(storage)
        if len(names) == 1:
            return optuna.load_study(study_name=names[0], storage=storage, sampler=sampler)
    except Exception as error:  # Optuna's replay raises whatever a wrong operation leads to
        why = f"Optuna cannot replay it ({type(error).__name__})"
    else:
        why = f"it must hold one study, got {len(names)}"
    raise DamagedRecord(f"{path} is damaged: {why}; put back a copy")
