"""Where everything in a study's folder lies."""

from dataclasses import dataclass
from pathlib import Path

from moons.single import TRAINING


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """Every path under `results/<study>/`."""

    path: Path

    @property
    def manifest(self) -> Path:
        """Options, seed, versions and outcome."""
        return self.path / "study.json"

    @property
    def journal(self) -> Path:
        """Optuna's journal: trials, rung values and states."""
        return self.path / "journal.log"

    @property
    def curves(self) -> Path:
        """One line a report: the epochs since the last one."""
        return self.path / "curves.jsonl"

    @property
    def retrainings(self) -> Path:
        """One line a retraining."""
        return self.path / "reruns.jsonl"

    def point_losses(self, name: str) -> Path:
        """The losses of single points of a retraining."""
        return self.path / "points" / name

    @property
    def lock(self) -> Path:
        """Held by the driver for as long as it lives."""
        return self.path / ".lock"

    @property
    def tables_lock(self) -> Path:
        """Held while tables are derived, so that none is replaced by an older one."""
        return self.path / ".tables.lock"

    @property
    def checkpoints(self) -> Path:
        """A folder a complete trial."""
        return self.path / "checkpoints"

    @property
    def trials(self) -> Path:
        """One row a trial."""
        return self.path / "trials.parquet"

    @property
    def epochs(self) -> Path:
        """One row an epoch of a trial."""
        return self.path / "epochs.parquet"

    @property
    def reruns(self) -> Path:
        """One row a retraining of a configuration under a fresh seed."""
        return self.path / "reruns.parquet"

    @property
    def audit(self) -> Path:
        """One row a pruned trial that was trained to its end."""
        return self.path / "audit.parquet"

    @property
    def baselines(self) -> Path:
        """One row a density estimate and family of models."""
        return self.path / "baselines.parquet"

    @property
    def leaderboard(self) -> Path:
        """One row a config that was retrained, ranked."""
        return self.path / "leaderboard.parquet"

    @property
    def figures(self) -> Path:
        """Where figures are drawn to."""
        return self.path / "figures"

    @property
    def report(self) -> Path:
        """`report.html`."""
        return self.path / "report.html"

    def checkpoint(self, trial: int) -> Path:
        """The folder with a trial's `model.safetensors` and `config.json`."""
        return self.path if self.single else self.checkpoints / str(trial)

    @property
    def single(self) -> bool:
        """Whether `moons.train` left it: one model, and no study's record."""
        return (self.path / TRAINING).exists() and not self.manifest.exists()

    @property
    def shown(self) -> str:
        """The path as commands and reports show it: from the working directory if below it."""
        whole, here = self.path.resolve(), Path.cwd()
        return (whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix()
