"""The hyperparameter study: command line, Ray Tune trials, searcher, scheduler and the record.

From Python: `study.run("cvae", trials=20)`, `study.resume(folder)` and `study.rerun(folder)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study.calls import rerun as rerun
    from study.calls import resume as resume
    from study.calls import run as run

CALLABLE = ("run", "resume", "rerun")  # modules, commands and functions


def __getattr__(name: str) -> Any:
    if name in CALLABLE:
        return import_module(f"study.{name}")
    raise AttributeError(f"module 'study' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *CALLABLE})
