"""The study's page, served while it runs by a process beside the driver."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from zlib import crc32

from moons.terminal import console, say, say_whole
from study.plan import Plan

# Ports that systems give to nobody by themselves.
LOWEST, PORTS = 20_000, 10_000


def port_of(folder: Path) -> int:
    """Where a study is served if that is free: always the same, so an open page finds it again."""
    return LOWEST + crc32(str(folder).encode()) % PORTS


@contextmanager
def watched(plan: Plan) -> Iterator[None]:
    """Serves the page of a plan that asks for it, until what is inside has ended.

    The server has a process and a session of its own: it takes nothing from the driver, and Ctrl-C
    reaches the driver alone. It stops when its input ends, so with a driver that was
    killed as well, after it has told its readers how the study stands.
    """
    if not plan.live:
        yield
        return
    folder = plan.folder.resolve()
    command = [sys.executable, "-m", "analysis.live", str(folder.parent)]
    command += ["--port", str(port_of(folder)), "--while-input"]
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
