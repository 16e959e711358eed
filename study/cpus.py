"""How many CPUs this process may use: those it is bound to, and those its cgroup has time on."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus() -> int:
    """At least 1; a quota of 1.5 CPUs counts as 2, which two workers share."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = cpu_quota()
    return max(1, min(bound or 1, math.ceil(quota) if quota is not None else bound or 1))


def cpu_quota(cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP) -> float | None:
    """CPUs that the tightest cgroup around this process has time on; None without a limit."""
    return min(
        (q for folder in _folders(cgroups, membership) for q in _quotas(folder)), default=None
    )


def _folders(cgroups: Path, membership: Path) -> Iterator[Path]:
    """The process's cgroups and all around them; in a container often only the root is seen."""
    lines = []
    with suppress(OSError, ValueError):
        lines = membership.read_text().splitlines()
    for line in lines or ["0::/"]:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = cgroups / "cpu" if controllers else cgroups
        inner = root / path.strip("/")
        yield inner
        yield from (parent for parent in inner.parents if parent.is_relative_to(root))


def _quotas(folder: Path) -> Iterator[float]:
    with suppress(OSError, ValueError):  # version 2: "400000 100000", or "max 100000"
        quota, period = (folder / "cpu.max").read_text().split()
        if quota != "max":
            yield int(quota) / int(period)
    with suppress(OSError, ValueError):
        quota_us = int((folder / "cpu.cfs_quota_us").read_text())
        if quota_us > 0:
            yield quota_us / int((folder / "cpu.cfs_period_us").read_text())
