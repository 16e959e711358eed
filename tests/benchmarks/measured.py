"""What a benchmark finds, and the process it times."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Measured:
    """One line: ours and the peer's in the same unit, and how many times better ours is."""

    what: str
    unit: str
    ours: float
    peer: float
    ratio: float
    ratio_low: float
    ratio_high: float
    note: str = ""


def compared(
    what: str, unit: str, pairs: Sequence[tuple[float, float]], note: str = ""
) -> Measured:
    """From alternated measurements of ours and of the peer's."""
    ratios = [other / own for own, other in pairs]
    return Measured(
        what=what,
        unit=unit,
        ours=statistics.median(own for own, _ in pairs),
        peer=statistics.median(other for _, other in pairs),
        ratio=statistics.median(ratios),
        ratio_low=min(ratios),
        ratio_high=max(ratios),
        note=note,
    )


def timed(words: list[str]) -> tuple[float, str]:
    """A Python module's wall time as a process of its own, in seconds, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - began, done.stdout


def run_python(code: str, *words: str) -> str:
    """What a program printed, run as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
