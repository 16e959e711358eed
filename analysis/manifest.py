"""A study's manifest, `study.json`: what was searched, how, and when."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


class DamagedRecord(ValueError):
    """A file of the record is missing or cannot be read; the sentence names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One searched hyperparameter: a range with its ends included, or a list of options."""

    name: str
    kind: Literal["float", "int", "choice"]
    low: float = float("nan")
    high: float = float("nan")
    log: bool = False
    options: tuple[Any, ...] = ()

    def __str__(self) -> str:
        if self.kind == "choice":
            return "one of " + ", ".join(str(option) for option in self.options)
        return self.span + (", logarithmic" if self.log else "")

    @property
    def span(self) -> str:
        """From the first to the last of its values."""
        if self.kind == "choice":
            return f"{self.options[0]} to {self.options[-1]}"
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `study.json` says about a study.

    Attributes:
        name, space, family: the study, its search space and its models.
        searched: the search space, a dimension each.
        fixed: the settings that every trial shares.
        metrics: what is minimised, one or two columns of `trials.parquet`.
        rungs: epochs at which the scheduler compares trials, rising; none without a scheduler.
        n_trials: how many were asked for.
        seconds: that its drivers worked on it, where the file says so.
        started, ended: ISO times, `ended` is None while the study runs or where it was cut off.
        options, versions, git, machine: as they stand in the file.
    """

    name: str
    space: str
    family: str
    searched: tuple[Dimension, ...]
    fixed: Mapping[str, Any]
    space_hash: str
    metrics: tuple[str, ...]
    sampler: str
    scheduler: str
    rungs: tuple[int, ...]
    n_trials: int
    max_epochs: int
    workers: int | None
    seed: int | None
    data_seed: int | None
    started: str | None
    ended: str | None
    seconds: float | None
    outcome: str
    options: Mapping[str, Any]
    versions: Mapping[str, Any]
    git: Mapping[str, Any]
    machine: Mapping[str, Any]

    @property
    def metric(self) -> str:
        """What trials are ranked by: the first of `metrics`."""
        return self.metrics[0]


def read_manifest(path: Path) -> Manifest:
    """Reads `study.json`.

    Raises:
        DamagedRecord: the file is no manifest; says what is wrong.
    """
    try:
        about = json.loads(path.read_text())
        space, options = about["space"], about["options"]
        return Manifest(
            name=about["name"],
            space=space["name"],
            family=space.get("family") or space.get("model") or space["name"],
            searched=tuple(_dimension(name, spec) for name, spec in space["searched"].items()),
            fixed=space.get("fixed") or {},
            space_hash=about.get("space_hash") or "",
            metrics=tuple(part.strip() for part in options["metric"].split(",")),
            sampler=options.get("sampler") or space.get("sampler") or "unknown",
            scheduler=options.get("scheduler") or "none",
            rungs=tuple(sorted(int(rung) for rung in about.get("rungs") or ())),
            n_trials=int(options["trials"]),
            max_epochs=int(options["max_epochs"]),
            workers=options.get("workers"),
            seed=options.get("seed"),
            data_seed=options.get("data_seed", options.get("seed")),
            started=about.get("started"),
            ended=about.get("ended"),
            seconds=about.get("seconds"),
            outcome=about.get("outcome") or "unfinished",
            options=options,
            versions=about.get("versions") or {},
            git=about.get("git") or {},
            machine=about.get("machine") or {},
        )
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DamagedRecord(f"{path} is damaged: {error}") from None
    except KeyError as error:
        raise DamagedRecord(f"{path} lacks the key {error}") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise DamagedRecord(f"{path} is not a study's manifest: {error}") from None


def _option(option: Any) -> Any:
    """An option as `trials.parquet` holds it: a list of widths is text."""
    return ",".join(map(str, option)) if isinstance(option, list) else option


def _dimension(name: str, spec: Mapping[str, Any]) -> Dimension:
    if spec["kind"] == "choice":
        options = tuple(_option(option) for option in spec["options"])
        return Dimension(name=name, kind="choice", options=options)
    low, high, log = float(spec["low"]), float(spec["high"]), bool(spec.get("log", False))
    return Dimension(name=name, kind=spec["kind"], low=low, high=high, log=log)
