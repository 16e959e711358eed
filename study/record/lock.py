"""One driver a study: a lock held for the driver's life, that dies with it."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study.errors import LOCKED
from study.record.damage import RecordError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds the lock file at `path`.

    The kernel lets go of it when the process ends in any way, so a dead owner's lock is free.

    Raises:
        RecordError: another driver holds it; names its process and host.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordError(
                f"{path.parent} is in use by another driver ({_owner(path)}); "
                "wait for it, or stop it",
                LOCKED,
            ) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
        yield


def _owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_text())
        return f"pid {owner['pid']} on host {owner['host']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "it has not said which yet"
