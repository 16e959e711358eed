"""The reasons for which a study stops before its last trial."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from study.errors import INTERRUPTED, TERMINATED, ExitCode

if TYPE_CHECKING:
    from study.monitoring.tally import Tally

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether the driver was asked to stop: by a signal, or by its time budget.

    The budget counts from the first report, when workers have started; and it ends no driver before
    it has finished a trial, so that a study that is resumed again and again comes to its end.
    """

    def __init__(self, time_budget_s: float | None, tally: "Tally") -> None:
        self.signum: int | None = None
        self._budget_s, self._tally = time_budget_s, tally

    @property
    def late(self) -> bool:
        """The time budget is spent."""
        reported = self._tally.reported
        if self._budget_s is None or reported is None or not self._tally.progressed:
            return False
        return time.monotonic() - reported > self._budget_s

    @property
    def code(self) -> ExitCode:
        """What the process that was sent the signal exits with."""
        return INTERRUPTED if self.signum == signal.SIGINT else TERMINATED

    @property
    def asked(self) -> bool:
        """There is a reason to stop."""
        return self.signum is not None or self.late

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Takes note of SIGINT and SIGTERM; a second one ends the process at once."""
        before = {signum: signal.signal(signum, self._note) for signum in SIGNALS}
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.signum is not None:
            os._exit(128 + signum)
        self.signum = signum


_deferring = False


def _deliver_to_children() -> None:
    """Lets a child process be ended by SIGTERM, whatever its parent defers."""
    if _deferring:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


os.register_at_fork(after_in_child=_deliver_to_children)


@contextmanager
def sigterm_deferred() -> Iterator[None]:
    """Keeps a SIGTERM back until the end, and puts the handler back that was there before.

    Ray's core installs a handler beneath Python's, which aborts the process with code 134. Threads
    that are started meanwhile, also by imports such as numpy's, leave SIGTERM to the main thread
    for good; the kernel would give it to one that was there before.
    """
    global _deferring
    ours = signal.getsignal(signal.SIGTERM)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    _deferring = True
    try:
        yield
    finally:
        _deferring = False
        signal.signal(signal.SIGTERM, ours)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def sigterm_waits() -> bool:
    """A SIGTERM that is kept back has come."""
    return signal.SIGTERM in signal.sigpending()
