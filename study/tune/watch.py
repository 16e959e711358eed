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
# A cluster whose head is replaced answers again after this; Ray ends its drivers after 60 s.
PATIENCE_S = 25.0
CORE = {"raylet": "its raylet died", "gcs_server": "its GCS died"}
Check = Callable[[], str | None]


class Watch:
    """Looks after Ray on a thread, and ends the process when Ray is gone.

    It does not ask the main thread to end: what that calls of a Ray that is gone waits for ever or
    ends the process in its own way, without a word. The record bears an end at any moment.

    Attributes:
        give_up: is told what is gone, and ends the process.
    """

    def __init__(self) -> None:
        self.give_up: Callable[[str], None] = lambda gone: None
        self._leaving = threading.Event()

    @contextmanager
    def kept(self, check: Check) -> Iterator[None]:
        """Looks for as long as it is entered; `check` says what is gone, if anything is."""
        threading.Thread(target=self._keep, args=[check], daemon=True).start()
        try:
            yield
        except Exception:
            if (gone := check()) is not None:  # which is why
                self.give_up(gone)
            raise
        finally:
            self._leaving.set()  # processes that end from now on are ended by us

    def _keep(self, check: Check) -> None:
        wait = check.wait if isinstance(check, OwnProcesses) else self._leaving.wait
        while not self._leaving.is_set():
            wait(EVERY_S)
            gone = check()
            if gone is not None and not self._leaving.is_set():  # not ended by us meanwhile
                self.give_up(gone)
                self._leaving.wait(EVERY_S)


class OwnProcesses:
    """Whether the core processes that `ray.init` has started as our children are alive."""

    def __init__(self) -> None:
        found = [(_name(child), child) for child in psutil.Process().children()]
        self._core = [(name, child) for name, child in found if name in CORE]
        self._ends = [fd for _, child in self._core for fd in _end_of(child.pid)]

    def wait(self, seconds: float) -> None:
        """Returns as soon as one ends: at its next word to a dead raylet Ray ends the driver."""
        if self._ends:
            select.select(self._ends, [], [], seconds)
        else:
            time.sleep(seconds)

    def __call__(self) -> str | None:
        """What is gone, if anything is."""
        gone = [CORE[name] for name, process in self._core if not _alive(process)]
        return " and ".join(gone) if gone else None


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
