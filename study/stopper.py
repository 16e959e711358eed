"""Ends all trials when a signal or the time budget says so."""

import time
from typing import Any, Protocol

from ray.tune import Stopper
from typing_extensions import override


class Signalled(Protocol):
    """Knows the signal that asked for the end, if one did."""

    signum: int | None


class Asked(Stopper):
    """Tune asks it after every event; no trial is stopped for itself."""

    def __init__(self, signal: Signalled, time_budget_s: float | None) -> None:
        self._signal = signal
        self._deadline = None if time_budget_s is None else time.monotonic() + time_budget_s

    @override
    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    @override
    def stop_all(self) -> bool:
        late = self._deadline is not None and time.monotonic() > self._deadline
        return late or self._signal.signum is not None
