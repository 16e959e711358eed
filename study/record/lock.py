"""One driver a study: a lock held for the driver's life, that dies with it."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from moons.files import NotPlain, open_plain, read_plain
from study.errors import LOCKED
from study.record.damage import DamagedRecord, RecordError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds the lock file at `path`.

    The kernel lets go of it when the process ends in any way, so a dead owner's lock is free.

    Raises:
        RecordError: another driver holds it; names its process and host.
        DamagedRecord: something else than a file is there.
    """
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordError(
                f"{path.parent} is in use by another driver ({_owner(path)}); "
                "wait for it, or stop it",
                LOCKED,
            ) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
        yield


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
