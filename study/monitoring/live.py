"""The study's page, served while it runs by a process beside the driver."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from moons.terminal import console, say, say_whole
from study.plan import Plan


@contextmanager
def watched(plan: Plan) -> Iterator[None]:
    """Serves the page of a plan that asks for it, until what is inside has ended.

    The server has a process and a session of its own: it takes nothing from the driver, and Ctrl-C
    reaches the driver alone. It stops when its input ends, so with a driver that was
    killed as well.
    """
    if not plan.live:
        yield
        return
    root = str(plan.folder.resolve().parent)
    command = [sys.executable, "-m", "analysis.live", root, "--port", "0", "--while-input"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if address:
            say_whole(console(), f"live: {address}{quote(plan.folder.name)}/")
        else:
            say(console(), "the live page could not be served; the study runs without it")
        try:
            yield
        finally:
            server.stdin.close()
