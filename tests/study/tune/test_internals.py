"""Ray's private names: what they buy is had, and without any of them a study runs all the same."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from threading import enumerate as threads
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from study.tune import internals
from study.tune.internals import (
    ACTOR_CLASS,
    API_SERVER,
    CALLBACK_TAGS,
    NAMES,
    SNAPSHOT,
    Dashboard,
    Private,
    imports_ahead,
    lean_tune,
    name_process,
)
from study.tune.trainable import MoonsTrial
from tests.conftest import ROOT, Ended

AHEAD = "RAY_preload_python_modules"
Run = Callable[..., Ended]
pytestmark = pytest.mark.rays


def held(private: Private) -> Any:
    """What Ray has under the name."""
    found = private.find()
    assert found is not None
    return getattr(*found)


@pytest.fixture
def taken_away(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has some of the names gone, as in a Ray that calls them otherwise."""
    find = Private.find

    def take(*gone: Private) -> None:
        monkeypatch.setattr(Private, "find", lambda self: None if self in gone else find(self))

    return take


@pytest.mark.parametrize("private", NAMES, ids=lambda p: p.path)
def test_this_ray_has_the_name(private: Private) -> None:
    assert callable(held(private))


@pytest.mark.parametrize(
    "moved",
    [
        Private(module="ray._no_such_module", path="name", buys="", without=""),
        Private(module="ray._private.node", path="NoSuchClass.name", buys="", without=""),
        Private(module="ray._private.node", path="Node.no_such_name", buys="", without=""),
    ],
    ids=["module", "class", "name"],
)
def test_a_name_that_has_moved_is_not_replaced(moved: Private) -> None:
    with internals._replaced((moved, lambda: None)):
        assert moved.find() is None


@pytest.mark.slow
@pytest.mark.parametrize("gone", [SNAPSHOT, CALLBACK_TAGS, ACTOR_CLASS], ids=lambda p: p.path)
def test_a_study_comes_out_the_same_without_the_name(
    gone: Private,
    taken_away: Callable[..., None],
    run_study: Run,
    smoke: Path,
    tmp_path: Path,
) -> None:
    taken_away(gone)
    words = ("--space", "cvae", "--smoke", "--seed", "5", "--trials", "2")
    assert run_study(*words, "--name", "s").code == 0
    found, expected = (pd.read_parquet(p / "trials.parquet") for p in (tmp_path / "s", smoke))
    assert list(found["seed"]) == list(expected["seed"])[:2]
    assert found["val_mse"].iloc[0] == expected["val_mse"].iloc[0]


OWN_RAY = """
from study.tune.cluster import connected
from study.tune.internals import API_SERVER, LOG_MONITOR, Private
find = Private.find
Private.find = lambda name: None if name in (API_SERVER, LOG_MONITOR) else find(name)
with connected(None, 1) as cluster:
    print("dashboard", cluster.dashboard_url)
"""


