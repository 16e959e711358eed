"""All of Ray that is private and used here: what each name buys, and what happens without it.

No study needs any of these names. Each is looked up when it is used; where a version of Ray has
moved it, Ray's stock way is taken: slower, and never a hang. `make rays` tries the oldest and the
newest Ray that `pyproject.toml` admits, and tests take each name away in turn.
"""

import importlib
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Literal

import ray


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """A private name of Ray.

    Attributes:
        module: where it stands.
        path: the name in the module, with dots.
        buys: what we have of it.
        without: what happens where it is gone.
    """

    module: str
    path: str
    buys: str
    without: str

    def find(self) -> tuple[Any, str] | None:
        """What holds the name, and the name in it; None where this Ray does not have it."""
        *holders, name = self.path.split(".")
        try:
            owner = importlib.import_module(self.module)
            for holder in holders:
                owner = getattr(owner, holder)
        except (ImportError, AttributeError):
            return None
        return (owner, name) if callable(getattr(owner, name, None)) else None


API_SERVER = Private(
    module="ray._private.node",
    path="Node.start_api_server",
    buys="the dashboard starts beside the node: 2 to 3 s",
    without="Ray starts the dashboard first",
)
LOG_MONITOR = Private(
    module="ray._private.node",
    path="Node.start_log_monitor",
    buys="no process reads all logs to send them to a driver that prints none",
    without="one does",
)
AUTOSCALER = Private(
    module="ray._private.node",
    path="Node.start_monitor",
    buys="no process asks whether one machine should become more: 0.6 s of a CPU at the start",
    without="one does",
)
TITLE = Private(
    module="ray._raylet",
    path="setproctitle",
    buys="`ps` and the dashboard's page of the cluster name the trial that a worker trains",
    without="they name the first trial that the worker had",
)
SNAPSHOT = Private(
    module="ray.tune.execution.tune_controller",
    path="TuneController.save_to_dir",
    buys="Tune does not pickle every trial's config for a restart of its own, which nobody makes, "
    "and forgets trials that are over: some 100 kB each",
    without="it does, into a folder that is thrown away, and keeps all of them",
)
CALLBACK_TAGS = Private(
    module="ray.air._internal.usage",
    path="tag_callbacks",
    buys="Tune does not import every tracker that is installed to count them: 1 to 4 s",
    without="it does",
)
ACTOR_CLASS = Private(
    module="ray.tune.execution.class_cache",
    path="_ActorClassCache.get",
    buys="trials run in the workers that imported torch while Ray started: 3 to 5 s",
    without="Tune asks for an environment that those do not have, and new ones import again",
)
PRINTING = Private(
    module="ray._private.worker",
    path="print_to_stdstream",
    buys="a lost raylet is one sentence of ours",
    without="the last 20 lines of its log stand before it",
)
NAMES = (
    *(API_SERVER, LOG_MONITOR, AUTOSCALER, TITLE),
    *(SNAPSHOT, CALLBACK_TAGS, ACTOR_CLASS, PRINTING),
)

# Settings of Ray's core that its documentation does not have; a Ray that does not know one passes
# over it, and workers import when the first trial comes.
SETTINGS = {
    "RAY_preload_python_modules": "study.tune.preload",
    # Ray would end one of the workers that has waited for the driver for a second.
    "RAY_idle_worker_killing_time_threshold_ms": "60000",
}


@contextmanager
def _replaced(*changes: tuple[Private, Callable[..., Any]]) -> Iterator[None]:
    """Puts ours in the place of Ray's, where Ray has the name, and Ray's back at the end."""
    kept: list[tuple[Any, str, Any]] = []
    try:
        for private, ours in changes:
            if (found := private.find()) is not None:
                kept.append((*found, getattr(*found)))
                setattr(*found, ours)
        yield
    finally:
        for owner, name, theirs in reversed(kept):
            setattr(owner, name, theirs)


