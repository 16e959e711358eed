"""`study.json`: what a study was asked for, by which versions, and how it ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

from moons.checksums import sealed_text
from moons.config import EngineChoice, check_value
from moons.files import write_whole
from moons.sources.chosen import Data
from moons.words import as_typed
from study.record.damage import DamagedRecord, RecordError
from study.record.origin import git_state, machine, now, versions
from study.record.single import fields_of

FORMAT = 2  # of everything in a study's folder; this version reads it and all before it
REMEDY = "put back a copy of the file"
TEXT, COUNT, AMOUNT = str | None, int | None, int | float | None
KINDS: dict[str, Any] = {"name": str, "space": dict, "space_hash": str, "options": dict}
KINDS |= {"rungs": list, "versions": dict, "git": dict, "machine": dict, "started": TEXT}
KINDS |= {"ended": TEXT, "seconds": AMOUNT, "outcome": str}
OPTIONS: dict[str, Any] = {"trials": int, "max_epochs": int, "metric": str, "sampler": str}
OPTIONS |= {"scheduler": str, "grace": int, "reduction": int, "workers": COUNT, "seed": int}
OPTIONS |= dict.fromkeys(("data_seed", "replicates", "confirm", "top"), int)
OPTIONS |= {"time_budget_s": AMOUNT, "engine": str}
OPTIONS |= {"address": TEXT, "warm_start": TEXT, "log": TEXT, "space": TEXT}
PLANNED = ("random", "grid", "qmc")  # samplers that do not look at what became of trials
Outcome = Literal["running", "complete", "interrupted", "time budget", "no result"]


def in_own_type(name: str, value: Any) -> Any:
    """A setting's value as its tables hold it, also of a space that wrote 1 for 1.0."""
    try:
        return value if isinstance(value, list) else check_value(name, value)
    except ValueError:  # of a version that had other settings
        return value


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

    @classmethod
    def of(cls, name: str, spec: Mapping[str, Any]) -> Self:
        """From the manifest's; a list of widths becomes text, as `trials.parquet` holds it."""
        if spec["kind"] not in ("float", "int", "choice"):
            raise ValueError(f"{name} is searched as {spec['kind']!r}")
        if spec["kind"] == "choice":
            options = (
                ",".join(map(str, o)) if isinstance(o, list) else in_own_type(name, o)
                for o in spec["options"]
            )
            return cls(name=name, kind="choice", options=tuple(options))
        low, high, log = float(spec["low"]), float(spec["high"]), bool(spec.get("log", False))
        return cls(name=name, kind=spec["kind"], low=low, high=high, log=log)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest's fields, under the names they have in the file.

    Attributes:
        format: of the folder; 1 has no checksums.
        space: as `SearchSpace.as_dict` gives it; `space_hash` is its digest.
        options: every option as resolved.
        rungs: epochs at which the scheduler decides, rising; none without a scheduler.
        started: ISO 8601, UTC, of the first driver; `ended` of the last, None while one works on
            the study or where it was cut off.
        seconds: that drivers have worked on it, all together.
        unknown: keys of the file that this version does not know, kept when it is written again.
    """

    format: int = FORMAT
    name: str
    space: Mapping[str, Any]
    space_hash: str = ""
    options: Mapping[str, Any]
    rungs: tuple[int, ...] = ()
    versions: Mapping[str, Any] = field(default_factory=dict)
    git: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    outcome: str = "unfinished"
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def new(
        cls,
        *,
        name: str,
        space: Mapping[str, Any],
        space_hash: str,
        options: Mapping[str, Any],
        rungs: tuple[int, ...],
    ) -> Self:
        """The manifest of a study that begins now, here."""
        return cls(
            name=name,
            space=space,
            space_hash=space_hash,
            options=options,
            rungs=rungs,
            versions=versions(),
            git=git_state(),
            machine=machine(),
            started=now(),
            seconds=0.0,
            outcome="running",
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a manifest.

        Raises:
            DamagedRecord: it is missing or damaged; says what is wrong.
        """
        try:
            found = fields_of(path)
        except FileNotFoundError:
            raise DamagedRecord(
                f"{path} is missing: {path.parent} is no study, or lost its manifest"
            ) from None
        except ValueError as error:
            raise DamagedRecord(f"{path} is damaged ({error}); {REMEDY}") from None
        _check_format(path, found.get("format", 1))
        known = {key: found[key] for key in cls.__dataclass_fields__ if key in found}
        unknown = {key: value for key, value in found.items() if key not in known}
        try:
            _check_types(found)
            known |= {"format": found.get("format", 1), "rungs": tuple(known.get("rungs", ()))}
            manifest = cls(**known, unknown=unknown)
            _ = manifest.searched, manifest.family, manifest.data
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = f"it lacks the key {error}" if isinstance(error, KeyError) else error
            raise DamagedRecord(f"{path} is damaged ({why}); {REMEDY}") from None
        return manifest

    def write(self, path: Path) -> None:
        """Writes the manifest whole."""
        fields = asdict(self)
        unknown = fields.pop("unknown")
        write_whole(path, sealed_text(fields | unknown))

    def going_on(self, options: Mapping[str, Any]) -> Self:
        """The manifest of a study whose driver begins now; `options` may extend it."""
        return replace(self, options=options, ended=None, outcome="running")

    def end(self, outcome: Outcome, options: Mapping[str, Any], seconds: float) -> Self:
        """The manifest of a study whose driver stops now, after so many seconds of work."""
        worked = round((self.seconds or 0.0) + seconds, 3)
        return replace(self, options=options, ended=now(), outcome=outcome, seconds=worked)

    def cut_off(self, options: Mapping[str, Any], seconds: float) -> Self:
        """The manifest of a study whose driver ends without its tables, after so many seconds."""
        return replace(self.end("interrupted", options, seconds), ended=None)

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is minimised, one or two columns of `trials.parquet`."""
        return tuple(part.strip() for part in self.options["metric"].split(","))

    @property
    def metric(self) -> str:
        """What trials are ranked by: the first of `metrics`."""
        return self.metrics[0]

    @property
    def searched(self) -> tuple[Dimension, ...]:
        """The search space, a dimension each."""
        return tuple(Dimension.of(name, spec) for name, spec in self.space["searched"].items())

    @property
    def fixed(self) -> Mapping[str, Any]:
        """The settings that every trial shares."""
        found = self.data.defaults | dict(self.space.get("fixed") or {})
        shared = {name: in_own_type(name, value) for name, value in found.items()}
        return shared | (self.data.settings if self.data != Data() else {})

    @property
    def data(self) -> Data:
        """What is modelled; a file is then known to this process."""
        return Data.from_dict(self.space.get("data"))

    @property
    def space_name(self) -> str:
        """What the search space is called."""
        return str(self.space["name"])

    @property
    def space_option(self) -> str:
        """The search space as `--space` takes it: its name, or its file as seen from here."""
        if file := self.options.get("space"):
            return as_typed(file)
        return str((self.space.get("code") or {}).get("file") or self.space_name)

    @property
    def family(self) -> str:
        """`vae` or `cvae`."""
        return str(self.space.get("family") or self.space.get("model") or self.space["name"])

    @property
    def sampler(self) -> str:
        """Who proposed."""
        return str(self.options.get("sampler") or self.space.get("sampler") or "unknown")

    @property
    def scheduler(self) -> str:
        """Who stopped trials early; `none` for nobody."""
        return str(self.options.get("scheduler") or "none")

    @property
    def n_trials(self) -> int:
        """How many trials were asked for."""
        return int(self.options["trials"])

    @property
    def max_epochs(self) -> int:
        """What a trial is trained for at most."""
        return int(self.options["max_epochs"])

    @property
    def workers(self) -> int | None:
        """Trials at a time; None for all of a cluster."""
        return self.options.get("workers")

    @property
    def seed(self) -> int:
        """Of the study."""
        return int(self.options.get("seed") or 0)

    @property
    def data_seed(self) -> int:
        """Of the data and their split; the study's where the options name none."""
        return int(self.options.get("data_seed", self.seed))

    @property
    def engine(self) -> EngineChoice:
        """What trains."""
        return cast(EngineChoice, self.options.get("engine", "auto"))

    @property
    def replicates(self) -> int:
        """Seeds that each trial is trained on."""
        return int(self.options.get("replicates", 1))


def _check_format(path: Path, found: object) -> None:
    if type(found) is not int or found < 1:
        raise DamagedRecord(f"{path} is damaged (format is {found!r}); {REMEDY}")
    if found > FORMAT:
        raise RecordError(
            f"{path} is of format {found}, and this version reads up to {FORMAT}: take the version "
            "that wrote it, or a later one"
        )


def _check_types(found: Mapping[str, Any]) -> None:
    """Raises where a part is of another type than was written."""
    options = found["options"]
    for fields, kinds in ((found, KINDS), (options, OPTIONS)):
        for key, kind in kinds.items():
            if key in fields and (
                not isinstance(fields[key], kind) or isinstance(fields[key], bool)
            ):
                raise TypeError(f"{key} is {fields[key]!r}")
    for key in ("trials", "max_epochs", "metric"):
        _ = options[key]
    if options.get("engine", "auto") not in get_args(EngineChoice):
        raise ValueError(f"engine is {options['engine']!r}")
    for key in ("searched", "fixed"):
        if not isinstance(found["space"].get(key, {}), dict):
            raise TypeError(f"{key} is {found['space'][key]!r}")
    if not all(type(rung) is int for rung in found.get("rungs", ())):
        raise TypeError(f"rungs is {found['rungs']!r}")
