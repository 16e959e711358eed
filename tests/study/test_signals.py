"""What stops a study before its last trial: signals that are kept back, and a time budget."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from study import signals
from study.monitoring import tally as tallies
from study.monitoring.tally import Tally
from study.signals import Stop, sigterm_deferred
from tests.conftest import ROOT


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that have passed; a test moves it on."""
    now = [1000.0]
    for module in (signals, tallies):
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_budget_counts_from_the_first_report(clock: list[float]) -> None:
    tally = Tally(9)
    stop = Stop(10.0, tally)
    clock[0] += 600  # Ray starts on a busy machine
    assert not stop.late
    tally.reported = clock[0]
    tally.states["pruned"] += 1
    clock[0] += 9
    assert not stop.late
    clock[0] += 2
    assert stop.late


def test_a_budget_ends_no_driver_that_has_finished_nothing(clock: list[float]) -> None:
    tally = Tally(9)
    tally.states["complete"] += 3
    tally.__post_init__()  # by an earlier driver
    tally.reported = clock[0]
    clock[0] += 600
    assert not Stop(10.0, tally).late
    tally.states["pruned"] += 1
    assert Stop(10.0, tally).late


def test_without_a_budget_it_is_never_late(clock: list[float]) -> None:
    tally = Tally(9)
    tally.reported = 0.0
    tally.states["complete"] += 1
    assert not Stop(None, tally).late


DEFERS = """
import os, signal, threading
from study.signals import Stop, sigterm_deferred, sigterm_waits
with sigterm_deferred():
    import numpy
from study.monitoring.tally import Tally
stop = Stop(None, Tally(1))
with stop.on_signals():
    with sigterm_deferred():
        thread = threading.Thread(target=threading.Event().wait, args=[0.5])
        thread.start()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # as Ray's core does, beneath Python
        os.kill(os.getpid(), signal.SIGTERM)
        thread.join()
        assert sigterm_waits()
    assert stop.asked
print(stop.code)
"""


def test_a_sigterm_that_comes_meanwhile_is_ours_afterwards() -> None:
    ended = subprocess.run([sys.executable, "-c", DEFERS], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "143\n"), ended.stderr


def test_processes_that_ray_starts_meanwhile_can_be_ended() -> None:
    sleep = [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)"]
    with (
        sigterm_deferred(),
        # With a function before it, as Ray starts its own.
        subprocess.Popen(sleep, preexec_fn=lambda: None, stdout=subprocess.PIPE) as child,
    ):
        assert child.stdout is not None
        child.stdout.readline()
        child.terminate()
        assert child.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize("module", ["study.run", "study.rerun"])
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_among_the_imports_ends_a_command_in_a_sentence(
    tmp_path: Path, module: str, signum: signal.Signals, code: int
) -> None:
    # What every command imports, in its place.
    (tmp_path / "tyro.py").write_text(f"import os; os.kill(os.getpid(), {signum:d}); import none")
    ended = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    said = f"{module}: stopped; what was finished is on record\n"
    assert (ended.returncode, ended.stderr) == (code, said)
