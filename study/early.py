"""Imported first by a command: ends it at SIGINT and SIGTERM in a sentence, not in Python's way.

Nothing is under way while it imports; later `study.signals` has handlers for what is.
"""

import os
import signal
import sys
from types import FrameType


def _end(signum: int, frame: FrameType | None) -> None:
    command = os.path.basename(sys.argv[0]).removesuffix(".py")
    os.write(2, f"study.{command}: stopped; what was finished is on record\n".encode())
    os._exit(128 + signum)


def begin() -> None:
    """Takes both signals."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _end)


def imported() -> None:
    """Gives Ctrl-C back to Python, whose exception leaves nothing half done behind."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
