"""A tracker that hangs, without one."""

import threading
from pathlib import Path

import pytest

from study.trackers import tracked
from study.trackers.tracked import Tracked
from tests.study.in_process import quick_plan


class Hanging:
    """A tracker whose server takes the call and says nothing."""

    def __init__(self) -> None:
        self.never = threading.Event()

    def on_experiment_end(self, trials: list[object]) -> None:
        self.never.wait()


def test_a_tracker_that_hangs_does_not_keep_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hanging = Hanging()
    monkeypatch.setattr(tracked, "open_tracker", lambda *_: hanging)
    monkeypatch.setattr(tracked, "PATIENCE_S", 0.2)
    Tracked("mlflow", quick_plan(tmp_path)).close()
    assert "--log mlflow said nothing" in capsys.readouterr().err
    hanging.never.set()
