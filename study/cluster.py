"""Ray: a local cluster of our own, or one that is there, with workers that are warm."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from study.errors import StudyError

# Before Ray is imported. A user's own setting of any of these wins.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the record replaces them
    "TUNE_DISABLE_AUTO_CALLBACK_SYNCER": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # ours also knows SIGTERM and the exit codes
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # a diverged trial has no metric to report
    "TUNE_RESULT_BUFFER_LENGTH": "0",
}


QUIET = {"logging_level": logging.ERROR, "log_to_driver": False}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that this driver is connected to.

    Attributes:
        dashboard_url: where people look at it; None where it has no dashboard.
        address: of the cluster.
        workers: trials that run at a time.
        grows: more of them run at a time when nodes join.
    """

    dashboard_url: str | None
    address: str
    workers: int
    grows: bool = False


@contextmanager
def connected(
    address: str | None, workers: int | None, meanwhile: Callable[[], None] | None = None
) -> Iterator[Cluster]:
    """Connects to the cluster at `address`, or starts one of `workers` CPUs; leaves it at the end.

    Args:
        address: of a cluster; None starts one.
        workers: trials at a time; None takes every CPU.
        meanwhile: is done on a thread while Ray starts its processes, which takes seconds.

    Raises:
        StudyError: nothing answers at the address.
    """
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    import ray

    if meanwhile is not None:
        Thread(target=meanwhile).start()
    context = _own(workers) if address is None else _existing(address)
    try:
        cpus = workers or present_cpus()
        url = f"http://{context.dashboard_url}" if context.dashboard_url else None
        yield Cluster(url, context.address_info["gcs_address"], cpus, grows=workers is None)
    finally:
        ray.shutdown()


def present_cpus() -> int:
    """CPUs of the nodes that are alive."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _own(workers: int | None) -> Any:
    """A cluster of this machine alone, behind a token unless RAY_AUTH_MODE says otherwise."""
    import ray

    token = Path.home() / ".ray" / "auth_token"
    with _imports_ahead():
        context = ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=True,
            _node_ip_address="127.0.0.1",  # nothing of it listens to the network
            **QUIET,
        )
    with suppress(OSError):
        token.chmod(0o600)  # Ray makes it readable to everybody
    return context


@contextmanager
def _imports_ahead() -> Iterator[None]:
    """Has workers that Ray starts meanwhile import what trials need, from where we came from."""
    preload, path = "RAY_preload_python_modules", "PYTHONPATH"
    kept = {name: os.environ.get(name) for name in (preload, path)}
    places = [str(Path(__file__).parent.parent), *filter(None, [kept[path]])]
    os.environ[preload] = kept[preload] or "study.ahead"
    os.environ[path] = os.pathsep.join(places)
    try:
        yield
    finally:  # these two alone: Ray and imports on other threads may have set some of their own
        for name, value in kept.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def _existing(address: str) -> Any:
    import ray

    try:
        return ray.init(address=address, **QUIET)
    except (ConnectionError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise StudyError(
            f"--address must name a running Ray cluster, got {address}: {reason}"
        ) from None
