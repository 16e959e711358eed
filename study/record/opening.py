"""Opening a study's record: a new folder appears whole, an old one is locked and checked."""

import errno
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial

from moons.checkpoint import save_checkpoint
from moons.config import Config
from moons.files import folder_appearing, make_folder, sweep
from moons.words import shell
from study.record.agreement import check_trials
from study.record.curves import Curves, CurveWriter
from study.record.damage import DamagedRecord, RecordError
from study.record.folder import StudyFolder
from study.record.journal import SoleWriterJournal, open_study
from study.record.lock import held
from study.record.manifest import Manifest
from study.record.older_drafts import sweep_older


@dataclass(frozen=True, slots=True)
class Record:
    """A study's record, open for this driver alone.

    Attributes:
        found: the curves as they were when it was opened.
        place: a descriptor of the folder, which stays with it wherever it is moved.
    """

    folder: StudyFolder
    manifest: Manifest
    journal: SoleWriterJournal
    curves: CurveWriter
    study: optuna.Study
    found: Curves
    place: int

    def check_place(self) -> None:
        """Refuses to go on in a folder that is no longer where it was.

        Raises:
            OSError: the folder was moved, removed or replaced.
        """
        here = os.fstat(self.place)
        try:
            there = os.stat(self.folder.path)
        except FileNotFoundError:
            there = None
        if there is None or (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            raise FileNotFoundError(
                errno.ENOENT,
                "the folder was moved or removed while the study ran",
                str(self.folder.path),
            )

    def write_manifest(self, manifest: Manifest) -> None:
        """Puts another manifest in the place of the study's.

        Raises:
            OSError: it cannot be written, or the folder was moved.
        """
        self.check_place()
        manifest.write(self.folder.manifest)

    def save_checkpoint(
        self, trial: int, weights: bytes, config: Config, seed: int, space: Mapping[str, Any]
    ) -> None:
        """Writes the model of a trial that ran to its end; `space` is as the manifest has it.

        Raises:
            OSError: it cannot be written, or the folder was moved.
        """
        self.check_place()
        folder = self.folder.checkpoint(trial)
        save_checkpoint(folder, weights, config, seed, space["model"], space.get("code"))

    def discard(self) -> None:
        """Takes the folder away; for a study that could not begin."""
        shutil.rmtree(self.folder.path)

    def close(self) -> None:
        """Lets go of the files."""
        self.curves.close()
        self.journal.close()
        os.close(self.place)


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
            if not os.path.lexists(file):
                raise DamagedRecord(
                    f"{file} is missing: the study cannot go on without it; put back a copy"
                )
        if folder.checkpoints.is_symlink():
            raise DamagedRecord(f"{folder.checkpoints} is a symbolic link; put the folder there")
        manifest = Manifest.read(folder.manifest)
        sweep(path)
        sweep_older(path)
        curves = Curves(folder.curves).read()  # all is read before a thing is written
        journal = SoleWriterJournal(folder.journal)
        study = open_study(folder.journal, journal, sampler)
        check_trials(folder, study.get_trials(deepcopy=False))
        with closing(_record(folder, manifest, journal, study, curves)) as record:
            yield record


def _record(
    folder: StudyFolder,
    manifest: Manifest,
    journal: SoleWriterJournal,
    study: optuna.Study,
    found: Curves,
) -> Record:
    writer, place = CurveWriter(folder.curves), os.open(folder.path, os.O_RDONLY)
    return Record(folder, manifest, journal, writer, study, found, place)


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
    if os.path.lexists(path):
        raise _exists(path)
    make_folder(path.parent)  # where a file is, that is another error than a folder at `path`
    sweep_older(path.parent)
    with ExitStack() as stack:
        try:
            with folder_appearing(path) as place:
                draft = StudyFolder(place)
                stack.enter_context(held(draft.lock))
                journal = SoleWriterJournal(draft.journal)
                study = optuna.create_study(
                    study_name=manifest.name,
                    storage=JournalStorage(journal),
                    sampler=sampler,
                    directions=["minimize"] * len(manifest.metrics),
                )
                with warnings.catch_warnings(action="ignore", category=ExperimentalWarning):
                    study.set_metric_names(list(manifest.metrics))  # for optuna-dashboard
                for point in points:
                    study.enqueue_trial(dict(point))
                study.add_trials(history)
                journal.commit()
                CurveWriter(draft.curves).close()
                manifest.write(draft.manifest)
        except FileExistsError:
            raise _exists(path) from None
        folder = StudyFolder(path)
        record = _record(folder, manifest, journal, study, Curves(folder.curves))
        yield stack.enter_context(closing(record))


def _exists(folder: Path) -> RecordError:
    return RecordError(
        f"{folder} is there already; give another --name, or go on with it by "
        f"{shell('--resume', folder)}"
    )
