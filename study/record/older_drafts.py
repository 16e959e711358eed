"""Drafts as older versions named them, by their writer's process number, which a kill left."""

import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

import psutil

from study.record.folder import StudyFolder

FILE = re.compile(r"\.[\w-]+\.(?:parquet|json|html)\.(\d{1,7})")
FOLDER = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.(\d{1,7})")
ABANDONED_S = 3600.0  # a writer may be on another machine, whose processes are not known here


def sweep_older(folder: Path) -> None:
    """Removes drafts of files in a study's folder, or of studies in a folder of these."""
    for draft in folder.iterdir():
        with suppress(OSError):
            if draft.is_symlink() or not _is_left(draft):
                continue
            if draft.is_file() and FILE.fullmatch(draft.name):
                draft.unlink()
            elif draft.is_dir() and FOLDER.fullmatch(draft.name) and _is_unborn(draft):
                shutil.rmtree(draft)


def _is_unborn(folder: Path) -> bool:
    """Whether a folder holds a study that nothing was trained for yet, and no more."""
    place = StudyFolder(folder)
    born = {place.manifest.name, place.journal.name, place.curves.name, place.lock.name}
    names = {entry.name for entry in folder.iterdir()}
    empty = not place.curves.exists() or place.curves.stat().st_size == 0
    return names <= born and bool(names) and empty


def _is_left(draft: Path) -> bool:
    """Whether it is old, and no process of its number could have been at it."""
    pid, written = draft.name.rpartition(".")[2], os.lstat(draft).st_mtime
    if not pid.isdecimal() or time.time() - written < ABANDONED_S:
        return False
    try:
        return bool(psutil.Process(int(pid)).create_time() > written)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OverflowError):
        return False
