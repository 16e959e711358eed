"""`study.json`: what a study was asked for, by which versions, and how it ended."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Self

from moons.files import write_whole
from study.errors import DAMAGED, StudyError
from study.plan import Plan

Outcome = Literal["running", "complete", "interrupted", "time budget", "no result"]
PACKAGES = ("ray", "optuna", "torch", "numba", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest's fields, under the names they have in the file.

    Attributes:
        space: as `SearchSpace.as_dict` gives it; `space_hash` is its digest.
        options: every option as resolved.
        rungs: epochs at which ASHA decides.
        started: ISO 8601, UTC, of the first driver; `ended` of the last.
        seconds: that drivers have worked on it, all together.
    """

    name: str
    space: Mapping[str, Any]
    space_hash: str
    options: Mapping[str, Any]
    rungs: tuple[int, ...]
    versions: Mapping[str, str]
    git: Mapping[str, Any]
    machine: Mapping[str, Any]
    started: str
    ended: str | None = None
    seconds: float = 0.0
    outcome: Outcome = "running"

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """The manifest of a study that begins now."""
        return cls(
            name=plan.name,
            space=plan.space.as_dict(),
            space_hash=plan.space.digest(),
            options=plan.options(),
            rungs=plan.rungs,
            versions=versions(),
            git=git_state(),
            machine=machine(),
            started=now(),
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a manifest.

        Raises:
            StudyError: it is missing or damaged.
        """
        try:
            fields = json.loads(path.read_text())
            return cls(**fields | {"rungs": tuple(fields["rungs"])})
        except FileNotFoundError:
            raise StudyError(
                f"{path} is missing: {path.parent} is no study, or lost its manifest", DAMAGED
            ) from None
        except (ValueError, TypeError, KeyError) as error:
            raise StudyError(
                f"{path} is damaged ({error}); put back a copy of the file", DAMAGED
            ) from None

    def write(self, path: Path) -> None:
        """Writes the manifest whole."""
        write_whole(path, json.dumps(asdict(self), indent=2) + "\n")

    def going_on(self, plan: Plan) -> Self:
        """The manifest of a study whose driver begins now; `plan` may extend it."""
        return replace(self, options=plan.options(), ended=None, outcome="running")

    def end(self, outcome: Outcome, plan: Plan, seconds: float) -> Self:
        """The manifest of a study whose driver stops now, after so many seconds of work."""
        return replace(
            self,
            options=plan.options(),
            ended=now(),
            outcome=outcome,
            seconds=round(self.seconds + seconds, 3),
        )


def now() -> str:
    """The time as the manifest holds it."""
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
