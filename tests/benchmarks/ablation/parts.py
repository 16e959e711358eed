"""The studies of an ablation, each kept on disk as soon as it is over."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from moons.files import appearing
from search_spaces.load import load_space
from tests.benchmarks.ablation.arms import Arm
from tests.benchmarks.ablation.curves import ever_chosen, read_curve


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One study of one arm: all that its numbers depend on, but for the code.

    Attributes:
        space: a name or a file, as `--space` takes it.
        seed: of data, proposals and training.
        budget: epochs of all trials together.
        max_epochs: a trial's largest budget.
        replicates: retrainings that score a chosen config.
    """

    arm: Arm
    space: str
    seed: int
    budget: int
    max_epochs: int
    replicates: int

    def path(self, folder: Path) -> Path:
        """The part's file; another name for anything else that would give other numbers."""
        known = asdict(self) | {"space": load_space(self.space).digest()}
        digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]
        return folder / f"{load_space(self.space).name}-{self.seed}-{digest}.parquet"

    def run(self, folder: Path) -> Path:
        """Runs the study, scores what it would choose, and writes one row a trial.

        Raises:
            ValueError: the space has two metrics.
            OSError: the folder is not writable.
        """
        from tests.benchmarks.ablation.retrain import score
        from tests.benchmarks.ablation.simulate import run_study

        space = load_space(self.space)
        ended = run_study(self.arm, self.space, self.seed, self.budget, self.max_epochs)
        rows = [asdict(trial) | {"config": json.dumps(trial.config.as_dict())} for trial in ended]
        trials = pd.DataFrame(rows).assign(score=float("nan"))
        configs = {trial.trial: trial.config for trial in ended}
        for number in ever_chosen(trials, self.budget):
            worth = score(configs[number], space.metrics[0], self.seed, self.replicates)
            trials.loc[trials["trial"] == number, "score"] = worth
        path = self.path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with appearing(path) as draft:
            trials.to_parquet(draft, index=False)
        return path

    def curve(self, folder: Path) -> pd.DataFrame:
        """What the study knew at each place of the grid, with the names of arm and seed."""
        curve = read_curve(pd.read_parquet(self.path(folder)), self.budget)
        curve.insert(0, "arm", self.arm.name)
        curve.insert(1, "seed", self.seed)
        return curve
