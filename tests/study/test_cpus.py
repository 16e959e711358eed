"""How many CPUs a process may use, by made-up cgroups."""

import os
from pathlib import Path

import pytest

from study import cpus
from study.cpus import cpu_quota, usable_cpus


def written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("files", "member", "quota"),
    [
        ({}, "0::/\n", None),
        ({"cpu.max": "max 100000"}, "0::/\n", None),
        ({"cpu.max": "400000 100000"}, "0::/\n", 4.0),
        ({"a/b/cpu.max": "150000 100000", "a/cpu.max": "max 100000"}, "0::/a/b\n", 1.5),
        ({"a/b/cpu.max": "900000 100000", "a/cpu.max": "200000 100000"}, "0::/a/b\n", 2.0),
        ({"cpu.max": "200000 100000"}, "0::/seen/from/outside\n", 2.0),
        (
            {"cpu/c/cpu.cfs_quota_us": "300000", "cpu/c/cpu.cfs_period_us": "100000"},
            "4:memory:/x\n3:cpu,cpuacct:/c\n",
            3.0,
        ),
        (
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            "3:cpu,cpuacct:/\n",
            None,
        ),
        ({"cpu.max": "nonsense"}, "0::/\n", None),
    ],
)
def test_the_tightest_quota_counts(
    tmp_path: Path, files: dict[str, str], member: str, quota: float | None
) -> None:
    for name, text in files.items():
        written(tmp_path / "cgroup" / name, text)
    written(tmp_path / "member", member)
    assert cpu_quota(tmp_path / "cgroup", tmp_path / "member") == quota


@pytest.mark.parametrize(("quota", "found"), [(None, 8), (0.2, 1), (1.5, 2), (4.0, 4), (64.0, 8)])
def test_workers_are_as_many_as_cpus_and_quota_allow(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, found: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(cpus, "cpu_quota", lambda: quota)
    assert usable_cpus() == found
