"""How our own node starts: its dashboard beside the rest, its workers with imports ahead."""

import os
from collections.abc import Callable
from threading import Event
from threading import enumerate as threads
from types import SimpleNamespace

import pytest
from ray._private.node import Node

from study.tune.head import Dashboard, imports_ahead

AHEAD = "RAY_preload_python_modules"


def starts_with(monkeypatch: pytest.MonkeyPatch, start: Callable[..., None]) -> None:
    monkeypatch.setattr(Node, "start_api_server", start)


def test_ray_does_not_wait_for_its_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Event()

    def start(node: SimpleNamespace, **_: object) -> None:
        answers.wait()
        node.webui_url = "127.0.0.1:8265"

    starts_with(monkeypatch, start)
    dashboard, node = Dashboard(), SimpleNamespace(webui_url=None)
    with dashboard.started_beside():
        Node.start_api_server(node, include_dashboard=True, raise_on_failure=True)
        assert node.webui_url is None
    answers.set()
    assert dashboard.url() == "http://127.0.0.1:8265"
    dashboard.end()


def test_the_thread_that_started_the_dashboard_lives_until_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = set[object]()
    starts_with(monkeypatch, lambda node, **_: ours.update(set(threads()) - before))
    dashboard, before = Dashboard(), set(threads())
    with dashboard.started_beside():
        Node.start_api_server(SimpleNamespace(webui_url=None))
    dashboard.url()
    [thread] = ours
    assert thread in threads()  # Linux would end the dashboard with it
    dashboard.end()
    thread.join()


def test_a_dashboard_that_fails_is_told_of_and_leaves_ray_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = dict[str, object]()
    starts_with(monkeypatch, lambda node, **options: asked.update(options))
    dashboard = Dashboard()
    with dashboard.started_beside():
        Node.start_api_server(SimpleNamespace(webui_url=None), raise_on_failure=True)
    assert dashboard.url() is None
    assert asked["raise_on_failure"] is False  # Ray then prints why
    dashboard.end()


def test_ray_starts_nodes_of_others_as_ever() -> None:
    theirs = Node.start_api_server, Node.start_log_monitor
    with Dashboard().started_beside():
        assert theirs[0] is not Node.start_api_server
        assert theirs[1] is not Node.start_log_monitor
    assert (Node.start_api_server, Node.start_log_monitor) == theirs


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
