"""A command in a process of its own: what it tells, and that it ends with who called it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from study.apart import run_apart
from study.errors import StudyError

COMMAND = """
import os, signal, sys, time

def main(words):
    what, *rest = words
    if what == "fail":
        print("made_up: too many moons", file=sys.stderr)
        return 6
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "wait":
        caught = []
        signal.signal(signal.SIGINT, lambda *_: caught.append(130))
        signal.signal(signal.SIGTERM, lambda *_: caught.append(143))
        open(rest[0], "w").close()
        while not caught:
            time.sleep(0.01)
        open(rest[0] + ".code", "w").write(str(caught[0]))
        print("saved; go on with: anything")
        return caught[0]
    print("1/2 trials", os.environ["SEEN"], flush=True)
    print(what)
    return 0
"""


@pytest.fixture(autouse=True)
def made_up(tmp_path, monkeypatch):
    (tmp_path / "made_up.py").write_text(COMMAND)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SEEN", "as here")


def test_it_is_quiet_unless_it_is_asked(capfd):
    run_apart("made_up", ["hello"], progress=False)
    assert capfd.readouterr() == ("", "")
    run_apart("made_up", ["hello"], progress=True)
    assert capfd.readouterr().out == "1/2 trials as here\nhello\n"


def test_what_fails_raises_the_sentence_with_the_exit_code():
    with pytest.raises(StudyError, match=r"^too many moons$") as failed:
        run_apart("made_up", ["fail"], progress=False)
    assert failed.value.code == 6
    with pytest.raises(StudyError, match="made_up was ended by SIGKILL"):
        run_apart("made_up", ["die"], progress=False)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def test_ctrl_c_has_it_save_and_says_how_to_go_on(tmp_path):
    began = tmp_path / "began"

    def interrupt() -> None:
        wait_for(began)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt, match="saved; go on with: anything"):
        run_apart("made_up", ["wait", str(began)], progress=False)
    assert (tmp_path / "began.code").read_text() == "130"


def test_it_saves_and_ends_when_its_caller_is_killed(tmp_path):
    began, code = tmp_path / "began", tmp_path / "began.code"
    words = ["wait", str(began)]
    call = f"import study.apart as a; a.run_apart('made_up', {words!r}, progress=False)"
    with subprocess.Popen([sys.executable, "-c", call], cwd=Path(__file__).parents[2]) as caller:
        wait_for(began)
        caller.kill()
    wait_for(code)
