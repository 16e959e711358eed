"""Ray: a local cluster of our own, or one that is there, with workers that are warm."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from study.errors import RAY, StudyError, Unreachable
from study.signals import sigterm_deferred, sigterm_waits
from study.tune.machine import prepared, what_is_short
from study.tune.probe import address_of_auto, why_silent
from study.tune.watch import OwnProcesses, Watch, reachable

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
QUIET = {"logging_level": logging.CRITICAL, "log_to_driver": False}
TRIES = 2  # a busy machine may be too slow for Ray's own limit of 30 s, once


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that this driver is connected to.

    Attributes:
        dashboard_url: where people look at it; None where it has no dashboard.
        address: of the cluster.
        workers: trials that run at a time.
        grows: more of them run at a time when nodes join.
        watch: ends the process when it is lost.
    """

    dashboard_url: str | None
    address: str
    workers: int
    grows: bool = False
    watch: Watch = field(default_factory=Watch)


def lost(gone: str, how_to_go_on: str) -> StudyError:
    """What to say where Ray is lost."""
    return StudyError(f"Ray was lost: {gone}; the record is whole, go on with: {how_to_go_on}", RAY)


@contextmanager
def connected(
    address: str | None,
    workers: int | None,
    meanwhile: Callable[[], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Cluster]:
    """Connects to the cluster at `address`, or starts one of `workers` CPUs; leaves it at the end.

    Args:
        address: of a cluster; None starts one.
        workers: trials at a time; None takes every CPU.
        meanwhile: is done on a thread while Ray starts its processes, which takes seconds.
        stop: asked while it waits for an answer.

    Raises:
        Unreachable: nothing answers at the address, or not to us; or Ray does not start.
    """
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    with ExitStack() as stack:
        watch = Watch()
        with sigterm_deferred():  # before the first thread, which could take the signal instead
            # Before anything imports Ray, which reads its settings then.
            options = stack.enter_context(prepared()) if address is None else {}
            thread = Thread(target=_quietly, args=[meanwhile], daemon=True)
            thread.start()
            try:
                way = _own(workers, options, stop) if address is None else _existing(address, stop)
                context, url = stack.enter_context(way)
            except Unreachable:
                thread.join()  # or the end of the interpreter cuts an import short, which says so
                raise
        found = context.address_info["gcs_address"]
        stack.enter_context(watch.kept(OwnProcesses() if address is None else reachable(found)))
        cpus = workers or present_cpus()
        yield Cluster(url, found, cpus, grows=workers is None, watch=watch)


def present_cpus() -> int:
    """CPUs of the nodes that are alive."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _quietly(act: Callable[[], None] | None) -> None:
    with suppress(Exception):  # the main thread does it again, and can say what is wrong
        if act is not None:
            act()


@contextmanager
def _own(
    workers: int | None, options: dict[str, Any], stop: Callable[[], bool]
) -> Iterator[tuple[Any, str | None]]:
    """A cluster of this machine alone, behind a token unless RAY_AUTH_MODE says otherwise."""
    import ray

    from study.tune.internals import (
        Dashboard,
        imports_ahead,
        no_log_of_the_lost,
        on_this_machine_alone,
    )

    for left in reversed(range(TRIES)):
        dashboard = Dashboard()
        try:
            with dashboard.started_beside(), imports_ahead():
                context = ray.init(
                    address="local",
                    num_cpus=workers,
                    include_dashboard=True,
                    **on_this_machine_alone(),
                    **options,
                    **QUIET,
                )
            break
        except (OSError, TimeoutError, RuntimeError, ValueError) as error:
            with suppress(Exception):
                ray.shutdown()
            dashboard.end()
            if not left or stop() or sigterm_waits():
                raise Unreachable(
                    f"Ray could not be started: {_first_line(error)}; {what_is_short()}", RAY
                ) from None
    try:
        with no_log_of_the_lost():
            yield context, dashboard.url(context.dashboard_url)
    finally:
        ray.shutdown()
        dashboard.end()


@contextmanager
def _existing(address: str, stop: Callable[[], bool]) -> Iterator[tuple[Any, str | None]]:
    known = address_of_auto() if address == "auto" else address
    reason = why_silent(known, stop) if known is not None else None
    if reason is not None:
        named = address if known == address else f"{address}, which is {known}"
        raise Unreachable(f"--address must name a running Ray cluster, got {named}: {reason}")
    import ray
    from ray.exceptions import AuthenticationError

    try:
        context = ray.init(address=address, **QUIET)
    except (OSError, RuntimeError, ValueError, AuthenticationError) as error:
        raise Unreachable(
            f"--address must name a running Ray cluster, got {address}: {_first_line(error)}"
        ) from None
    try:
        yield context, f"http://{context.dashboard_url}" if context.dashboard_url else None
    finally:
        ray.shutdown()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
