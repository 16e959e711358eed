"""What people are told of the token that Ray's dashboard asks for."""

from pathlib import Path

import pytest

from study.tune.cluster import Cluster
from study.tune.machine import token_place


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, None),
        ({"RAY_AUTH_MODE": "disabled"}, None),
        ({"RAY_AUTH_MODE": "token"}, "HOME/.ray/auth_token"),
        ({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": "/run/token"}, "/run/token"),
        ({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "secret"}, "$RAY_AUTH_TOKEN"),
    ],
)
def test_the_token_is_where_ray_looks_for_it(
    settings: dict[str, str], place: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert token_place() == (place and place.replace("HOME", str(tmp_path)))


def test_the_dashboard_is_named_with_what_it_asks_for() -> None:
    url = "http://127.0.0.1:8265"
    assert Cluster(url, "x", 2).dashboard == url
    assert Cluster(url, "x", 2, token="~/t").dashboard == f"{url} (asks for the token in ~/t)"
    assert Cluster(None, "x", 2, token="~/t").dashboard == "none"
