"""Where and with what a study is run: versions, machine, commit, time."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("ray", "optuna", "torch", "numba", "numpy", "scipy", "scikit-learn")


def now() -> str:
    """The time as the manifest holds it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide what comes out."""
    packages = {package: version(package) for package in PACKAGES}
    return {"python": platform.python_version()} | packages


def machine() -> dict[str, Any]:
    """What the driver runs on; no name and no address."""
    return {"system": platform.platform(), "cpu": platform.machine(), "cpus": os.cpu_count()}


def git_state() -> dict[str, Any]:
    """The project's commit, and whether its files differ from it; nulls outside a checkout."""
    here = Path(__file__).parent

    def ask(*words: str) -> str | None:
        try:
            answer = subprocess.run(
                ["git", *words], cwd=here, capture_output=True, text=True, timeout=5, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return answer.stdout.strip()

    changed = ask("status", "--porcelain", "--untracked-files=no")
    return {"commit": ask("rev-parse", "HEAD"), "dirty": None if changed is None else bool(changed)}
