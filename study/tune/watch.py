"""Notices that Ray is lost, which Ray itself tells its driver late or never."""

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

EVERY_S = 0.5
SEEK_S = 0.1  # while Ray starts its processes; a look takes 3 ms
# A cluster whose head is replaced answers again after this; Ray ends its drivers after 60 s.
PATIENCE_S = 25.0
CORE = {"raylet": "its raylet died", "gcs_server": "its GCS died"}
Check = Callable[[], str | None]
GiveUp = Callable[[str], None]


@contextmanager
def watching(check: Check, give_up: GiveUp) -> Iterator[None]:
    """Looks after Ray on a thread for as long as it is entered.

    It does not ask the main thread to end: what that calls of a Ray that is gone waits for ever or
    ends the process in its own way, without a word. The record bears an end at any moment.

    Args:
        check: says what is gone, if anything is.
        give_up: is told what is gone, and ends the process.
    """
    leaving, saying = threading.Event(), threading.Lock()

    def say(gone: str) -> None:
        with saying:  # whoever comes second waits for the end of the process
            give_up(gone)

    threading.Thread(target=_keep, args=[check, say, leaving], daemon=True).start()
    try:
        yield
    except Exception:
        if (gone := check()) is not None:  # which is why
            say(gone)
        raise
    finally:
        leaving.set()  # processes that end from now on are ended by us


def _keep(check: Check, give_up: GiveUp, leaving: threading.Event) -> None:
    wait = check.wait if isinstance(check, OwnProcesses) else leaving.wait
    while not leaving.is_set():
        wait(EVERY_S)
        gone = check()
        if gone is not None and not leaving.is_set():  # not ended by us meanwhile
            give_up(gone)
            leaving.wait(EVERY_S)


class OwnProcesses:
    """Whether the core processes that `ray.init` starts from now on, as our children, are alive."""

    def __init__(self) -> None:
        self._others = {child.pid for child in _children()}
        self._core: dict[str, psutil.Process] = {}
        self._ends: list[int] = []

    def wait(self, seconds: float) -> None:
        """Returns as soon as one ends: at its next word to a dead raylet Ray ends the driver."""
        if len(self._core) < len(CORE):
            time.sleep(min(seconds, SEEK_S))
        elif self._ends:
            select.select(self._ends, [], [], seconds)
        else:
            time.sleep(seconds)

    def __call__(self) -> str | None:
        """What is gone, if anything is."""
        if len(self._core) < len(CORE):
            self._seek()
        gone = [CORE[name] for name, process in self._core.items() if not _alive(process)]
        return " and ".join(gone) if gone else None

    def end(self) -> None:
        """Kills what a start that failed has left."""
        self._seek()
        for process in self._core.values():
            with suppress(psutil.Error):
                process.kill()

    def _seek(self) -> None:
        for child in _children():
            name = _name(child)
            if child.pid not in self._others and name in CORE and name not in self._core:
                self._core[name] = child
                self._ends += _end_of(child.pid)


def _children() -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process().children()
    return found


def _end_of(pid: int) -> list[int]:
    """A descriptor that can be read once the process has ended, where the kernel has such."""
    if hasattr(os, "pidfd_open"):
        with suppress(OSError):
            return [os.pidfd_open(pid)]
    return []


def reachable(address: str, patience_s: float = PATIENCE_S) -> Check:
    """Whether the GCS of a cluster can be connected to, with patience."""
    host, _, port = address.rpartition(":")
    answered_s = time.monotonic()

    def check() -> str | None:
        nonlocal answered_s
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=5):
            answered_s = time.monotonic()
            return None
        patient = time.monotonic() - answered_s < patience_s
        return None if patient else f"its GCS at {address} does not answer"

    return check


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
