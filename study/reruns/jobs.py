"""What is to be retrained: configs by seeds, each a job with a key that stays the same."""

import hashlib
import json
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from moons.config import Config, EngineChoice
from moons.data import load_moons
from moons.seeds import derive_seed
from study.errors import StudyError
from study.record.manifest import Manifest
from study.reruns.options import Vary
from study.trial import TrialJob

if TYPE_CHECKING:
    from moons.models import VAE

Purpose = Literal["rerun", "audit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A config to be trained again.

    Attributes:
        label: `trial 17`, or a file's name and a digest of the config that it held.
        trial: its number in the study; None for a config from a file.
        config: at the study's full budget.
        seed: that the study trained it from; None for a config from a file.
    """

    label: str
    trial: int | None
    config: Config
    seed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """One training of a candidate.

    Attributes:
        purpose: a rerun on a fresh seed, or an audit of a pruned trial on its own.
        vary: what the seed draws anew.
        index: of the seed, from 0; the same index is the same seed for every candidate.
        replicates: as many as the study's trials have, where a trial of it goes on.
        engine: the study's.
    """

    purpose: Purpose
    candidate: Candidate
    vary: Vary
    index: int
    config: Config
    seed: int
    replicates: int = 1
    engine: EngineChoice = "auto"

    @property
    def key(self) -> str:
        """The same for the same retraining, whenever and wherever it is done."""
        c = self.candidate
        return json.dumps([self.purpose, c.label, c.config.as_dict(), self.vary, self.index])

    def job(self, number: int, metrics: tuple[str, ...], model: "type[VAE] | None") -> TrialJob:
        """For a worker: to the end, without a rung."""
        c = self.config
        return TrialJob(
            trial=number,
            config=c,
            seed=self.seed,
            rungs=(),
            metrics=metrics,
            engine=self.engine,
            replicates=self.replicates,
            model_class=model,
            data=load_moons(c.n_samples, c.noise, c.data_seed),
        )


def candidate_of(row: dict[str, Any]) -> Candidate:
    """The candidate that a row of `trials.parquet` stands for."""
    label = f"trial {row['trial']}"
    return Candidate(
        label=label, trial=row["trial"], config=Config.from_row(row, label), seed=row["seed"]
    )


def top_candidates(trials: pd.DataFrame, metric: str, n: int) -> list[Candidate]:
    """The best complete trials.

    Raises:
        StudyError: no trial is complete.
    """
    complete = trials[trials["state"] == "complete"].nsmallest(n, metric)
    if not len(complete):
        raise StudyError("no trial of the study is complete, so none can be chosen; name --trial")
    return [candidate_of(row) for row in complete.to_dict("records")]  # type: ignore[arg-type]


def named_candidates(trials: pd.DataFrame, numbers: tuple[int, ...]) -> list[Candidate]:
    """The trials of those numbers, whatever their state.

    Raises:
        StudyError: there is no such trial.
    """
    rows = {row["trial"]: row for row in trials.to_dict("records")}
    for number in numbers:
        if number not in rows:
            raise StudyError(f"--trial must be one of 0 to {len(rows) - 1}, got {number}")
    return [candidate_of(rows[number]) for number in numbers]  # type: ignore[arg-type]


def config_from_file(path: Path, manifest: Manifest) -> Candidate:
    """A config of one's own; what it leaves out is as in the study.

    Raises:
        StudyError: the file is missing, is no JSON, or holds an impossible setting.
    """
    settings: dict[str, Any] = {"family": manifest.space["family"]}
    settings |= {"data_seed": manifest.options["seed"]} | dict(manifest.space["fixed"])
    settings |= {"max_epochs": manifest.options["max_epochs"]}
    try:
        given = json.loads(path.read_text())
        if not isinstance(given, dict):
            raise ValueError(f"{path}: a config must be a JSON object, got {given!r}")
        settings |= given.get("config", given)
        config = Config.from_mapping(settings, str(path))
    except OSError as error:
        raise StudyError(f"--config cannot be read: {path}: {error.strerror}") from None
    except ValueError as error:
        said = str(error) if str(path) in str(error) else f"{path} is no JSON: {error}"
        raise StudyError(said) from None
    digest = hashlib.sha256(json.dumps(config.as_dict(), sort_keys=True).encode()).hexdigest()
    label = f"{path.name} {digest[:6]}"  # a file may be edited, and every checkpoint has its own
    return Candidate(label=label, trial=None, config=config, seed=None)


def on_fresh_seeds(
    candidates: list[Candidate], seeds: int, vary: Vary, study_seed: int, engine: EngineChoice
) -> list[Retraining]:
    """Every candidate on the same fresh seeds, seed by seed, so that a part is already paired."""
    return [
        _fresh(candidate, index, vary, study_seed, engine)
        for index in range(seeds)
        for candidate in candidates
    ]


def _fresh(
    candidate: Candidate, index: int, vary: Vary, study_seed: int, engine: EngineChoice
) -> Retraining:
    config = candidate.config
    if vary == "data":
        config = replace(config, data_seed=derive_seed(study_seed, "rerun data", index))
    return Retraining(
        purpose="rerun",
        candidate=candidate,
        vary=vary,
        index=index,
        config=config,
        seed=derive_seed(study_seed, "rerun", index),
        engine=engine,
    )


def audited(
    trials: pd.DataFrame, k: int, study_seed: int, replicates: int, engine: EngineChoice
) -> list[Retraining]:
    """Pruned trials drawn at random, on their own seeds: where they would have ended.

    Training is a function of config and seed, so training from the start is going on.

    Raises:
        StudyError: no trial was pruned.
    """
    pruned = [row for row in trials.to_dict("records") if row["state"] == "pruned"]
    if not pruned:
        raise StudyError("--audit needs pruned trials, and the study has none")
    rows = random.Random(derive_seed(study_seed, "audit")).sample(pruned, len(pruned))[:k]
    candidates = [candidate_of(row) for row in rows]  # type: ignore[arg-type]
    return [
        Retraining(
            purpose="audit",
            candidate=c,
            vary="init",
            index=0,
            config=c.config,
            seed=c.seed or 0,
            replicates=replicates,
            engine=engine,
        )
        for c in candidates
    ]
