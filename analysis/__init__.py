"""Tables, figures and reports from what `study` leaves in `results/`; needs no Ray.

From Python: `analysis.read("results/cvae-1")`, `analysis.compare(a, b)` and the figures of
`analysis.figures`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.calls import compare as compare
    from analysis.calls import read as read

MODULES = ("compare", "figures")


def __getattr__(name: str) -> Any:
    if name == "read":
        return import_module("analysis.calls").read
    if name in MODULES:
        return import_module(f"analysis.{name}")
    raise AttributeError(f"module 'analysis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "read", *MODULES})
