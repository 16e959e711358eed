"""What `moons.train` left, as the record of a study of one trial."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moons.checkpoint import read_stored
from moons.checksums import read_sealed
from moons.config import Config
from moons.files import read_plain
from moons.single import CURVE, TRAINING
from moons.sources.chosen import Data
from moons.sources.names import NAMED
from study.record.damage import DamagedRecord

REMEDY = "put back a copy of it, or train the model again"


def fields_of(manifest: Path) -> dict[str, Any]:
    """The fields of `study.json`; where `moons.train` left the folder, those it would have.

    Raises:
        FileNotFoundError: neither is there.
        ValueError: it is damaged; DamagedRecord where that is a file of `moons.train`.
    """
    folder = manifest.parent
    if os.path.lexists(manifest) or not os.path.lexists(folder / TRAINING):
        return read_sealed(read_plain(manifest))
    return _manifest(folder)


def _manifest(folder: Path) -> dict[str, Any]:
    training, config = training_of(folder), config_of(folder)
    usual = Config(family=config.family).as_dict()
    settings = {k: v for k, v in config.as_dict().items() if v != usual[k]}
    family = settings.pop("family", config.family)
    for of_a_study in ("data", "data_dim", "classes", "data_seed", "split_seed", "max_epochs"):
        settings.pop(of_a_study, None)
    space = {"name": family, "family": family, "model": family, "searched": {}, "fixed": settings}
    if config.data in NAMED and config.data != Data().name:
        space["data"] = Data.named(config.data).as_dict()
    return {
        "format": 2,
        "name": folder.resolve().name,
        "space": space,
        "options": {
            "trials": 1,
            "max_epochs": config.max_epochs,
            "metric": config.monitor,
            "sampler": "none",
            "scheduler": "none",
            "seed": training["seed"],
            "data_seed": config.data_seed,
            "engine": training["row"]["engine"],
        },
        "versions": training["versions"],
        "started": training["started"],
        "seconds": seconds_of(training["row"]),
        "outcome": "complete",
    }


def seconds_of(row: Mapping[str, Any]) -> float:
    """Of training and evaluation."""
    return float(row["train_s"]) + float(row["eval_s"])


def config_of(folder: Path) -> Config:
    """What was trained.

    Raises:
        DamagedRecord: a file of the checkpoint is missing or damaged, which is named.
    """
    try:
        return read_stored(folder).config
    except OSError as error:
        raise DamagedRecord(f"{error.filename} is missing; {REMEDY}") from None
    except ValueError as error:
        raise DamagedRecord(f"{error}; {REMEDY}") from None


def training_of(folder: Path) -> dict[str, Any]:
    """Its figures as `row`, its epochs as `curve`, and what it was trained from and with.

    Raises:
        DamagedRecord: the file is missing or damaged.
    """
    path = folder / TRAINING
    try:
        found = read_sealed(read_plain(path))
        row, curve = found["row"], found["curve"]
        _ = found["versions"], found["started"], found["seed"], row["engine"], seconds_of(row)
        if len({len(curve[name]) for name in CURVE}) != 1:
            raise ValueError("its curve has columns of different lengths")
    except OSError as error:
        raise DamagedRecord(f"{path} cannot be read: {error.strerror}") from None
    except KeyError as error:
        raise DamagedRecord(f"{path} is damaged (it lacks the key {error}); {REMEDY}") from None
    except (TypeError, ValueError) as error:
        raise DamagedRecord(f"{path} is damaged ({error}); {REMEDY}") from None
    return found
