"""Generators that a model may draw from unasked: the global ones, and those that it can reach."""

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from moons.seeds import derive_seed

Generator = torch.Generator | np.random.Generator | np.random.RandomState | random.Random
DEEPEST = 8  # references from one object to the next
LIBRARIES = {"torch", "numpy", "moons", *sys.stdlib_module_names}


class Stream:
    """A stream of draws that takes the place of every generator in reach while it is entered.

    Args:
        seed: what all of them are seeded from.
        held: generators besides the global ones of torch, numpy and Python.

    Attributes:
        state: where the stream is; one that is put in its place goes on from there.
    """

    def __init__(self, seed: int, held: Sequence[Generator] = ()) -> None:
        self._held = tuple(held)
        libraries = torch.Generator(), np.random.RandomState(), random.Random()
        own = [derive_seed(seed, "held", index) for index in range(len(self._held))]
        pairs = [*((g, seed) for g in libraries), *zip(self._held, own, strict=True)]
        self.state: list[Any] = [_fresh_state(generator, s) for generator, s in pairs]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Draws come from the stream, which goes on; afterwards all generators are as before."""
        before = self._states()
        self._put(self.state)
        try:
            # A script that torch has profiled and compiled anew ends in other last digits.
            with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
                yield
        finally:
            self.state = self._states()
            self._put(before)

    def _states(self) -> list[Any]:
        states: list[Any] = [torch.get_rng_state(), np.random.get_state(), random.getstate()]
        return [*states, *map(_state, self._held)]

    def _put(self, states: Sequence[Any]) -> None:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        for generator, state in zip(self._held, states[3:], strict=True):
            _set_state(generator, state)


def seeded(seed: int, model: nn.Module | None = None) -> AbstractContextManager[None]:
    """A context in which everything that a model draws is a function of the seed."""
    return Stream(seed, () if model is None else reachable_generators(model)).entered()


def reachable_generators(model: nn.Module) -> list[Generator]:
    """The generators that the model holds, or that the code of its classes refers to.

    Returns:
        Each once, in the same order for every model that was made alike.
    """
    found: dict[int, Generator] = {}
    seen: set[int] = set()

    def look(value: object, depth: int) -> None:
        if isinstance(value, Generator):
            found.setdefault(id(value), value)
        elif id(value) not in seen and depth < DEEPEST:
            seen.add(id(value))
            for part in _parts(value):
                look(part, depth + 1)

    look(model, 0)
    for name in ("_rand", "_inst"):  # the global ones, which a file may name
        for module in (np.random.mtrand, random):
            found.pop(id(getattr(module, name, None)), None)
    found.pop(id(torch.default_generator), None)
    return list(found.values())


def _parts(value: object) -> list[Any]:
    """What an object refers to, as far as a user's code made it."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, nn.Module):
        return [vars(value), *filter(is_of_user, type(value).__mro__)]
    if isinstance(value, MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, FunctionType):
        cells = [cell for cell in value.__closure__ or () if cell != CellType()]
        globals_ = [value.__globals__] if is_of_user(value) else []
        return [*(cell.cell_contents for cell in cells), *globals_]
    if isinstance(value, ModuleType | type):
        return list(vars(value).values()) if is_of_user(value) else []
    return [vars(value)] if hasattr(value, "__dict__") and is_of_user(type(value)) else []


def is_of_user(value: Any) -> bool:
    """Whether a class, function or module is neither the project's nor of an installed package."""
    name = value.__name__ if isinstance(value, ModuleType) else value.__module__
    return _user_module(str(name))


@cache
def _user_module(name: str) -> bool:
    if name.partition(".")[0] in LIBRARIES:
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is None or not {"site-packages", "dist-packages"} & set(file.split("/"))


def _state(generator: Generator) -> Any:
    match generator:
        case torch.Generator() | np.random.RandomState():
            return generator.get_state()
        case np.random.Generator():
            return generator.bit_generator.state
    return generator.getstate()


def _set_state(generator: Generator, state: Any) -> None:
    match generator:
        case torch.Generator() | np.random.RandomState():
            generator.set_state(state)
        case np.random.Generator():
            generator.bit_generator.state = state
        case _:
            generator.setstate(state)


def _fresh_state(generator: Generator, seed: int) -> Any:
    """The state of a generator of that kind that begins at the seed."""
    match generator:
        case torch.Generator():
            return torch.Generator(generator.device).manual_seed(seed).get_state()
        case np.random.RandomState():
            return np.random.RandomState(seed).get_state()
        case np.random.Generator():
            return type(generator.bit_generator)(seed).state
    return random.Random(seed).getstate()
