"""What a Ray of our own is given where a machine is narrow."""

import os
import resource
import stat
from pathlib import Path

import pytest

from study.errors import RAY, Unreachable
from study.tune import machine
from study.tune.machine import prepared

TOKEN_PATH = "RAY_AUTH_TOKEN_PATH"


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RAY_TMPDIR", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", TOKEN_PATH):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", "/tmp")
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_fresh_token_is_never_readable_to_others(tmp_path: Path) -> None:
    with prepared():
        token = tmp_path / ".ray" / "auth_token"
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert len(token.read_text()) >= 32
        first = token.read_text()
    with prepared():
        assert token.read_text() == first


def test_a_token_that_is_there_stays_and_is_taken_from_others_eyes(tmp_path: Path) -> None:
    token = tmp_path / ".ray" / "auth_token"
    token.parent.mkdir()
    token.write_text("somebody's")
    token.chmod(0o644)
    with prepared():
        assert token.read_text() == "somebody's"
        assert stat.S_IMODE(token.stat().st_mode) == 0o600


def test_without_a_home_the_token_is_in_a_folder_of_our_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/proc/no-home")
    with prepared():
        token = Path(os.environ[TOKEN_PATH])
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert not token.exists()
    assert TOKEN_PATH not in os.environ


def test_a_path_too_long_for_sockets_gives_way_to_a_short_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("a" * 84)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    with prepared() as options:
        folder = Path(options["_temp_dir"])
        assert folder.is_dir()
        assert len(str(folder)) <= machine.LONGEST_FOLDER
    assert not folder.exists()


def test_an_error_of_the_disk_that_comes_later_is_not_taken_for_a_folder_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / ("a" * 84)))
    seen = list[Path]()

    def fill() -> None:
        with prepared() as options:
            seen.append(Path(options["_temp_dir"]))
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fill()
    assert len(seen) == 1
    assert not seen[0].exists()


def test_the_usual_folder_is_left_as_it_is() -> None:
    with prepared() as options:
        assert "_temp_dir" not in options


def test_where_no_folder_does_it_says_what_one_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_FREE", 2**70)
    with pytest.raises(Unreachable, match="MB free and a path of at most") as refused, prepared():
        pass
    assert refused.value.code == RAY


def test_too_few_open_files_are_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (64, 64))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: None)
    with pytest.raises(Unreachable, match="`ulimit -n` allows 64"), prepared():
        pass
