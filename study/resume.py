"""`--resume`: the plan of a study that is there, from its manifest alone."""

import os
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from moons.callable_module import make_callable
from moons.files import is_folder
from moons.sources import UnknownData, source_named
from search_spaces.choices import SCHEDULERS, check_package
from search_spaces.settings import read_settings, with_settings
from search_spaces.space import SearchSpace
from study.cpus import usable_cpus
from study.errors import StudyError
from study.options import Options, default_address
from study.own_model import space_of_file
from study.plan import RECORDED, Plan
from study.record.damage import DamagedRecord
from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.own_model import own_model
from study.trackers.choice import check_usable, read_trackers

# What may be said anew; everything else is as the study was begun.
MAY_CHANGE = {
    "resume",
    "trials",
    "confirm",
    "top",
    "workers",
    "time_budget",
    "address",
    "dry_run",
    "space",
    "no_report",
    "live",
    "log",
}
NAMES = {"time_budget": "time_budget_s"}


def plan_to_resume(options: Options, folder: Path) -> Plan:
    """The plan of the study in `folder`, with what the options may change.

    Raises:
        StudyError: no study is there, its manifest is damaged, or an option contradicts it.
    """
    if not is_folder(folder):
        raise StudyError(f"--resume must name a study's folder, got {folder}, which is none")
    if StudyFolder(folder).single:
        raise StudyError(f"--resume must name a study's folder, got {folder}, a single model")
    manifest = Manifest.read(StudyFolder(folder).manifest)
    asked = manifest.options
    for name in sorted(options.given - MAY_CHANGE):
        _check_same(name, getattr(options, name), asked, folder)
    space = _space(options, manifest, folder)
    check_data(manifest)
    try:
        check_package(space.sampler)
    except ValueError as error:
        raise StudyError(str(error)) from None
    trackers = read_trackers(options.log or asked.get("log"))
    check_usable(trackers)
    try:
        trials = options.trials or int(asked["trials"])
        if space.is_grid and trials != asked["trials"]:
            raise StudyError(
                f"--trials must be left out, as {space.name} is a grid of {asked['trials']} "
                f"points, got {trials}"
            )
        if asked["scheduler"] not in SCHEDULERS:
            raise DamagedRecord(
                f"{folder / 'study.json'} is damaged: scheduler must be one of "
                f"{', '.join(SCHEDULERS)}, got {asked['scheduler']!r}"
            )
        address = options.address or default_address()
        kept = {"data_seed": asked["seed"]} | {key: asked[key] for key in RECORDED if key in asked}
        now = dict(
            name=manifest.name,
            folder=folder,
            space=space,
            trials=trials,
            rungs=manifest.rungs,
            workers=options.workers or _workers(manifest, address),
            space_file=str(Path(space.code.path).absolute()) if space.code else asked.get("space"),
            set=tuple(asked.get("set", ())),
            confirm=asked.get("confirm", 0) if options.confirm is None else options.confirm,
            top=asked.get("top", space.top) if options.top is None else options.top,
            time_budget_s=options.time_budget,
            address=address,
            warm_start=Path(asked["warm_start"]) if asked.get("warm_start") else None,
            resumed=True,
            report=not options.no_report,
            live=options.live,
            trackers=trackers,
        )
        needed = (f.name for f in fields(Plan) if f.default is MISSING)
        return Plan(**{key: (kept | now)[key] for key in needed} | kept | now)
    except KeyError as error:
        raise DamagedRecord(f"{folder / 'study.json'} is damaged: no {error}") from None


def check_data(manifest: Manifest) -> None:
    """Refuses to go on without the data that a study was begun with.

    Raises:
        StudyError: their file is gone or has changed.
    """
    try:
        source_named(manifest.data.name)
    except UnknownData as error:
        raise StudyError(str(error)) from None


def _workers(manifest: Manifest, address: str | None) -> int | None:
    """As many as before on a Ray of one's own on the same machine; elsewhere what is there."""
    if address is not None:
        return None
    asked = manifest.options
    moved = asked.get("address") is not None or manifest.machine.get("cpus") != os.cpu_count()
    return usable_cpus() if moved else asked["workers"] or usable_cpus()


def _check_same(name: str, value: Any, asked: dict[str, Any] | Any, folder: Path) -> None:
    key = NAMES.get(name, name)
    if key not in asked:
        raise StudyError(f"--{name.replace('_', '-')} cannot be given with --resume; leave it out")
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, tuple):
        value = list(value)
    if value != asked[key]:
        raise StudyError(
            f"{folder} was begun with {name} {asked[key]}, got {value}; leave "
            f"--{name.replace('_', '-')} out, or begin a new study"
        )


def _space(options: Options, manifest: Manifest, folder: Path) -> SearchSpace:
    recorded = manifest.space
    if options.space is None and own_model(recorded) is None:
        try:
            return SearchSpace.from_dict(recorded)
        except ValueError as error:
            raise DamagedRecord(f"{folder / 'study.json'} is damaged: {error}") from None
    changed = read_settings(manifest.options.get("set", ()))
    space = with_settings(space_of_file(manifest, options.space, folder), changed)
    ours = {"metric": recorded["metric"], "sampler": recorded["sampler"]}
    given = space.as_dict() | ours
    for key, value in given.items():
        if key != "code" and recorded.get(key) != value:
            raise StudyError(
                f"{folder} was begun with {key} {_short(recorded.get(key), value)}, got "
                f"{_short(value, recorded.get(key))} from --space {options.space}; leave it out, "
                "or begin a new study"
            )
    return replace(space, **ours)


def _short(value: Any, other: Any) -> str:
    """The part of a mapping that differs from the other."""
    if isinstance(value, dict) and isinstance(other, dict):
        return str({key: v for key, v in value.items() if other.get(key) != v})
    return repr(value)


make_callable(__name__, "study.calls.resume")
