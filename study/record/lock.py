"""One driver a study: a lock held for the driver's life, that dies with it."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import FileIO
from pathlib import Path

from moons.files import NotPlain, open_plain, read_plain
from study.errors import LOCKED
from study.record.damage import DamagedRecord, RecordError
from study.record.manifest import Manifest

TRIES, PAUSE_S = 5, 0.05


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds the lock file at `path`.

    The kernel lets go of it when the process ends in any way, so a dead owner's lock is free.

    Raises:
        RecordError: another driver holds it; names its process and host.
        DamagedRecord: something else than a file is there.
    """
    with _opened(path) as file:
        if not _taken(file):
            raise RecordError(
                f"{path.parent} is in use by another driver ({_owner(path)}); "
                "wait for it, or stop it",
                LOCKED,
            )
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
        yield


def _taken(file: FileIO) -> bool:
    """Whether we have the lock now; who only looks whether somebody has it has it for a moment."""
    for left in reversed(range(TRIES)):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(PAUSE_S if left else 0)
    return False


def in_use(path: Path) -> bool:
    """Whether somebody holds the lock file at `path`; nothing is written.

    Raises:
        DamagedRecord: something else than a file is there.
    """
    try:
        with open_plain(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except NotPlain as error:
        raise DamagedRecord(f"{error}; remove it") from None
    return False


def as_it_stands(manifest: Manifest, path: Path) -> Manifest:
    """The manifest; where it says `running` and nobody holds the lock at `path`, `interrupted`.

    Raises:
        DamagedRecord: something else than a file is there.
    """
    left = manifest.outcome == "running" and not in_use(path)
    return replace(manifest, outcome="interrupted") if left else manifest


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Holds the lock file at `path` for a moment, after waiting for whoever does.

    Raises:
        DamagedRecord: something else than a file is there.
    """
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _opened(path: Path) -> FileIO:
    try:
        return open_plain(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    except NotPlain as error:
        raise DamagedRecord(f"{error}; remove it") from None


def _owner(path: Path) -> str:
    try:
        owner = json.loads(read_plain(path))
        return f"pid {owner['pid']} on host {owner['host']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "it has not said which yet"
