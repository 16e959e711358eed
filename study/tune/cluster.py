"""Ray: a local cluster of our own, or one that is there, with workers that are warm."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from study.errors import StudyError
from study.signals import sigterm_deferred

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


class Unreachable(StudyError):
    """There is no cluster at the address, or it wants another token."""


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
        Unreachable: nothing answers at the address, or not to us.
    """
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    with ExitStack() as stack:
        with sigterm_deferred():  # before the first thread, which could take the signal instead
            if meanwhile is not None:
                Thread(target=meanwhile).start()
            way = _own(workers) if address is None else _existing(address)
            context, url = stack.enter_context(way)
        cpus = workers or present_cpus()
        yield Cluster(url, context.address_info["gcs_address"], cpus, grows=workers is None)


def present_cpus() -> int:
    """CPUs of the nodes that are alive."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


@contextmanager
def _own(workers: int | None) -> Iterator[tuple[Any, str | None]]:
    """A cluster of this machine alone, behind a token unless RAY_AUTH_MODE says otherwise."""
    import ray

    from study.tune.internals import Dashboard, imports_ahead, on_this_machine_alone

    dashboard = Dashboard()
    with dashboard.started_beside(), imports_ahead():
        context = ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=True,
            **on_this_machine_alone(),
            **QUIET,
        )
    with suppress(OSError):
        (Path.home() / ".ray" / "auth_token").chmod(0o600)  # Ray makes it readable to everybody
    try:
        yield context, dashboard.url(context.dashboard_url)
    finally:
        ray.shutdown()
        dashboard.end()


@contextmanager
def _existing(address: str) -> Iterator[tuple[Any, str | None]]:
    import ray
    from ray.exceptions import AuthenticationError

    try:
        context = ray.init(address=address, **QUIET)
    except (ConnectionError, RuntimeError, AuthenticationError) as error:
        reason = str(error).splitlines()[0]
        raise Unreachable(
            f"--address must name a running Ray cluster, got {address}: {reason}"
        ) from None
    try:
        yield context, f"http://{context.dashboard_url}" if context.dashboard_url else None
    finally:
        ray.shutdown()
