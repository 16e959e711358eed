"""What a driver does around its trials, without Ray."""

import gc
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.exceptions import AuthenticationError, RayError

from study.errors import RAY, StudyError, Unreachable
from study.execute import _beside
from study.monitoring.tally import Tally
from study.run import main
from study.signals import Stop
from study.tune.cluster import Cluster, connected
from tests.study.local import plan, run_locally


@pytest.fixture
def on_no_cluster(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Stop], None]], None]:
    """Has a study do something else in place of its trials."""

    @contextmanager
    def no_cluster(*_: object, **__: object) -> Iterator[Cluster]:
        yield Cluster(None, "", 1)

    def instead(happens: Callable[[Stop], None]) -> None:
        monkeypatch.setattr("study.execute.connected", no_cluster)
        monkeypatch.setattr("study.tune.driver.run_trials", lambda *words: happens(words[-1]))

    return instead


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A study of five trials, some of them complete."""
    run_locally(plan(tmp_path, "--trials", 5))
    return tmp_path / "s"


def manifest(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "study.json").read_text())
    return found


class Killed(BaseException):
    """The end of a process, as far as a test can have one."""


def test_an_extension_is_remembered_whatever_becomes_of_its_driver(
    finished: Path, on_no_cluster: Callable[[Callable[[Stop], None]], None]
) -> None:
    def dies(stop: Stop) -> None:
        raise Killed

    on_no_cluster(dies)
    with pytest.raises(Killed):
        main(["--resume", str(finished), "--trials", "9", "--no-report"])
    assert manifest(finished)["outcome"] == "running"
    on_no_cluster(lambda stop: setattr(stop, "signum", signal.SIGTERM))
    assert main(["--resume", str(finished), "--no-report"]) == 143  # nine are still wanted
    assert manifest(finished)["outcome"] == "interrupted"


def test_the_answer_is_told_before_the_cluster_is_gone() -> None:
    told, gone = Event(), Event()

    def leave() -> None:
        if told.wait(timeout=20):
            gone.set()

    with _beside(leave):
        told.set()
    assert gone.is_set()


class Referred:
    """As one of Ray's references in a circle, which only the garbage collector drops."""

    def __init__(self, dropped: Event) -> None:
        self.itself, self._dropped = self, dropped

    def __del__(self) -> None:
        self._dropped.set()


def test_garbage_of_the_trials_is_not_collected_before_the_cluster_is_left() -> None:
    dropped, left_with = Event(), []
    Referred(dropped)
    with _beside(lambda: left_with.append(dropped.is_set())):
        gc.collect()
        assert not dropped.is_set()
    assert left_with == [False]
    gc.collect()
    assert dropped.is_set()


