"""Opening a study's record: a new folder appears whole, an old one is locked and checked."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial

from study.record.curves import CurveWriter
from study.record.damage import DamagedRecord, RecordError
from study.record.folder import StudyFolder
from study.record.journal import SoleWriterJournal, open_study
from study.record.lock import held
from study.record.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Record:
    """A study's record, open for this driver alone."""

    folder: StudyFolder
    manifest: Manifest
    journal: SoleWriterJournal
    curves: CurveWriter
    study: optuna.Study

    def discard(self) -> None:
        """Takes the folder away; for a study that could not begin."""
        shutil.rmtree(self.folder.path)

    def close(self) -> None:
        """Lets go of the files."""
        self.curves.close()
        self.journal.close()


@contextmanager
def reopened(path: Path, sampler: BaseSampler) -> Iterator[Record]:
    """Opens the record of a study that is there, and holds its lock.

    Raises:
        RecordError: another driver has it, or it is damaged.
        OSError: the disk is full or not writable.
    """
    folder = StudyFolder(path)
    with held(folder.lock):
        for file in (folder.journal, folder.curves):
            if not file.is_file():
                raise DamagedRecord(
                    f"{file} is missing: the study cannot go on without it; put back a copy"
                )
        manifest = Manifest.read(folder.manifest)
        journal = SoleWriterJournal(folder.journal)
        study = open_study(folder.journal, journal, sampler)
        record = Record(folder, manifest, journal, CurveWriter(folder.curves), study)
        try:
            yield record
        finally:
            record.close()


@contextmanager
def created(
    path: Path,
    manifest: Manifest,
    sampler: BaseSampler,
    points: Sequence[Mapping[str, Any]] = (),
    history: Sequence[FrozenTrial] = (),
) -> Iterator[Record]:
    """Makes the record of a new study, which appears whole, and holds its lock.

    Args:
        path: of the folder.
        manifest: of the study.
        sampler: that proposes its trials.
        points: to be proposed before the sampler is asked.
        history: trials that the sampler learns from.

    Raises:
        RecordError: there is something at `path`.
        OSError: the disk is full or not writable.
    """
    if path.exists():
        raise _exists(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = StudyFolder(path.with_name(f".{path.name}.{os.getpid()}"))
    draft.path.mkdir()
    try:
        with held(draft.lock):
            journal = SoleWriterJournal(draft.journal)
            study = optuna.create_study(
                study_name=manifest.name,
                storage=JournalStorage(journal),
                sampler=sampler,
                directions=["minimize"] * len(manifest.metrics),
            )
            for point in points:
                study.enqueue_trial(dict(point))
            study.add_trials(history)
            journal.commit()
            curves = CurveWriter(draft.curves)
            manifest.write(draft.manifest)
            try:
                draft.path.rename(path)
            except OSError:
                raise _exists(path) from None
            record = Record(StudyFolder(path), manifest, journal, curves, study)
            try:
                yield record
            finally:
                record.close()
    finally:
        shutil.rmtree(draft.path, ignore_errors=True)


def _exists(folder: Path) -> RecordError:
    return RecordError(
        f"{folder} is there already; give another --name, or go on with it by --resume {folder}"
    )
