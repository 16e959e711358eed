"""That a lost Ray is noticed, without Ray."""

import signal
import socket
import subprocess
import sys
import threading

import pytest

from study.tune import watch
from study.tune.watch import OwnProcesses, reachable, watching


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY_S", 0.01)


SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_core_process_that_dies_is_named_and_others_are_nobodys_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = dict[int, str]()
    monkeypatch.setattr(watch, "_name", lambda process: names.get(process.pid, ""))
    with subprocess.Popen(SLEEP) as somebody_elses:
        names[somebody_elses.pid] = "raylet"
        check = OwnProcesses()
        somebody_elses.kill()
        with subprocess.Popen(SLEEP) as core, subprocess.Popen(SLEEP) as other:
            assert check() is None  # before Ray has started any
            names |= {core.pid: "raylet", other.pid: "dashboard"}
            assert check() is None
            other.kill()
            other.wait()
            assert check() is None
            core.kill()  # and nobody waits for it: a zombie is dead
            while check() is None:
                pass
            assert check() == "its raylet died"


def test_what_a_start_that_failed_has_left_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_name", lambda process: "gcs_server")
    check = OwnProcesses()
    with subprocess.Popen(SLEEP) as left:
        check.end()
        assert left.wait(10) == -signal.SIGKILL


def test_a_cluster_is_given_time_to_come_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gcs:
        address = f"127.0.0.1:{gcs.getsockname()[1]}"
        patient, hasty = reachable(address, 60), reachable(address, 0)
        assert (patient(), hasty()) == (None, None)
    assert patient() is None
    assert hasty() == f"its GCS at {address} does not answer"


def test_the_process_is_given_up_when_ray_is_gone() -> None:
    told, heard = list[str](), threading.Event()

    def give_up(gone: str) -> None:
        told.append(gone)
        heard.set()

    with watching(lambda: "its raylet died", give_up):
        assert heard.wait(10)
    assert set(told) == {"its raylet died"}


def test_what_ends_while_ray_is_left_is_no_loss() -> None:
    gone = list[str]()
    with watching(lambda: None, gone.append):
        pass
    assert gone == []


def test_what_we_end_while_it_looks_is_no_loss_either() -> None:
    gone, looked = list[str](), threading.Event()
    looking, ended = threading.Event(), threading.Event()

    def check() -> str | None:
        looking.set()
        ended.wait(10)  # Ray is left and ended between the question and the answer
        looked.set()
        return "its raylet died"

    with watching(check, gone.append):
        looking.wait(10)
    ended.set()
    looked.wait(10)
    assert gone == []


def test_an_error_that_ray_s_loss_has_raised_is_given_up_for_the_loss() -> None:
    gone = list[str]()
    with pytest.raises(RuntimeError), watching(lambda: "its GCS died", gone.append):
        raise RuntimeError("of Ray's")
    assert "its GCS died" in gone
