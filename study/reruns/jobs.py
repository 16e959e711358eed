"""What is to be retrained: configs by seeds, each a job with a key that stays the same."""

import json
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from moons.config import Config, EngineChoice
from moons.seeds import derive_seed
from study.errors import StudyError
from study.record.chosen import in_drawing_order
from study.reruns.candidates import Candidate, candidate_of
from study.reruns.options import Vary
from study.training.job import OwnModel, TrialJob, drawn

Purpose = Literal["rerun", "audit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """One training of a candidate.

    Attributes:
        purpose: a rerun on a fresh seed, or an audit of a pruned trial on its own.
        vary: what the seed draws anew.
        index: of the seed, from 0; the same index is the same seed for every candidate.
        replicates: as many as the study's trials have, where a trial of it goes on.
        rungs: where an audit reports what ASHA would have seen.
        engine: the study's.
    """

    purpose: Purpose
    candidate: Candidate
    vary: Vary
    index: int
    config: Config
    seed: int
    replicates: int = 1
    rungs: tuple[int, ...] = ()
    engine: EngineChoice = "auto"

    @property
    def key(self) -> str:
        """The same for the same retraining, whenever and wherever it is done."""
        c = self.candidate
        return json.dumps([self.purpose, c.label, c.config.as_dict(), self.vary, self.index])

    def job(self, number: int, metrics: tuple[str, ...], model: OwnModel | None) -> TrialJob:
        """For a worker: to the end, whatever a rung would say."""
        c = self.config
        return TrialJob(
            trial=number,
            config=c,
            seed=self.seed,
            rungs=self.rungs,
            metrics=metrics,
            engine=self.engine,
            replicates=self.replicates,
            model_class=model,
            keep_losses=self.purpose == "rerun",
            data=drawn(c),
        )


def on_fresh_seeds(
    candidates: list[Candidate], seeds: int, vary: Vary, study_seed: int, engine: EngineChoice
) -> list[Retraining]:
    """Every candidate on the same fresh seeds, seed by seed, so that a part is already paired.

    A config that is named twice, also by trials that share it, is trained once.
    """
    distinct: dict[str, Candidate] = {}
    for candidate in candidates:
        distinct.setdefault(json.dumps(candidate.config.as_dict()), candidate)
    return [
        _fresh(candidate, index, vary, study_seed, engine)
        for index in range(seeds)
        for candidate in distinct.values()
    ]


def _fresh(
    candidate: Candidate, index: int, vary: Vary, study_seed: int, engine: EngineChoice
) -> Retraining:
    config = candidate.config
    if vary == "split":
        config = replace(config, split_seed=index + 1)
    elif vary == "data":
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
    trials: pd.DataFrame,
    k: int,
    study_seed: int,
    replicates: int,
    rungs: tuple[int, ...],
    engine: EngineChoice,
) -> list[Retraining]:
    """Pruned trials drawn at random, on their own seeds: where they would have ended.

    Training is a function of config and seed, so training from the start is going on.

    Raises:
        StudyError: no trial was pruned.
    """
    pruned = trials[trials["state"] == "pruned"]
    if pruned.empty:
        raise StudyError("--audit needs pruned trials, and the study has none")
    drawn = in_drawing_order(pruned, study_seed).head(k).to_dict("records")
    candidates = [candidate_of(row) for row in drawn]  # type: ignore[arg-type]
    return [
        Retraining(
            purpose="audit",
            candidate=c,
            vary="init",
            index=0,
            config=c.config,
            seed=c.seed or 0,
            replicates=replicates,
            rungs=rungs,
            engine=engine,
        )
        for c in candidates
    ]
