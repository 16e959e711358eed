"""Ray: a local cluster of our own, or one that is there, with workers that are warm."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from study.errors import RAY, StudyError, Unreachable, complain
from study.signals import sigterm_deferred, sigterm_waits
from study.tune.machine import prepared, token_place, what_is_short
from study.tune.probe import address_of_auto, why_silent
from study.tune.watch import OwnProcesses, reachable, watching

if TYPE_CHECKING:
    from study.tune.internals import Dashboard

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
        token: where the token is that its dashboard asks for; None where it asks for none.
        address: of the cluster.
        workers: trials that run at a time.
        grows: more of them run at a time when nodes join.
    """

    dashboard_url: str | None
    address: str
    workers: int
    grows: bool = False
    token: str | None = None

    @property
    def dashboard(self) -> str:
        """Where its dashboard is, and what it asks for."""
        url = self.dashboard_url or "none"
        asks = self.dashboard_url is not None and self.token is not None
        return f"{url} (asks for the token in {self.token})" if asks else url


GiveUp = Callable[[StudyError], None]


def give_up_at_once(error: StudyError) -> None:
    """Ends the process with a sentence, before Ray does in its own way."""
    os._exit(complain("study", error))


@contextmanager
def connected(
    address: str | None,
    workers: int | None,
    meanwhile: Callable[[], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
    give_up: GiveUp = give_up_at_once,
    name: str = "",
) -> Iterator[Cluster]:
    """Connects to the cluster at `address`, or starts one of `workers` CPUs; leaves it at the end.

    Args:
        address: of a cluster; None starts one.
        workers: trials at a time; None takes every CPU.
        meanwhile: is done on a thread while Ray starts its processes, which takes seconds.
        stop: asked while it waits for an answer.
        name: of the study, which the dashboard calls the job by.
        give_up: is told on another thread that Ray died, while it started (`Unreachable`) or later,
            and ends the process.

    Raises:
        Unreachable: nothing answers at the address, or not to us; or Ray does not start.
        StudyError: Ray answers no more.
    """
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    with ExitStack() as stack:
        with sigterm_deferred():  # before the first thread, which could take the signal instead
            # Before anything imports Ray, which reads its settings then.
            options = stack.enter_context(prepared()) if address is None else {}
            thread = Thread(target=_quietly, args=[meanwhile], daemon=True)
            thread.start()
            try:
                way = (
                    _own(workers, name, options, stop, give_up)
                    if address is None
                    else _existing(address, name, stop, give_up)
                )
                context, url = stack.enter_context(way)
            except Unreachable:
                thread.join()  # or the end of the interpreter cuts an import short, which says so
                raise
        found = context.address_info["gcs_address"]
        from ray.exceptions import RayError

        try:
            running, grows = workers or present_cpus(), workers is None
            yield Cluster(url, found, running, grows=grows, token=token_place())
        except RayError as error:  # a call to a Ray that is going, before it is known to be gone
            raise _lost(_first_line(error)) from None


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
    workers: int | None,
    name: str,
    options: dict[str, Any],
    stop: Callable[[], bool],
    give_up: GiveUp,
) -> Iterator[tuple[Any, str | None]]:
    """A cluster of this machine alone, behind a token unless RAY_AUTH_MODE says otherwise."""
    from study.tune.internals import Dashboard, no_log_of_the_lost

    for left in reversed(range(TRIES)):
        dashboard, processes, end = Dashboard(), OwnProcesses(), _End(_stillborn, give_up)
        with ExitStack() as stack:
            stack.callback(_leave, dashboard, processes)
            stack.enter_context(watching(processes, end))
            try:
                context = _start(workers, options | _job(name), dashboard)
            except Exception as error:  # Ray raises of every kind
                if not left or stop() or sigterm_waits():
                    why = f"{_first_line(error)}; {what_is_short(patience=True)}"
                    raise Unreachable(f"Ray could not be started: {why}", RAY) from None
                continue
            end.says = _lost
            with no_log_of_the_lost():
                yield context, dashboard.url(context.dashboard_url)
            return


def _start(workers: int | None, options: dict[str, Any], dashboard: "Dashboard") -> Any:
    import ray

    from study.tune.internals import imports_ahead, on_this_machine_alone

    with dashboard.started_beside(), imports_ahead():
        return ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=True,
            **on_this_machine_alone(),
            **options,
            **QUIET,
        )


def _job(name: str) -> dict[str, Any]:
    """What `ray.init` is told of the job; a name that was given with its submission goes first."""
    from ray.job_config import JobConfig

    return {"job_config": JobConfig(metadata={"job_name": name} if name else {})}


def _leave(dashboard: "Dashboard", processes: OwnProcesses) -> None:
    import ray

    with suppress(Exception):  # of a Ray that has not started
        ray.shutdown()
    processes.end()  # which a Ray that has not started leaves
    dashboard.end()


class _End:
    """Gives up for what is gone, in the words for how far Ray had come."""

    def __init__(self, says: Callable[[str], StudyError], give_up: GiveUp) -> None:
        self.says, self._give_up = says, give_up

    def __call__(self, gone: str) -> None:
        self._give_up(self.says(gone))


def _stillborn(gone: str) -> Unreachable:
    why = f"{gone}; {what_is_short(patience=False)}"
    return Unreachable(f"Ray could not be started: {why}", RAY)


def _lost(gone: str) -> StudyError:
    return StudyError(f"Ray was lost: {gone}", RAY)


@contextmanager
def _existing(
    address: str, name: str, stop: Callable[[], bool], give_up: GiveUp
) -> Iterator[tuple[Any, str | None]]:
    def refused(why: str) -> Unreachable:
        return Unreachable(f"--address must name a running Ray cluster, got {named}: {why}")

    known, named = address_of_auto() if address == "auto" else address, address
    reason = why_silent(known, stop) if known is not None else None
    if known is not None and known != address:
        named = f"{address}, which is {known}"
    if reason is not None:
        raise refused(reason)
    import ray

    end = _End(refused, give_up)
    with ExitStack() as stack:
        if known is not None:  # else Ray looks for it among this machine's processes
            stack.enter_context(watching(reachable(known), end))
        try:
            context = ray.init(address=address, **_job(name), **QUIET)
        except Exception as error:  # Ray raises of every kind
            raise refused(_first_line(error)) from None
        stack.callback(ray.shutdown)
        end.says = _lost
        if known is None:
            stack.enter_context(watching(reachable(context.address_info["gcs_address"]), end))
        yield context, f"http://{context.dashboard_url}" if context.dashboard_url else None


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