def test_a_study_that_was_stopped_says_how_to_go_on_and_draws_no_report(
    finished: Path,
    on_no_cluster: Callable[[Callable[[Stop], None]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    on_no_cluster(lambda stop: setattr(stop, "signum", signal.SIGINT))
    assert main(["--resume", str(finished), "--trials", "9"]) == 130
    assert f"go on with: python -m study.run --resume {finished}" in capsys.readouterr().out
    assert not (finished / "report.html").exists()


def test_ctrl_c_where_no_trial_runs_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("study.run.dispatch", interrupted)
    assert main(["--space", "cvae"]) == 130
    assert capsys.readouterr().err == "study.run: stopped; what was finished is on record\n"


@pytest.mark.parametrize("error", [ConnectionError("nobody\nthere"), AuthenticationError("token")])
def test_a_cluster_that_cannot_be_joined_is_told_of_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    def init(**_: object) -> None:
        raise error

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr("study.tune.cluster.why_silent", lambda *_: None)
    words = ["--space", "cvae", "--name", "s", "--results", str(tmp_path)]
    assert main([*words, "--address", "10.0.0.1:6379"]) == 2
    said = capsys.readouterr().err
    assert "--address must name a running Ray cluster, got 10.0.0.1:6379" in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_sigterm_stays_ours_whatever_ray_puts_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: object) -> SimpleNamespace:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as its core does, beneath Python
        return SimpleNamespace(dashboard_url=None, address_info={"gcs_address": "10.0.0.1:6379"})

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr("study.tune.cluster.why_silent", lambda *_: None)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    stop = Stop(None, Tally(1))
    with stop.on_signals(), connected("10.0.0.1:6379", 1):
        signal.raise_signal(signal.SIGTERM)
    assert (stop.signum, stop.code) == (signal.SIGTERM, 143)


def test_a_study_whose_cluster_cannot_be_joined_stays_as_it_was(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(**_: object) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr("study.tune.cluster.why_silent", lambda *_: None)
    before = (finished / "study.json").read_bytes()
    words = ["--resume", str(finished), "--trials", "9"]
    assert main([*words, "--address", "10.0.0.1:6379"]) == 2
    assert (finished / "study.json").read_bytes() == before


@pytest.mark.parametrize(
    "error",
    [
        Exception("The current node timed out during startup.\nSee the logs"),  # as Ray has it
        RuntimeError("GCS"),
        TimeoutError("GCS"),
        OSError(28, "No space left on device"),
    ],
)
def test_a_ray_that_does_not_start_is_tried_twice_and_told_of_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    tries = []

    def init(**options: object) -> None:
        tries.append(options)
        raise error

    monkeypatch.setattr(ray, "init", init)
    assert main(["--space", "cvae", "--name", "s", "--results", str(tmp_path)]) == 7
    assert len(tries) == 2
    said = capfd.readouterr().err
    assert said.startswith("study.run: Ray could not be started: ")
    assert str(error).splitlines()[0].rstrip(".") in said
    assert said.count("\n") == 1
    assert not (tmp_path / "s").exists()


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[StudyError], None]:
    """Has a study's Ray die, and its process end."""

    def ended(code: int) -> None:
        raise Killed(code)

    def of(error: StudyError) -> None:
        @contextmanager
        def connected(*words: Any, **_: object) -> Iterator[Cluster]:
            next(word for word in reversed(words) if callable(word))(error)
            yield Cluster(None, "", 1)

        monkeypatch.setattr("study.execute.connected", connected)
        monkeypatch.setattr("os._exit", ended)

    return of


def test_a_lost_ray_ends_the_process_with_the_command_that_goes_on(
    finished: Path, dying: Callable[[StudyError], None], capsys: pytest.CaptureFixture[str]
) -> None:
    dying(StudyError("Ray was lost: its raylet died", RAY))
    with pytest.raises(Killed, match="7"):
        main(["--resume", str(finished), "--trials", "9", "--no-report"])
    said = capsys.readouterr().err
    assert "Ray was lost: its raylet died; the record is whole" in said
    assert f"python -m study.run --resume {finished}" in said
    assert manifest(finished)["outcome"] == "interrupted"


def test_a_ray_that_dies_while_it_starts_leaves_no_new_study_and_an_old_one_as_it_was(
    finished: Path,
    tmp_path: Path,
    dying: Callable[[StudyError], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    dying(Unreachable("Ray could not be started: its GCS died", RAY))
    with pytest.raises(Killed, match="7"):
        main(["--space", "cvae", "--name", "new", "--results", str(tmp_path)])
    said = capsys.readouterr().err
    assert said == "study.run: Ray could not be started: its GCS died\n"
    assert not (tmp_path / "new").exists()
    before = (finished / "study.json").read_bytes()
    with pytest.raises(Killed, match="7"):
        main(["--resume", str(finished), "--trials", "9", "--no-report"])
    assert f"go on with: python -m study.run --resume {finished}" in capsys.readouterr().err
    assert (finished / "study.json").read_bytes() == before


def test_a_call_that_ray_does_not_answer_any_more_is_a_loss(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unanswered(*_: object) -> None:
        raise RayError("failed to connect to all addresses")

    context = SimpleNamespace(dashboard_url=None, address_info={"gcs_address": "10.0.0.1:6379"})
    monkeypatch.setattr(ray, "init", lambda **_: context)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr("study.tune.cluster.why_silent", lambda *_: None)
    monkeypatch.setattr("study.tune.driver.run_trials", unanswered)
    words = ["--resume", str(finished), "--trials", "9", "--workers", "1", "--no-report"]
    assert main([*words, "--address", "10.0.0.1:6379"]) == 7
    said = capsys.readouterr().err
    assert "Ray was lost: failed to connect to all addresses; the record is whole" in said
    assert said.count("\n") == 1


def test_what_is_done_meanwhile_imports_a_ray_that_knows_of_its_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def init(**_: object) -> None:
        raise RuntimeError("not now")

    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    monkeypatch.setattr("study.tune.machine._ray_is_loaded", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    seen = []
    with (
        pytest.raises(StudyError),
        connected(None, 1, lambda: seen.append(os.environ["RAY_AUTH_MODE"])),
    ):
        pass
    assert seen == ["token"]
    assert "RAY_AUTH_MODE" not in os.environ
