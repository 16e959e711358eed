"""Compiled functions: loaded if one was compiled before, otherwise compiled by one process."""

import fcntl
import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

Kernel = Callable[..., None]

SOURCES = Path(__file__).parent / "kernel"


@cache
def compiled(function: Kernel, signature: Any) -> Kernel:
    """The function in machine code, ready to be called.

    It comes from numba's cache, in `__pycache__` or where `NUMBA_CACHE_DIR` says. If it is not
    there yet, one process compiles it and all others wait. A cache that is damaged is begun anew;
    one that cannot be used costs the time to compile in every process.
    """
    from numba import njit

    # Numba looks at the function's own file to see whether a cached one is out of date, not at
    # those of the functions it calls; with all of them in its name it is another function.
    version = _version()
    function.__qualname__ = f"{function.__name__}-{version}"
    try:
        dispatcher = njit(cache=True)(function)
        folder = Path(dispatcher.stats.cache_path)
        with _alone(folder, f"*.{function.__qualname__}-*"):
            try:
                dispatcher.compile(signature)
            except Exception:
                for file in folder.glob(f"*.{function.__qualname__}-*"):
                    file.unlink(missing_ok=True)
                dispatcher = njit(cache=True)(function)
                dispatcher.compile(signature)
    except (OSError, RuntimeError) as error:
        warnings.warn(f"{function.__name__} is compiled without a cache: {error}", stacklevel=2)
        dispatcher = njit(function)
        dispatcher.compile(signature)
    return dispatcher  # type: ignore[no-any-return]


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for file in sorted(SOURCES.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _alone(folder: Path, pattern: str) -> Iterator[None]:
    """Holds the folder's lock unless there is a file of that pattern, so nothing to compile."""
    if any(folder.glob(f"{pattern}.nbc")):
        yield
        return
    descriptor = os.open(folder / ".moons.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
