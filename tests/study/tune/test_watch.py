"""That a lost Ray is noticed, without Ray."""

import socket
import subprocess
import sys
import threading

import pytest

from study.tune import watch
from study.tune.watch import OwnProcesses, Watch, reachable


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY_S", 0.01)


def test_a_core_process_that_dies_is_named_and_others_are_nobodys_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(sleep) as core, subprocess.Popen(sleep) as other:
        names = {core.pid: "raylet", other.pid: "dashboard"}
        monkeypatch.setattr(watch, "_name", lambda process: names.get(process.pid, ""))
        check = OwnProcesses()
        other.kill()
        other.wait()
        assert check() is None
        core.kill()  # and nobody waits for it: a zombie is dead
        while check() is None:
            pass
        assert check() == "its raylet died"


def test_a_cluster_is_given_time_to_come_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gcs:
        address = f"127.0.0.1:{gcs.getsockname()[1]}"
        patient, hasty = reachable(address, 60), reachable(address, 0)
        assert (patient(), hasty()) == (None, None)
    assert patient() is None
    assert hasty() == f"its GCS at {address} does not answer"


def test_the_process_is_given_up_when_ray_is_gone() -> None:
    told, heard = list[str](), threading.Event()
    watching = Watch()

    def give_up(gone: str) -> None:
        told.append(gone)
        heard.set()

    watching.give_up = give_up
    with watching.kept(lambda: "its raylet died"):
        assert heard.wait(10)
    assert set(told) == {"its raylet died"}


def test_what_ends_while_ray_is_left_is_no_loss() -> None:
    watching, gone = Watch(), list[str]()
    watching.give_up = gone.append
    with watching.kept(lambda: None):
        pass
    assert gone == []


def test_what_we_end_while_it_looks_is_no_loss_either() -> None:
    watching, gone, looked = Watch(), list[str](), threading.Event()
    looking, ended = threading.Event(), threading.Event()
    watching.give_up = gone.append

    def check() -> str | None:
        looking.set()
        ended.wait(10)  # Ray is left and ended between the question and the answer
        looked.set()
        return "its raylet died"

    with watching.kept(check):
        looking.wait(10)
    ended.set()
    looked.wait(10)
    assert gone == []


def test_an_error_that_ray_s_loss_has_raised_is_given_up_for_the_loss() -> None:
    watching, gone = Watch(), list[str]()
    watching.give_up = gone.append
    with pytest.raises(RuntimeError), watching.kept(lambda: "its GCS died"):
        raise RuntimeError("of Ray's")
    assert "its GCS died" in gone
