"""Whether anybody answers at an address, by servers of every kind of silence."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from study.tune import probe
from study.tune.probe import address_of_auto, why_silent


def never() -> bool:
    return False


@contextmanager
def server(*, accepting: bool = True) -> Iterator[str]:
    """Takes calls and says nothing; or is gone again, and its port refuses."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        if accepting:
            yield address
    if not accepting:
        yield address


def test_a_port_where_nobody_listens_refuses() -> None:
    with server(accepting=False) as address:
        assert why_silent(address, never) == "connection refused"


def test_one_that_takes_the_call_and_says_nothing_is_left_in_time() -> None:
    with server() as address:
        assert why_silent(address, never, 0.5) == "it took the call and said nothing"


def test_a_signal_ends_the_waiting_at_once() -> None:
    asked = threading.Event()
    threading.Timer(0.3, asked.set).start()
    with server() as address:
        began = time.monotonic()
        assert why_silent(address, asked.is_set, 60) == "stopped"
        assert time.monotonic() - began < 30


def test_a_server_of_something_else_is_no_ray() -> None:
    class Page(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{web.server_port}"
        assert why_silent(address, never, 5) == "what answers there is no Ray"
        web.shutdown()


def test_a_host_that_nobody_knows_is_said_so() -> None:
    assert "no.such.host.invalid is not known" in str(why_silent("no.such.host.invalid:1", never))


def test_a_cluster_answers(ray_address: str) -> None:
    assert why_silent(ray_address, never) is None


def test_auto_is_ray_address_or_the_last_cluster_unless_one_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running = [True]
    monkeypatch.setattr(probe, "_a_cluster_runs_here", lambda: running[0])
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text("10.0.0.1:6379\n")
    assert address_of_auto() is None
    running[0] = False
    assert address_of_auto() == "10.0.0.1:6379"
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.2:6379")
    assert address_of_auto() == "10.0.0.2:6379"
