"""A running study's figures as Ray metrics, which Ray exports to Prometheus as `ray_moons_...`."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ray.util.metrics import Gauge

from study.monitoring.pace import Pace
from study.monitoring.tally import Tally
from study.record.columns import State

EVERY_S = 5.0  # Ray exports every ten
STATES: tuple[State, ...] = ("complete", "pruned", "diverged", "failed")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name, what it says, and its tags beside the study's name."""

    name: str
    about: str
    tags: tuple[str, ...] = ()


TRIALS = Metric("moons_trials", "Trials by state.", ("state",))
WANTED = Metric("moons_trials_wanted", "Trials that the study is to finish.")
BEST = Metric("moons_best", "The least first metric among complete trials.", ("metric",))
PACE = Metric("moons_epochs_per_second", "Epochs that all workers trained, over a minute.")
DRIVER = Metric(
    "moons_driver_seconds",
    "Processor seconds of the driver since its first trial: proposals, record, Ray Tune.",
)
METRICS = (TRIALS, WANTED, BEST, PACE, DRIVER)


@dataclass(frozen=True, slots=True)
class Value:
    """A metric's value with the tags that it holds for."""

    metric: Metric
    value: float
    tags: tuple[str, ...] = ()


class Readings:
    """Reads a tally; asked again, it tells what has become of it."""

    def __init__(self, tally: Tally, metric: str) -> None:
        self._tally, self._metric = tally, metric
        self._pace = Pace(tally.epochs, time.monotonic())
        self._before_s = time.process_time()

    def now(self) -> Iterator[Value]:
        """Every value there is; the best only once there is one."""
        tally = self._tally
        for state in STATES:
            yield Value(TRIALS, tally.states[state], (state,))
        yield Value(TRIALS, tally.running, ("running",))
        yield Value(WANTED, tally.wanted)
        if tally.best is not None:
            yield Value(BEST, tally.best[0], (self._metric,))
        yield Value(PACE, self._pace.per_second(tally.epochs, time.monotonic()))
        yield Value(DRIVER, time.process_time() - self._before_s)


class Settable(Protocol):
    """A gauge, as Ray has it."""

    def set(self, value: float, tags: dict[str, str]) -> None:
        """Keeps a value for the tags."""


@contextmanager
def gauges(study: str, metric: str, tally: Tally) -> Iterator[None]:
    """Keeps Ray's gauges up to date.

    A thread of its own reads the tally every few seconds, so that no trial waits for it.
    """
    readings, over = Readings(tally, metric), threading.Event()
    made: dict[Metric, Settable] = {
        m: Gauge(m.name, m.about, tag_keys=("study", *m.tags)) for m in METRICS
    }

    def update() -> None:
        for reading in readings.now():
            own = dict(zip(reading.metric.tags, reading.tags, strict=True))
            made[reading.metric].set(reading.value, {"study": study} | own)

    def keep() -> None:
        update()
        while not over.wait(EVERY_S):
            update()

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        update()
