"""What all tests share: one Ray cluster, and ways to run a study on it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from study.tune.cluster import ENVIRONMENT

ROOT = Path(__file__).parent.parent
torch.set_num_threads(1)  # as a worker does


@pytest.fixture(scope="session")
def ray_address() -> Iterator[str]:
    """One local cluster of two CPUs for the whole run, without a dashboard."""
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    os.environ["PYTHONPATH"] = str(ROOT)  # for workers, wherever pytest was started
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 2, "include_dashboard": False},
    )
    yield cluster.address
    cluster.shutdown()


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_study(
    ray_address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs `study.run` in this process on the shared cluster, with results under `tmp_path`.

    One trial at a time, unless it is told otherwise: a second worker has as much to import.
    """
    from study.run import main

    def run(*words: object, address: str | None = ray_address, report: bool = False) -> Ended:
        args = [str(word) for word in words]
        if not report:
            args.append("--no-report")
        if "--resume" not in args:
            args += ["--results", str(tmp_path)]
        if address is not None:
            args += ["--address", address]
        if "--workers" not in args:
            args += ["--workers", "1"]
        capfd.readouterr()
        code = main(args)
        said = capfd.readouterr()
        return Ended(code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def smoke(ray_address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of the CVAE that `--smoke` ran; not to be changed."""
    from study.run import main

    results = tmp_path_factory.mktemp("smoke")
    words = ["--space", "cvae", "--smoke", "--seed", "5", "--name", "s", "--no-report"]
    assert main([*words, "--results", str(results), "--address", ray_address]) == 0
    return results / "s"


@pytest.fixture
def smoked(smoke: Path, tmp_path: Path) -> Path:
    """A copy of it, at `tmp_path / "s"`."""
    return Path(shutil.copytree(smoke, tmp_path / "s"))


class Driver:
    """A `study.run` in a process of its own, to be killed."""

    def __init__(self, *words: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "study.run", "--no-report", *map(str, words)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, reached: Callable[[], bool], within_s: float = 90) -> None:
        """Waits until something has happened, and fails if the process ends before."""
        deadline = time.monotonic() + within_s
        while not reached():
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.02)

    def send(self, signum: signal.Signals) -> Ended:
        """Sends a signal and waits for the end."""
        self.process.send_signal(signum)
        return self.end()

    def end(self) -> Ended:
        """Waits for the end."""
        out, _ = self.process.communicate(timeout=120)
        return Ended(self.process.returncode, out, "")


@pytest.fixture
def driver() -> Iterator[Callable[..., Driver]]:
    """Starts drivers, and leaves none behind."""
    started: list[Driver] = []

    def start(*words: object) -> Driver:
        started.append(Driver(*words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()
