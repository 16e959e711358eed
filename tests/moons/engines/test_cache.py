"""Compiled functions: cached, compiled by one process, and in no need of a cache."""

import subprocess
import sys
import warnings

import numba
import numba.core.caching
import numpy as np
import pytest
from numba import types

from moons.engines import cache

SIGNATURE = types.void(types.Array(types.float64, 1, "C"))


def doubling():
    """A function that nobody has compiled yet."""

    def double(values):
        for place in range(len(values)):
            values[place] *= 2.0

    return double


def compile_anew(signature=SIGNATURE):
    """`compiled`, as another process would call it."""
    cache._version.cache_clear()
    return cache.compiled.__wrapped__(doubling(), signature)


def assert_doubles(kernel):
    values = np.array([1.0, 2.5])
    kernel(values)
    assert values.tolist() == [2.0, 5.0]


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """The only place where numba may cache."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
    yield folder
    cache._version.cache_clear()


def hits(kernel):
    return sum(kernel.stats.cache_hits.values())


def test_what_was_compiled_once_is_loaded(folder):
    first = compile_anew()
    assert_doubles(first)
    assert hits(first) == 0
    second = compile_anew()
    assert hits(second) == 1
    assert_doubles(second)
    assert len(list(folder.rglob("*.nbc"))) == 1


def test_a_change_in_any_file_of_the_kernel_is_compiled(monkeypatch, tmp_path):
    sources = tmp_path / "kernel"
    sources.mkdir()
    (sources / "epoch.py").write_text("one = 1\n")
    (sources / "lanes.py").write_text("two = 2\n")
    monkeypatch.setattr(cache, "SOURCES", sources)
    assert hits(compile_anew()) == 0
    assert hits(compile_anew()) == 1
    (sources / "lanes.py").write_text("two = 3\n")
    assert hits(compile_anew()) == 0


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("content", [b"", b"not what numba wrote"])
def test_a_damaged_cache_is_begun_anew(folder, suffix, content):
    compile_anew()
    for file in folder.rglob(f"*.{suffix}"):
        file.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_doubles(compile_anew())
    assert hits(compile_anew()) == 1


def test_without_a_folder_to_write_to_it_is_compiled_all_the_same(monkeypatch):
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    with pytest.warns(UserWarning, match="double is compiled without a cache") as caught:
        assert_doubles(compile_anew())
    assert len(caught) == 1


@pytest.mark.parametrize("fails", ["save", "load"])
def test_on_a_disk_that_is_full_or_broken_it_is_compiled_all_the_same(monkeypatch, fails):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(numba.core.caching.IndexDataCacheFile, fails, refuse)
    with pytest.warns(UserWarning, match="No space left on device"):
        assert_doubles(compile_anew())


def test_an_error_in_the_kernel_itself_is_raised():
    with pytest.raises(numba.core.errors.NumbaError):
        compile_anew(types.void(types.unicode_type))


PROGRAM = """
import importlib.util
import sys
from numba import types

spec = importlib.util.spec_from_file_location("cache", sys.argv[1])
cache = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cache)

def double(values):
    for place in range(len(values)):
        values[place] *= 2.0

print("ready", flush=True)
sys.stdin.readline()
kernel = cache.compiled(double, types.void(types.Array(types.float64, 1, "C")))
print(sum(kernel.stats.cache_hits.values()))
"""


def test_of_processes_that_start_together_one_compiles(folder, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    workers = [
        subprocess.Popen(
            [sys.executable, program, cache.__file__],
            env={"NUMBA_CACHE_DIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    loaded = sorted(int(worker.communicate(timeout=60)[0]) for worker in workers)
    assert loaded == [0, 1, 1]