class Dashboard:
    """The dashboard of our node, which starts on a thread while the rest of Ray starts."""

    def __init__(self) -> None:
        self._node: Any = None
        self._tried = Event()
        self._over = Event()

    @contextmanager
    def started_beside(self) -> Iterator[None]:
        """While it is entered, `ray.init` does not wait for the dashboard."""
        found = API_SERVER.find()
        start: Callable[..., None] = getattr(*found) if found else lambda *_, **__: None

        def nothing(*_: Any, **__: Any) -> None:
            """Starts no process."""

        def beside(node: Any, *args: Any, **options: Any) -> None:
            self._node = node
            # Where it fails Ray says why, and the study goes on without.
            quiet = partial(start, node, *args, **options | {"raise_on_failure": False})
            Thread(target=self._attend, args=[quiet], daemon=True).start()

        with _replaced((API_SERVER, beside), (LOG_MONITOR, nothing), (AUTOSCALER, nothing)):
            yield

    def url(self, stock: str | None) -> str | None:
        """Where it is, as soon as it is there; None where it failed, of which Ray has told.

        Args:
            stock: what `ray.init` said, which counts where Ray started it in its own way.
        """
        address = stock
        if self._node is not None:
            self._tried.wait()
            address = getattr(self._node, "webui_url", None)
        return f"http://{address}" if address else None

    def end(self) -> None:
        """Lets the thread go, after Ray has ended the dashboard."""
        self._over.set()

    def _attend(self, start: Callable[[], None]) -> None:
        try:
            start()
        finally:
            self._tried.set()
        self._over.wait()  # Linux ends a process of Ray's with the thread that started it


@contextmanager
def imports_ahead() -> Iterator[None]:
    """Has workers that Ray starts meanwhile import what trials need, from where we came from."""
    places = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    wanted = {"PYTHONPATH": os.pathsep.join(places)} | SETTINGS
    kept = {name: os.environ.get(name) for name in wanted}
    for name, value in wanted.items():
        if name == "PYTHONPATH" or not kept[name]:
            os.environ[name] = value
    try:
        yield
    finally:  # these alone: Ray and imports on other threads may have set some of their own
        for name, before in kept.items():
            del os.environ[name]
            if before is not None:
                os.environ[name] = before


@contextmanager
def no_log_of_the_lost() -> Iterator[None]:
    """Ray tells its driver of everything but a dead raylet, which we notice and say ourselves."""
    found = PRINTING.find()
    theirs: Callable[..., None] = getattr(*found) if found else lambda *_, **__: None

    def all_else(data: Any, *args: Any, **options: Any) -> None:
        if "Raylet is terminated" not in str(data.get("lines")):
            theirs(data, *args, **options)

    with _replaced((PRINTING, all_else)):
        yield


def on_this_machine_alone() -> dict[str, str]:
    """Options of `ray.init` with which the node tells others 127.0.0.1 for its address.

    Without them it tells the address of a network card.
    """
    known = "_node_ip_address" in inspect.signature(ray.init).parameters
    return {"_node_ip_address": "127.0.0.1"} if known else {}


def name_process(title: str) -> None:
    """Names this process in `ps`, where Ray can."""
    if (found := TITLE.find()) is not None:
        getattr(*found)(title)


class _Snapshots:
    """Snapshots of the experiment that hold nothing; each has Tune forget the trials that are over.

    Tune takes one every ten seconds, and would keep every trial for its end, which asks for none.
    What has ended since the last snapshot stays until the next: its worker may still be on its way
    out.
    """

    def __init__(self) -> None:
        self._over: set[str] = set()

    def save(self, controller: Any) -> None:
        """Writes the file that Tune insists on."""
        folder = Path(controller._storage.experiment_driver_staging_path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / controller.experiment_state_file_name).write_text('{"trial_data": []}')
        with suppress(AttributeError):  # of a Tune that keeps them elsewhere
            self._forget(controller)

    def _forget(self, controller: Any) -> None:
        kept = [trial for trial in controller._trials if trial.trial_id not in self._over]
        gone = set(controller._trials) - set(kept)
        held = (controller._stopped_trials, controller._failed_trials, controller._trials_to_cache)
        for trials in held:
            trials -= gone
        controller._trials[:] = kept
        self._over = {trial.trial_id for trial in kept if trial.is_finished()}


def _count_nothing(*_: Any, **__: Any) -> Literal[False]:
    return False


def _plain_actor(cache: Any, trainable: type, *_: Any, **__: Any) -> Any:
    """The actor's class without a runtime environment; Tune sets one for PyTorch Lightning."""
    if trainable not in cache._cache:
        cache._cache[trainable] = ray.remote(trainable)
    return cache._cache[trainable]


@contextmanager
def lean_tune() -> Iterator[None]:
    """Ray Tune without what it does beside running trials and has no switch for."""
    snapshots = _Snapshots()
    with _replaced(
        (SNAPSHOT, lambda controller, *_, **__: snapshots.save(controller)),
        (CALLBACK_TAGS, _count_nothing),
        (ACTOR_CLASS, _plain_actor),
    ):
        yield
