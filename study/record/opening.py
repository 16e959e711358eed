"""Opening a study's record: a new folder appears whole, an old one is locked and checked."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.storages import JournalStorage

from study.errors import DAMAGED, StudyError
from study.plan import Plan
from study.record.curves import CurveWriter
from study.record.folder import Folder
from study.record.journal import SoleWriterJournal
from study.record.lock import held
from study.record.manifest import Manifest
from study.samplers import make_sampler
from study.warm_start import Learned, learn_from


@dataclass(frozen=True, slots=True)
class Record:
    """A study's record, open for this driver alone."""

    folder: Folder
    manifest: Manifest
    journal: SoleWriterJournal
    curves: CurveWriter
    study: optuna.Study

    def discard(self) -> None:
        """Takes the folder away; for a study that could not begin."""
        shutil.rmtree(self.folder.root)


@contextmanager
def opened(plan: Plan) -> Iterator[Record]:
    """Opens the record of a plan, new or resumed, and holds its lock.

    Raises:
        StudyError: the folder is there already, another driver has it, or it is damaged.
        OSError: the disk is full or not writable.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with _resumed(plan) if plan.resumed else _created(plan) as record:
        try:
            yield record
        finally:
            record.curves.close()
            record.journal.close()


@contextmanager
def _resumed(plan: Plan) -> Iterator[Record]:
    folder = Folder(plan.folder)
    with held(folder.lock):
        for path in (folder.journal, folder.curves):
            if not path.is_file():
                raise StudyError(
                    f"{path} is missing: the study cannot go on without it; put back a copy",
                    DAMAGED,
                )
        manifest = Manifest.read(folder.manifest)
        journal = SoleWriterJournal(folder.journal)
        try:
            storage = JournalStorage(journal)
            study = optuna.load_study(
                study_name=plan.name, storage=storage, sampler=make_sampler(plan.space.sampler)
            )
        except (KeyError, ValueError) as error:
            raise StudyError(
                f"{folder.journal} is damaged: it does not hold the study {plan.name} "
                f"({type(error).__name__}); put back a copy",
                DAMAGED,
            ) from None
        yield Record(folder, manifest, journal, CurveWriter(folder.curves), study)


@contextmanager
def _created(plan: Plan) -> Iterator[Record]:
    if plan.folder.exists():
        raise _exists(plan.folder)
    learned = None if plan.warm_start is None else learn_from(plan, plan.warm_start)
    plan.folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Folder(plan.folder.with_name(f".{plan.name}.{os.getpid()}"))
    draft.root.mkdir()
    try:
        with held(draft.lock):
            journal = SoleWriterJournal(draft.journal)
            study = _new_study(plan, journal, learned)
            curves = CurveWriter(draft.curves)
            manifest = Manifest.of(plan)
            manifest.write(draft.manifest)
            try:
                draft.root.rename(plan.folder)
            except OSError:
                raise _exists(plan.folder) from None
            yield Record(Folder(plan.folder), manifest, journal, curves, study)
    finally:
        shutil.rmtree(draft.root, ignore_errors=True)


def _new_study(plan: Plan, journal: SoleWriterJournal, learned: Learned | None) -> optuna.Study:
    study = optuna.create_study(
        study_name=plan.name,
        storage=JournalStorage(journal),
        sampler=make_sampler(plan.space.sampler),
        directions=["minimize"] * len(plan.space.metrics),
    )
    if plan.space.sampler == "grid":
        for point in plan.space.grid():
            study.enqueue_trial(point)
    if learned is not None:
        study.add_trials(learned.trials)
        print(f"warm start: {learned}")
    journal.commit()
    return study


def _exists(folder: Path) -> StudyError:
    return StudyError(
        f"{folder} is there already; give another --name, or go on with it by --resume {folder}"
    )
