"""Ray's head node of our own, started with nothing waiting in line that need not.

Ray starts its dashboard, then its node, then workers, then what they import: one after the other,
each for seconds on one core while the others idle. Here they start beside each other.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

from ray._private.node import Node


class Dashboard:
    """The dashboard of our node, which starts on a thread while the rest of Ray starts."""

    def __init__(self) -> None:
        self._node: Any = None
        self._tried = Event()
        self._over = Event()

    @contextmanager
    def started_beside(self) -> Iterator[None]:
        """While it is entered, `ray.init` does not wait for the dashboard."""
        theirs = Node.start_api_server, Node.start_log_monitor

        def beside(node: Any, **options: Any) -> None:
            self._node = node
            # Where it fails Ray says why, and the study goes on without.
            start = partial(theirs[0], node, **options | {"raise_on_failure": False})
            Thread(target=self._attend, args=[start], daemon=True).start()

        Node.start_api_server, Node.start_log_monitor = beside, _no_log_monitor
        try:
            yield
        finally:
            Node.start_api_server, Node.start_log_monitor = theirs

    def url(self) -> str | None:
        """Where it is, as soon as it is there; None where it failed, of which Ray has told."""
        self._tried.wait()
        address: str | None = self._node.webui_url
        return f"http://{address}" if address else None

    def end(self) -> None:
        """Lets the thread go, after Ray has ended the dashboard."""
        self._over.set()

    def _attend(self, start: Callable[[], None]) -> None:
        try:
            start()
        finally:
            self._tried.set()
        self._over.wait()  # Linux ends a process of Ray's with the thread that started it


def _no_log_monitor(node: Any) -> None:
    """What workers print is not sent to the driver, so that nobody need read all logs for it."""


@contextmanager
def imports_ahead() -> Iterator[None]:
    """Has workers that Ray starts meanwhile import what trials need, from where we came from."""
    places = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    wanted = {
        "PYTHONPATH": os.pathsep.join(places),
        "RAY_preload_python_modules": "study.tune.preload",
        # Ray would end one of them that has waited for the driver for a second.
        "RAY_idle_worker_killing_time_threshold_ms": "60000",
    }
    kept = {name: os.environ.get(name) for name in wanted}
    for name, value in wanted.items():
        if name == "PYTHONPATH" or not kept[name]:
            os.environ[name] = value
    try:
        yield
    finally:  # these alone: Ray and imports on other threads may have set some of their own
        for name, before in kept.items():
            del os.environ[name]
            if before is not None:
                os.environ[name] = before
