"""A study that runs for as long as tests watch it, on a Ray of its own."""

import json
import os
import shutil
import signal
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Driver
from tests.study import spaces

SLOW = Path(spaces.__file__ or "").parent / "slow.py"
WITHIN_S = 120.0


@dataclass(frozen=True)
class Running:
    """A study under way.

    Attributes:
        folder: its record.
        ray_tmp: where its Ray keeps its files.
        url: of its dashboard.
    """

    driver: Driver
    folder: Path
    ray_tmp: Path
    url: str


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A study that has a complete trial and is far from its end."""
    results = tmp_path_factory.mktemp("watched")
    ray_tmp = Path(tempfile.mkdtemp(prefix="moons", dir="/tmp"))  # short: it holds Ray's sockets
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", str(ray_tmp))
        patch.setenv("RAY_metrics_report_interval_ms", "1000")
        patch.setenv("PYTHONUNBUFFERED", "1")
        words = ("--space", SLOW, "--trials", 5000, "--max-epochs", 20, "--grace", 5)
        driver = Driver(*words, "--results", results, "--name", "watched")
    try:
        assert driver.process.stdout is not None
        driver.process.stdout.readline()
        said = driver.process.stdout.readline().split()
        url = next(word for word in said if word.startswith("http"))
        wait_for(lambda: '"complete"' in (results / "watched" / "journal.log").read_text())
        yield Running(driver, results / "watched", ray_tmp, url)
        assert driver.send(signal.SIGINT).code == 130  # nothing that watched it disturbed it
    finally:
        if driver.process.poll() is None:
            os.killpg(driver.process.pid, signal.SIGKILL)
            driver.process.wait()
        shutil.rmtree(ray_tmp, ignore_errors=True)


def wait_for(found: Callable[[], Any]) -> Any:
    """What is found, as soon as it is something."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            if result := found():
                return result
        except (OSError, LookupError) as error:  # a server that is not up yet, an empty answer
            result = error
        assert time.monotonic() < deadline, f"it took too long: {result}"
        time.sleep(0.3)


def fetch(url: str, token: str | None = None) -> bytes:
    """The body of an answer, past any proxy."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return bytes(answer.read())


def fetch_json(url: str, token: str | None = None) -> Any:
    return json.loads(fetch(url, token))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
