"""Which configs are to be trained again: of the best trials, of named ones, of files."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from moons.config import Config
from search_spaces.settings import read_settings
from study.errors import StudyError
from study.record.configs import distinct_configs
from study.record.manifest import Manifest

DATA = ("data", "n_samples", "noise", "data_seed")


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


def candidate_of(row: dict[str, Any]) -> Candidate:
    """The candidate that a row of `trials.parquet` stands for."""
    label = f"trial {row['trial']}"
    return Candidate(
        label=label, trial=row["trial"], config=Config.from_row(row, label), seed=row["seed"]
    )


def top_candidates(trials: pd.DataFrame, metric: str, n: int) -> list[Candidate]:
    """The best distinct configs of complete trials, each by its best trial.

    Raises:
        StudyError: no trial is complete.
    """
    complete = trials[(trials["state"] == "complete") & trials[metric].notna()]
    if not len(complete):
        raise StudyError("no trial of the study is complete, so none can be chosen; name --trial")
    best = distinct_configs(complete, metric).head(n)
    return [candidate_of(row) for row in best.to_dict("records")]  # type: ignore[arg-type]


def named_candidates(
    trials: pd.DataFrame, numbers: tuple[int, ...], option: str = "--trial"
) -> list[Candidate]:
    """The trials of those numbers, whatever their state.

    Raises:
        StudyError: there is no such trial; names the option that asked for it.
    """
    rows = {row["trial"]: row for row in trials.to_dict("records")}
    for number in numbers:
        if number not in rows:
            allowed = f"one of {min(rows)} to {max(rows)}" if rows else "of a study that has some"
            raise StudyError(f"{option} must be {allowed}, got {number}")
    return [candidate_of(rows[number]) for number in numbers]  # type: ignore[arg-type]


def changed(candidate: Candidate, texts: tuple[str, ...]) -> Candidate:
    """The candidate with settings of `--set` in the place of its own.

    Raises:
        StudyError: a setting is impossible, is to be searched, or asks for other data.
    """
    try:
        settings = read_settings(texts)
        for setting in settings:
            if setting.searched:
                raise ValueError(f"--set takes one value a setting in a rerun, got {setting.text}")
            if setting.key in DATA:
                raise ValueError(f"--set cannot change the study's data, got {setting.text}")
        new = candidate.config.as_dict() | {setting.key: setting.value for setting in settings}
        label = ", ".join([candidate.label, *texts])
        return Candidate(label=label, trial=None, config=Config.from_mapping(new, label), seed=None)
    except ValueError as error:
        raise StudyError(str(error)) from None


def config_from_file(path: Path, manifest: Manifest) -> Candidate:
    """A config of one's own; what it leaves out is as in the study.

    Raises:
        StudyError: the file is missing, is no JSON, holds an impossible setting, or asks for other
            data than the study's, on which nothing would compare.
    """
    settings: dict[str, Any] = {"family": manifest.family, "data_seed": manifest.data_seed}
    settings |= dict(manifest.fixed) | {"max_epochs": manifest.max_epochs}
    try:
        given = json.loads(path.read_text())
        given = given.get("config", given) if isinstance(given, dict) else given
        if not isinstance(given, dict):
            raise ValueError(f"{path}: a config must be a JSON object, got {given!r}")
        split = {"split_seed": 0}  # an exported winner has its own
        config = Config.from_mapping(settings | given | split, str(path))
    except OSError as error:
        raise StudyError(f"--config cannot be read: {path}: {error.strerror}") from None
    except ValueError as error:
        said = str(error) if str(path) in str(error) else f"{path} is no JSON: {error}"
        raise StudyError(said) from None
    study = Config.from_mapping(settings, "study.json")
    for name in DATA:
        ours, theirs = getattr(study, name), getattr(config, name)
        if name not in manifest.space["searched"] and ours != theirs:
            raise StudyError(f"{path}: {name} must be the study's {ours}, got {theirs}")
    digest = hashlib.sha256(json.dumps(config.as_dict(), sort_keys=True).encode()).hexdigest()
    label = f"{path.name} {digest[:6]}"  # a file may be edited, and every checkpoint has its own
    return Candidate(label=label, trial=None, config=config, seed=None)
