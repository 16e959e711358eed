"""The resolved plan of a study: what the options and the space come to."""

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from moons.config import Config, EngineChoice
from moons.files import free_place
from moons.sources.chosen import Data
from moons.words import as_typed, count, shell
from search_spaces.choices import check_package
from search_spaces.load import load_space
from search_spaces.settings import Setting, read_settings, with_settings
from search_spaces.space import SearchSpace
from study.cpus import usable_cpus
from study.errors import StudyError
from study.options import Options, check_results, default_address
from study.record.manifest import Manifest
from study.record.stopping import STOPPING
from study.trackers.choice import Tracker, check_usable, read_trackers

LONGEST_NAME = 64
SMOKE_TRIALS, SMOKE_EPOCHS, SMOKE_GRACE, SMOKE_SEEDS = 4, 20, 10, 2
RECORDED = (
    *("trials", "max_epochs", "scheduler", "grace", "reduction", "workers", "seed", "data_seed"),
    *("replicates", "confirm", "top", "time_budget_s", "engine", "address"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A study to be run, or to be gone on with.

    Attributes:
        name: of the study, in its journal and manifest.
        folder: where its record is kept.
        rungs: epochs at which trials may be stopped, ascending; empty without a scheduler.
        workers: trials at a time; None takes every CPU of an existing cluster.
        space_file: where the space was read, absolute; None for one that comes with the project.
        set: what `--set` changed of the space, as it was typed; `space` has it already.
        replicates: seeds that each trial is trained on.
        confirm: fresh seeds that the best configs are trained on at the end; 0 for none.
        top: how many configs those are.
        time_budget_s: seconds after which the study stops, to be resumed.
        trackers: that are told of every trial, beside the record.
    """

    name: str
    folder: Path
    space: SearchSpace
    trials: int
    max_epochs: int
    scheduler: str
    grace: int
    reduction: int
    rungs: tuple[int, ...]
    workers: int | None
    seed: int
    data_seed: int
    space_file: str | None = None
    set: tuple[str, ...] = ()
    replicates: int = 1
    confirm: int = 0
    top: int = 5
    time_budget_s: float | None
    engine: EngineChoice
    address: str | None
    warm_start: Path | None = None
    resumed: bool = False
    report: bool = True
    live: bool = False
    trackers: tuple[Tracker, ...] = ()

    def config(self, params: dict[str, Any]) -> Config:
        """The training run that a point of the space stands for."""
        return self.space.config(params, data_seed=self.data_seed, max_epochs=self.max_epochs)

    @property
    def stops(self) -> str:
        """When trials are stopped early, in words."""
        rule = STOPPING.get(self.scheduler)
        if rule is None:
            return "no early stops"
        if self.rungs:
            return f"{rule.title} at epochs {', '.join(map(str, self.rungs))}"
        return f"no early stops, as the first rung, epoch {self.grace}, is not below " + str(
            self.max_epochs
        )

    def resume_command(self) -> str:
        """What to type to go on with the study; a model of one's own needs its file again."""
        named = self.space_file if self.space.model else None
        file = ["--space", as_typed(named)] if named else []
        return shell("python", "-m", "study.run", "--resume", self.folder, *file)

    @property
    def title(self) -> str:
        """What is about to be done, in a line."""
        return (
            f"study {self.name}: {count(self.trials, 'trial')} of {self.space.model_name}, "
            f"{self.space.sampler}, {self.stops}"
        )

    def options(self) -> dict[str, Any]:
        """The options as resolved, as the manifest holds them."""
        kept = {key: getattr(self, key) for key in RECORDED}
        warm_start = None if self.warm_start is None else str(self.warm_start)
        own = {"metric": self.space.metric, "sampler": self.space.sampler, "set": list(self.set)}
        log = ",".join(self.trackers) or None
        return kept | own | {"space": self.space_file, "warm_start": warm_start, "log": log}

    def manifest(self) -> Manifest:
        """The manifest of a study that begins now."""
        return Manifest.new(
            name=self.name,
            space=self.space.as_dict(),
            space_hash=self.space.digest(),
            options=self.options(),
            rungs=self.rungs,
        )


def make_plan(options: Options) -> Plan:
    """Resolves options to a plan.

    Raises:
        StudyError: with the sentence for the user.
    """
    if options.space is None:
        raise StudyError("--space is missing; see --list-spaces for what there is")
    try:
        space = load_space(options.space)
        changes = {"metric": options.metric, "sampler": options.sampler}
        given = {key: value for key, value in changes.items() if value is not None}
        settings = read_settings(options.set)
        space = dataclasses.replace(space, **given)  # type: ignore[arg-type]
        space = _with_metric(with_settings(space, settings, _data(options)))
        check_package(space.sampler)
    except ValueError as error:
        raise StudyError(str(error)) from None
    trackers = read_trackers(options.log)
    check_usable(trackers)
    check_results(options.results)
    address = options.address or default_address()
    max_epochs = options.max_epochs or space.max_epochs
    max_epochs = min(max_epochs, SMOKE_EPOCHS) if options.smoke else max_epochs
    confirm = min(space.confirm, SMOKE_SEEDS) if options.smoke else space.confirm
    grace = options.grace or (min(space.grace, SMOKE_GRACE) if options.smoke else space.grace)
    scheduler = options.scheduler or space.scheduler
    stops = scheduler in STOPPING
    if stops and options.grace is not None and grace >= max_epochs:
        raise StudyError(
            f"--grace must be below the {max_epochs} epochs of a trial's largest budget, else "
            f"{STOPPING[scheduler].title} could stop no trial, got {grace}; for a study without it "
            "say --scheduler none"
        )
    kind = f"{space.name}-smoke" if options.smoke else space.name
    # Two studies may begin in the same second.
    name = options.name or free_place(options.results / _name(kind, settings)).name
    return Plan(
        name=name,
        folder=options.results / name,
        space=space,
        trials=_count_trials(space, options),
        max_epochs=max_epochs,
        scheduler=scheduler,
        grace=grace,
        reduction=options.reduction,
        rungs=make_rungs(grace, options.reduction, max_epochs) if stops else (),
        workers=options.workers or (usable_cpus() if address is None else None),
        seed=options.seed,
        data_seed=options.seed if options.data_seed is None else options.data_seed,
        space_file=str(Path(space.code.path).absolute()) if space.code else None,
        set=options.set,
        replicates=options.replicates,
        confirm=confirm if options.confirm is None else options.confirm,
        top=space.top if options.top is None else options.top,
        time_budget_s=options.time_budget,
        engine=options.engine,
        address=address,
        warm_start=options.warm_start,
        report=not options.no_report,
        live=options.live,
        trackers=trackers,
    )


def _data(options: Options) -> Data | None:
    return None if options.data is None else Data.read(options.data, options.label)


def _with_metric(space: SearchSpace) -> SearchSpace:
    """The space with `val_nll` for `val_excess_nll` where no density is known to exceed."""
    if space.modelled.known:
        return space
    return dataclasses.replace(space, metric=space.metric.replace("val_excess_nll", "val_nll"))


def _name(kind: str, settings: tuple[Setting, ...]) -> str:
    """The space, what was set in it as far as there is room, and the time."""
    time = f"{datetime.now():%Y%m%d-%H%M%S}"
    room = LONGEST_NAME - len(kind) - len(time) - 2 - len("-99")
    said = "-".join(re.sub(r"[^A-Za-z0-9.]+", "-", s.text.replace("=", "", 1)) for s in settings)
    return "-".join(filter(None, (kind, said[:room].strip("-."), time)))


def make_rungs(grace: int, reduction: int, max_epochs: int) -> tuple[int, ...]:
    """Rungs below the largest budget: grace, grace * reduction, grace * reduction^2, ..."""
    rungs: list[int] = []
    rung = grace
    while rung < max_epochs:
        rungs.append(rung)
        rung *= reduction
    return tuple(rungs)


def _count_trials(space: SearchSpace, options: Options) -> int:
    if space.is_grid:
        points = sum(1 for _ in space.grid())
        if options.trials not in (None, points):
            raise StudyError(
                f"--trials must be left out, as {space.name} is a grid of "
                f"{count(points, 'point')}, got {options.trials}"
            )
        return points
    return options.trials or (SMOKE_TRIALS if options.smoke else space.trials)
