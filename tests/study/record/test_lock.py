"""One driver a study, seen from a second process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from study.errors import LOCKED, StudyError
from study.record.lock import held

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from study.record.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """A process that holds the lock of the folder until it is told or killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / ".lock")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_driver_is_refused_at_once_and_told_who_has_it(tmp_path, other):
    with pytest.raises(StudyError) as refused, held(tmp_path / ".lock"):
        pytest.fail("two drivers hold the lock")
    assert refused.value.code == LOCKED == 3
    assert f"{tmp_path} is in use by another driver" in str(refused.value)
    assert f"pid {other.pid} on host {socket.gethostname()}" in str(refused.value)


def test_a_refused_driver_leaves_the_owner_s_name_where_it_was(tmp_path, other):
    with pytest.raises(StudyError), held(tmp_path / ".lock"):
        pytest.fail("two drivers hold the lock")
    assert json.loads((tmp_path / ".lock").read_text())["pid"] == other.pid


def test_a_lock_is_free_after_its_owner_has_left(tmp_path, other):
    other.communicate(input="")
    assert other.returncode == 0
    with held(tmp_path / ".lock"):
        owner = json.loads((tmp_path / ".lock").read_text())
    assert owner == {"pid": os.getpid(), "host": socket.gethostname()}


def test_a_lock_is_free_after_its_owner_was_killed(tmp_path, other):
    other.kill()
    other.wait()
    with held(tmp_path / ".lock"):
        pass


def test_a_lock_is_free_after_an_error_of_its_owner(tmp_path):
    def broken_driver():
        with held(tmp_path / ".lock"):
            raise RuntimeError("a driver's own")

    with pytest.raises(RuntimeError, match="a driver's own"):
        broken_driver()
    with held(tmp_path / ".lock"):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_an_owner_that_has_not_said_its_name_is_refused_all_the_same(tmp_path, other, content):
    (tmp_path / ".lock").write_text(content)
    with pytest.raises(StudyError, match="it has not said which yet"), held(tmp_path / ".lock"):
        pytest.fail("two drivers hold the lock")
