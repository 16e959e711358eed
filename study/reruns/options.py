"""The options of `python -m study.rerun`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from moons.command_line import AnyPath, AnyText, Count, OptionalPath, Text, Whole, opt
from moons.files import is_folder
from study.errors import StudyError
from study.options import Flag, check_address, check_range, read_options

Vary = Literal["init", "split", "data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunOptions:
    """Retrains a study's best configs on fresh seeds, to tell luck from quality."""

    study: Annotated[Positional[AnyPath], arg(metavar="FOLDER")]
    """The study, such as results/cvae-1."""
    top: Count = 5
    """How many of the best distinct configs, unless trials or configs are named."""
    seeds: Count = 20
    """Trainings of each config; all configs meet the same seeds."""
    trial: Annotated[UseAppendAction[tuple[Count, ...]], opt("N", "the top ones")] = ()
    """A trial to retrain; may be said more than once."""
    config: Annotated[UseAppendAction[tuple[AnyPath, ...]], opt("FILE.json", "none")] = ()
    """A config to train beside the study's own; may be said more than once."""
    set: Annotated[UseAppendAction[tuple[AnyText, ...]], opt("NAME=VALUE", "none")] = ()
    """Trains each config with this setting changed as well, beside it. Repeatable."""
    vary: Annotated[Vary | None, opt("init|split|data", "init; split where confirmed")] = None
    """What a seed draws anew: initialisation and order; which points validate too; or all data."""
    seed_of_trial: Annotated[Whole, opt("N", "none")] = None
    """Repeats this trial exactly and says whether it came out the same."""
    audit: Annotated[Whole, opt("K", "none")] = None
    """Trains K pruned trials, drawn at random, to the full budget, to see what pruning cost."""
    export: Annotated[OptionalPath, opt("FOLDER", "none")] = None
    """Writes the winner as a folder that others can use."""
    refit: Flag = False
    """Trains what --export writes on training and validation points, when they have chosen it."""
    workers: Annotated[Whole, opt("N", "every CPU")] = None
    """Trainings at a time, one CPU each."""
    address: Annotated[Text, opt("auto|HOST:PORT", "its own; in a job, the job's")] = None
    """An existing Ray cluster to run on."""
    space: Annotated[OptionalPath, opt("FILE.py", "none")] = None
    """The file of a study whose model is one's own."""

    def __post_init__(self) -> None:
        check_range("--top", self.top, 1, 10_000)
        check_range("--seeds", self.seeds, 1, 10_000)
        check_range("--audit", self.audit, 1, 100_000)
        check_range("--workers", self.workers, 1, 100_000)
        if self.address is not None:
            check_address(self.address)
        if self.audit is not None and (self.trial or self.config):
            raise StudyError("--audit draws its trials itself; leave --trial and --config out")
        if self.set and (self.audit is not None or self.seed_of_trial is not None):
            raise StudyError("--set changes configs; leave --audit and --seed-of-trial out")
        no_board = self.audit is not None or self.seed_of_trial is not None
        if self.export is not None and no_board:
            raise StudyError("--export needs a leaderboard; leave --audit and --seed-of-trial out")
        if self.refit and self.export is None:
            raise StudyError("--refit is of what is exported; give --export FOLDER too")
        if self.export is not None and self.export.exists():
            raise StudyError(
                f"--export must name a folder that is not there yet, got {self.export}"
            )
        if not is_folder(self.study):
            raise StudyError(f"FOLDER must be a study's folder, got {self.study}, which is none")


def parse(argv: Sequence[str]) -> RerunOptions:
    """The options of a command line.

    Raises:
        StudyError: an option or its value is wrong; one sentence.
        SystemExit: `--help` was asked for and answered.
    """
    return read_options(RerunOptions, argv, "python -m study.rerun")
