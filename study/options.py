"""The options of `python -m study.run`, from the command line to a frozen value."""

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from tyro.conf import FlagCreatePairsOff, Suppress, UseAppendAction

from moons.command_line import (
    AnyPath,
    AnyText,
    Count,
    Number,
    OptionalPath,
    Text,
    Whole,
    one_of,
    opt,
    read_by,
    read_command_line,
)
from search_spaces.choices import METRICS, SAMPLERS, SCHEDULERS, listed
from study.errors import StudyError
from study.trackers.choice import read_trackers

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
Flag = FlagCreatePairsOff[bool]
T = TypeVar("T")


SamplerName = Annotated[str | None, read_by(one_of(tuple(SAMPLERS)))]
SchedulerName = Annotated[str | None, read_by(one_of(tuple(SCHEDULERS)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Runs a hyperparameter study of VAEs or CVAEs on two moons, on every core at hand."""

    space: Annotated[Text, opt("NAME|FILE.py", "none, give one")] = None
    """The search space: one of --list-spaces, or a Python file that defines SPACE."""
    name: Annotated[Text, opt("NAME", "the space and the time")] = None
    """The study's folder under --results."""
    trials: Annotated[Whole, opt("N", "100; a grid: its points")] = None
    """How many trials to finish."""
    max_epochs: Annotated[Whole, opt("N", "the space's, 1000 or 160")] = None
    """A trial's largest budget, in epochs."""
    metric: Annotated[Text, opt(f"{listed(METRICS)}[,...]", "the space's")] = None
    """What is minimised: one, or two joined by a comma, which give a Pareto front."""
    data: Annotated[Text, opt("NAME|FILE", "the space's, moons")] = None
    """moons, circles, spirals, pinwheel, gaussians, or a CSV, Parquet or NPZ file of points."""
    label: Annotated[Text, opt("COLUMN", "none")] = None
    """The column of the file that holds each point's class."""
    set: Annotated[UseAppendAction[tuple[AnyText, ...]], opt("NAME=VALUE", "the space's")] = ()
    """Fixes a setting, or searches it: NAME=A,B,C or NAME=[log:]LOW..HIGH[/STEP]. Repeatable."""
    sampler: Annotated[SamplerName, opt(listed(SAMPLERS), "the space's")] = None
    """Who proposes configs."""
    scheduler: Annotated[SchedulerName, opt(listed(SCHEDULERS), "the space's")] = None
    """Who stops unpromising trials early."""
    grace: Annotated[Whole, opt("N", "the space's, 10 or 80")] = None
    """Epochs before a trial may be stopped: the first rung."""
    reduction: Count = 4
    """How far rungs are apart; with asha and hyperband, one trial in so many passes a rung."""
    workers: Annotated[Whole, opt("N", "every CPU")] = None
    """Trials at a time, one CPU each."""
    seed: Count = 42
    """What data, proposals and training are drawn from."""
    data_seed: Annotated[Whole, opt("N", "--seed")] = None
    """What the data and their split are drawn from: searches on the same data share it."""
    replicates: Count = 1
    """Seeds that each trial is trained on; the mean over them is minimised."""
    time_budget: Annotated[Number, opt("SECONDS", "none")] = None
    """Stops the study, to be resumed, after so many seconds of trials, one of them finished."""
    confirm: Annotated[Whole, opt("R", "the space's, 0 or 8")] = None
    """Trains the best configs on R fresh seeds at the end and names the best by its mean."""
    top: Annotated[Whole, opt("N", "the space's, 5 or 10")] = None
    """How many of the best distinct configs --confirm trains again."""
    engine: Literal["auto", "fused", "torch"] = "auto"
    """What trains: the fused kernel where it can, or the torch reference."""
    address: Annotated[Text, opt("auto|HOST:PORT", "its own; in a job, the job's")] = None
    """An existing Ray cluster to run on."""
    results: AnyPath = Path("results")
    """Where studies are kept."""
    resume: Annotated[OptionalPath, opt("FOLDER", "none")] = None
    """Goes on with a study, with the options it was begun with; --trials extends it."""
    warm_start: Annotated[OptionalPath, opt("FOLDER", "none")] = None
    """Another study whose trials the sampler learns from."""
    log: Annotated[Text, opt("TRACKER[,TRACKER]", "none")] = None
    """Trackers to tell of every trial as well: tensorboard, mlflow, wandb."""
    no_report: Flag = False
    """Leaves out the report that a study writes at its end."""
    live: Flag = False
    """Serves the study's page on 127.0.0.1 while it runs."""
    smoke: Flag = False
    """The same job on 4 trials, or a grid's points, of 20 epochs."""
    dry_run: Flag = False
    """Shows the plan, sampled configs and an estimate of the duration; writes nothing."""
    list_spaces: Flag = False
    """Shows each search space with its ranges."""
    given: Suppress[frozenset[str]] = frozenset()
    """The names of the options that the command line held."""

    def __post_init__(self) -> None:
        if self.label is not None and self.data is None:
            raise StudyError("--label names a column of a file: give the file with --data FILE")
        if self.name is not None and not NAME.fullmatch(self.name):
            raise StudyError(
                f"--name must match {NAME.pattern}, got {self.name!r}; "
                "use letters, digits, dots, dashes and underscores"
            )
        check_range("--trials", self.trials, 1, 1_000_000)
        check_range("--max-epochs", self.max_epochs, 1, 1_000_000)
        check_range("--grace", self.grace, 1, 1_000_000)
        check_range("--reduction", self.reduction, 2, 100)
        check_range("--workers", self.workers, 1, 100_000)
        check_range("--replicates", self.replicates, 1, 1000)
        check_range("--confirm", self.confirm, 0, 10_000)
        check_range("--top", self.top, 1, 10_000)
        check_range("--seed", self.seed, 0, 2**32 - 1)
        check_range("--data-seed", self.data_seed, 0, 2**32 - 1)
        if self.time_budget is not None and not 0 < self.time_budget < math.inf:
            raise StudyError(f"--time-budget must be seconds above 0, got {self.time_budget:g}")
        if self.address is not None:
            check_address(self.address)
        read_trackers(self.log)


def check_range(flag: str, value: int | None, low: int, high: int) -> None:
    """Refuses a number outside [low, high]; None is no number."""
    if value is not None and not low <= value <= high:
        raise StudyError(f"{flag} must be a whole number in [{low}, {high}], got {value}")


def check_address(address: str) -> None:
    """Refuses what is no address of a Ray cluster."""
    if address.startswith("ray://"):
        raise StudyError(
            f"--address must be auto or HOST:PORT, got {address}; a ray:// client would move the "
            "driver away from the record: run on the cluster with `ray job submit`"
        )
    host, _, port = address.rpartition(":")
    if address != "auto" and not (host and port.isdigit() and 0 < int(port) < 65536):
        raise StudyError(f"--address must be auto or HOST:PORT, got {address!r}")


def parse(argv: Sequence[str]) -> Options:
    """The options of a command line.

    Raises:
        StudyError: an option or its value is wrong; one sentence.
        SystemExit: `--help` was asked for and answered.
    """
    options = read_options(Options, argv, "python -m study.run")
    flags = (word.split("=")[0] for word in argv if word.startswith("--"))
    return replace(options, given=frozenset(f[2:].replace("-", "_") for f in flags))


def read_options(kind: type[T], argv: Sequence[str], prog: str) -> T:
    """The options of a command line as a value of `kind`.

    Raises:
        StudyError: an option or its value is wrong; one sentence.
        SystemExit: `--help` was asked for and answered.
    """
    try:
        return read_command_line(kind, argv, prog)
    except ValueError as error:
        raise StudyError(str(error)) from None


def default_address() -> str | None:
    """Without --address: in a Ray job the cluster that runs it, elsewhere one of the study's own.

    RAY_ADDRESS alone decides nothing, so that no cluster is joined by accident.
    """
    return "auto" if "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ else None


def check_results(results: Path) -> None:
    """Refuses to keep a record in the working directory of a Ray job, which Ray takes away."""
    if "working_dir_files" in results.absolute().parts:
        raise StudyError(
            f"--results must be an absolute path in a Ray job, whose working directory Ray takes "
            f"away, got {results}"
        )
