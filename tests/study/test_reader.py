"""A command whose output nobody reads any more."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

TALKS = """
import sys
from pathlib import Path
from study.reader import outlive_readers
outlive_readers()
from rich.console import Console
for number in range(20000):
    print("line", number)
    Console(highlight=False).print("x" * 40) if number % 1000 == 0 else None
sys.stdout.flush()
Path(sys.argv[1]).write_text("to the end")
"""


def test_a_command_runs_to_its_end_when_its_reader_goes(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TALKS, str(tmp_path / "mark")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as talker:
        assert talker.stdout is not None
        assert talker.stdout.readline() == "line 0\n"
        talker.stdout.close()
        assert talker.wait(60) == 0
        assert talker.stderr is not None
        assert talker.stderr.read() == ""
    assert (tmp_path / "mark").read_text() == "to the end"
