"""Tune's way to end all trials at once."""

from collections.abc import Callable
from typing import Any

from ray.tune import Stopper
from typing_extensions import override


class Asked(Stopper):
    """Ends the study as soon as `asked` says so; Tune looks after every event."""

    def __init__(self, asked: Callable[[], bool]) -> None:
        self._asked = asked

    @override
    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False  # no trial is stopped for itself

    @override
    def stop_all(self) -> bool:
        return self._asked()
