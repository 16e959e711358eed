"""What a Ray of our own needs of the machine, and how it gets by where a machine is narrow."""

import os
import resource
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from moons.files import scratch_folder
from study.errors import RAY, Unreachable

MB = 2**20
# A Unix socket's path ends at 107 bytes, and Ray's are the folder, a session's name of up to 60
# characters and `/sockets/plasma_store`.
LONGEST_FOLDER = 42
LEAST_FREE = 150 * MB  # logs and sessions
LEAST_FILES = 256  # measured: with 64 the raylet starts and no worker does
FILES = 65536
STORE = 200 * MB  # jobs and reports take a few; Ray's own choice is 30 % of the memory
TOKEN = "RAY_AUTH_TOKEN"


@contextmanager
def prepared() -> Iterator[dict[str, Any]]:
    """Options for `ray.init`, with everything there that they need until the end.

    Raises:
        Unreachable: the machine lacks what no Ray can do without; says what.
    """
    _raise_file_limit()
    kept = {name: os.environ.get(name) for name in ("RAY_AUTH_MODE", f"{TOKEN}_PATH")}
    stock = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"
    own: Path | None = None
    with ExitStack() as stack:
        stack.callback(_put_back, kept)
        options: dict[str, Any] = {"object_store_memory": STORE}
        if not _fits(Path(stock)):
            own = stack.enter_context(_own_folder(Path(stock)))
            options["_temp_dir"] = str(own)
        if not _keep_token() and os.environ.get("RAY_AUTH_MODE", "token") == "token":
            own = own or stack.enter_context(_own_folder(Path(stock)))
            _write_token(own / "auth_token")
            os.environ[f"{TOKEN}_PATH"] = str(own / "auth_token")
        yield options


def _put_back(kept: dict[str, str | None]) -> None:
    for name, value in kept.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        raise Unreachable(
            f"Ray needs {LEAST_FILES} open files at least, and `ulimit -n` allows {soft}; "
            f"raise it, by `ulimit -n {LEAST_FILES}` or in /etc/security/limits.conf",
            RAY,
        )


def _fits(place: Path) -> bool:
    """Whether Ray can keep sockets and logs there."""
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return False
    short = len(os.fsencode(place / "ray")) <= LONGEST_FOLDER
    return short and free >= LEAST_FREE and os.access(place, os.W_OK | os.X_OK)


@contextmanager
def _own_folder(stock: Path) -> Iterator[Path]:
    """A new folder for Ray where the usual one does not do; a killed driver's is removed."""
    places = [
        Path(p) for p in ("/tmp", "/var/tmp", "/dev/shm", os.environ.get("XDG_RUNTIME_DIR", "/run"))
    ]
    for place in filter(_fits, places):
        stack = ExitStack()
        try:
            own = stack.enter_context(scratch_folder(place / "ray"))
        except OSError:
            continue
        with stack:
            yield own
        return
    raise Unreachable(
        f"Ray needs a folder for its sockets and logs, writable, with {LEAST_FREE // MB} MB free "
        f"and a path of at most {LONGEST_FOLDER - 4} characters; neither {stock} nor "
        f"{', '.join(map(str, places))} is one; set RAY_TMPDIR to one that is",
        RAY,
    )


def _keep_token() -> bool:
    """Whether there is a token, for this user's eyes; Ray would make the file for everybody's."""
    if not _ray_is_loaded():  # else it has read its settings, and asks for a token in its own way
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    if TOKEN in os.environ or f"{TOKEN}_PATH" in os.environ:
        return True
    place = _home() / ".ray" / "auth_token"
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_token(place)
        return True
    return False


def token_place() -> str | None:
    """Where the token is that the dashboard asks for; None where it asks for none."""
    if os.environ.get("RAY_AUTH_MODE") != "token":
        return None
    if TOKEN in os.environ:
        return f"${TOKEN}"
    return os.environ.get(f"{TOKEN}_PATH") or str(_home() / ".ray" / "auth_token")


def _ray_is_loaded() -> bool:
    return "ray" in sys.modules


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # no HOME, and no entry for this user either
        return Path("/nonexistent")


def _write_token(place: Path) -> None:
    """Makes the file, or leaves a token that is there and takes it from others' eyes.

    Raises:
        OSError: it cannot be written, or not read.
    """
    if place.is_file() and place.stat().st_size:
        place.read_bytes()
        with suppress(OSError):
            place.chmod(0o600)
        return
    place.unlink(missing_ok=True)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))


def what_is_short(*, patience: bool) -> str:
    """What this machine has of what Ray needs, in a sentence's end.

    Args:
        patience: whether a machine that is busy may be why.
    """
    memory = psutil.virtual_memory().available
    load, cpus = os.getloadavg()[0], os.cpu_count() or 1
    if memory < 1000 * MB:
        return f"it needs 1 GB of memory, and {memory // MB} MB are free"
    with suppress(OSError):
        if (shared := shutil.disk_usage("/dev/shm").free) < STORE:
            return f"it needs {STORE // MB} MB in /dev/shm, and {shared // MB} MB are free"
    if patience and load > 2 * cpus:
        return f"the machine is busy, with a load of {load:.0f} on {cpus} CPUs; try again later"
    return f"its logs are in {tempfile.gettempdir()}/ray/session_latest/logs"