@pytest.mark.slow
def test_ray_starts_in_its_own_way_where_its_node_has_other_names() -> None:
    # In a process of its own: Ray's core keeps the token, which the shared cluster does not take.
    said = subprocess.run(
        [sys.executable, "-c", OWN_RAY], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines()[-1].startswith("dashboard http://127.0.0.1:")


def test_ray_does_not_wait_for_its_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Event()

    def start(node: SimpleNamespace, **_: object) -> None:
        answers.wait()
        node.webui_url = "127.0.0.1:8265"

    owner, name = API_SERVER.find() or (None, "")
    monkeypatch.setattr(owner, name, start)
    dashboard, node = Dashboard(), SimpleNamespace(webui_url=None)
    with dashboard.started_beside():
        held(API_SERVER)(node, include_dashboard=True, raise_on_failure=True)
        assert node.webui_url is None
    answers.set()
    assert dashboard.url(None) == "http://127.0.0.1:8265"
    dashboard.end()


def test_a_ray_that_starts_its_dashboard_in_another_way_says_where_it_is() -> None:
    dashboard = Dashboard()
    with dashboard.started_beside():
        pass  # it has the name and never calls it
    assert dashboard.url("127.0.0.1:8265") == "http://127.0.0.1:8265"
    assert dashboard.url(None) is None
    dashboard.end()


def test_the_thread_that_started_the_dashboard_lives_until_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = set[object]()
    owner, name = API_SERVER.find() or (None, "")
    monkeypatch.setattr(owner, name, lambda node, **_: ours.update(set(threads()) - before))
    dashboard, before = Dashboard(), set(threads())
    with dashboard.started_beside():
        held(API_SERVER)(SimpleNamespace(webui_url=None))
    dashboard.url(None)
    [thread] = ours
    assert thread in threads()  # Linux would end the dashboard with it
    dashboard.end()
    thread.join()


def test_a_dashboard_that_fails_is_told_of_and_leaves_ray_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = dict[str, object]()
    owner, name = API_SERVER.find() or (None, "")
    monkeypatch.setattr(owner, name, lambda node, **options: asked.update(options))
    dashboard = Dashboard()
    with dashboard.started_beside():
        held(API_SERVER)(SimpleNamespace(webui_url=None), raise_on_failure=True)
    assert dashboard.url(None) is None
    assert asked["raise_on_failure"] is False  # Ray then prints why
    dashboard.end()


def test_ray_and_tune_are_themselves_again_afterwards() -> None:
    theirs = [held(private) for private in NAMES]
    with Dashboard().started_beside(), lean_tune():
        now = [held(private) for private in NAMES]
        assert sum(a is not b for a, b in zip(now, theirs, strict=True)) == 6  # all but the title
    assert [held(private) for private in NAMES] == theirs


def test_tune_forgets_a_trial_two_snapshots_after_it_is_over(tmp_path: Path) -> None:
    @dataclass(eq=False)
    class Trial:
        trial_id: str
        over: bool

        def is_finished(self) -> bool:
            return self.over

    done, running = Trial("a", True), Trial("b", False)
    controller = SimpleNamespace(
        _storage=SimpleNamespace(experiment_driver_staging_path=str(tmp_path)),
        experiment_state_file_name="state.json",
        _trials=[done, running],
        _stopped_trials={done},
        _failed_trials=set(),
        _trials_to_cache={done, running},
    )
    with lean_tune():
        save = held(SNAPSHOT)
        save(controller)
        assert controller._trials == [done, running]
        save(controller)
    assert controller._trials == [running]
    assert controller._stopped_trials == set()
    assert controller._trials_to_cache == {running}
    assert (tmp_path / "state.json").exists()


def test_trials_ask_for_no_environment_that_workers_started_ahead_do_not_have() -> None:
    from ray.tune.execution.class_cache import _ActorClassCache

    def environment() -> object:
        return _ActorClassCache().get(MoonsTrial)._default_options.get("runtime_env")

    assert environment() is not None  # or there is nothing to keep Tune from any more
    with lean_tune():
        assert environment() is None


def test_a_worker_goes_unnamed_where_ray_cannot_name_it(taken_away: Callable[..., None]) -> None:
    taken_away(internals.TITLE)
    name_process("ray::MoonsTrial cvae trial 1")


def test_workers_import_ahead_and_the_environment_is_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(AHEAD, raising=False)
    monkeypatch.setenv("PYTHONPATH", "of the user")
    before = dict(os.environ)
    with imports_ahead():
        assert os.environ[AHEAD] == "study.tune.preload"
        assert os.environ["PYTHONPATH"].endswith(f"{os.pathsep}of the user")
    assert dict(os.environ) == before


def test_what_a_user_has_workers_import_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AHEAD, "somebody.s")
    with imports_ahead():
        assert os.environ[AHEAD] == "somebody.s"
    assert os.environ[AHEAD] == "somebody.s"
