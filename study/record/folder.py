"""Where each part of a study's record is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    """The paths of one study."""

    root: Path

    @property
    def manifest(self) -> Path:
        """Options, seed, versions and outcome."""
        return self.root / "study.json"

    @property
    def journal(self) -> Path:
        """Optuna's journal: trials, rung values and states."""
        return self.root / "journal.log"

    @property
    def curves(self) -> Path:
        """One line a report: the epochs since the last one."""
        return self.root / "curves.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the driver for as long as it lives."""
        return self.root / ".lock"

    def checkpoint(self, trial: int) -> Path:
        """Weights and config of a trial that ran to its end."""
        return self.root / "checkpoints" / str(trial)
