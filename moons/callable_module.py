"""Modules that can be called: `study.run(...)` in Python beside `python -m study.run`."""

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any


def make_callable(module: str, function: str) -> None:
    """Has calls of a module go to a function, whose own module is imported when it is called.

    Args:
        module: its name in `sys.modules`.
        function: its name, with its module's in front.
    """

    def found() -> Callable[..., Any]:
        home, _, name = function.rpartition(".")
        target: Callable[..., Any] = getattr(import_module(home), name)
        return target

    class CallableModule(ModuleType):
        def __call__(self, *args: Any, **keywords: Any) -> Any:
            return found()(*args, **keywords)

        @property
        def __signature__(self) -> inspect.Signature:
            return inspect.signature(found())

    sys.modules[module].__class__ = CallableModule
