"""`python -m moons.train`: one model, and a folder that every command on trials takes."""

import errno
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import FlagCreatePairsOff, UseAppendAction

from moons.checkpoint import CONFIG
from moons.checksums import read_sealed
from moons.command_line import (
    AnyText,
    Number,
    OptionalPath,
    Text,
    Whole,
    opt,
    read_command_line,
)
from moons.config import Config, EngineChoice, check_value
from moons.files import free_place, read_plain
from moons.layout import Table
from moons.setting import read_fixed
from moons.words import count, one_line, shell, with_error

# The settings that an option of another name stands for.
SHORT = {
    "data": ("data",),
    "epochs": ("max_epochs",),
    "batch_size": ("batch_size",),
    "lr": ("lr",),
    "hidden": ("encoder_hidden", "decoder_hidden"),
    "latent": ("latent_dim",),
}
LARGEST_SEED = 2**32 - 1
SHOWN = (
    *("best_epoch", "val_mse", "val_loss", "val_kl", "sigma_x"),
    *("exact_excess_nll", "test_excess_nll", "fresh_energy_distance", "fresh_label_share"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Trains one VAE or CVAE, prints its figures and leaves a folder."""

    set: Annotated[UseAppendAction[tuple[AnyText, ...]], opt("NAME=VALUE", "none")] = ()
    """A setting, such as family=cvae or beta=0.045. Repeatable."""
    data: Annotated[Text, opt("NAME", "moons")] = None
    """What to model: moons, circles, spirals, pinwheel or gaussians."""
    epochs: Annotated[Whole, opt("N", "1000")] = None
    """Trains for so many epochs at most."""
    batch_size: Annotated[Whole, opt("N", "64")] = None
    """Points of a gradient step."""
    lr: Annotated[Number, opt("LR", "0.001")] = None
    """Adam's learning rate at the start."""
    hidden: Annotated[Whole, opt("N", "32")] = None
    """Width of the hidden layers of encoder and decoder."""
    latent: Annotated[Whole, opt("N", "2")] = None
    """Dimensions of the latent."""
    config: Annotated[OptionalPath, opt("FILE.json", "none")] = None
    """Settings to begin with, such as a trial's config.json, whose seed is then taken, too."""
    seed: Annotated[Whole, opt("N", "42")] = None
    """What weights, order and latent noise are drawn from."""
    engine: EngineChoice = "auto"
    """What trains: the fused kernel where it can, or the torch reference."""
    out: Annotated[OptionalPath, opt("FOLDER", "results/, the family and the time")] = None
    """The folder to make."""
    no_page: FlagCreatePairsOff[bool] = False
    """Leaves out the page, report.html."""


def main(words: Sequence[str] | None = None) -> int:
    """The command; its exit status."""
    out = Path()
    try:
        options = read_command_line(Options, words, "python -m moons.train")
        config, seed = planned(options)
        now = f"{datetime.now():%Y%m%d-%H%M%S}"
        out = options.out or free_place(Path("results") / f"{config.family}-{now}")
        _check_place(out)
        return _train(config, seed, options, out)
    except ValueError as error:
        return _complain(str(error), 2)
    except OSError as error:
        return _complain(f"cannot use {error.filename}: {error.strerror or error}", 5)
    except KeyboardInterrupt:
        there = (
            "the model is there, without its page"
            if (out / CONFIG).exists()
            else "nothing was written"
        )
        return _complain(f"stopped; {there}", 130)


def planned(options: Options) -> tuple[Config, int]:
    """What to train, and what from.

    Raises:
        ValueError: a setting is impossible or said twice, or the file is no config; one sentence.
    """
    base, seed = ({}, None) if options.config is None else _read_config(options.config)
    changes = read_fixed(options.set)
    for name, keys in SHORT.items():
        for key in keys if (value := getattr(options, name)) is not None else ():
            flag = f"--{name.replace('_', '-')}"
            if key in changes:
                raise ValueError(f"{key} is set by --set and by {flag}; leave one of them out")
            changes[key] = _checked(key, value, flag)
    seed = options.seed if options.seed is not None else 42 if seed is None else seed
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"--seed must be a whole number in [0, {LARGEST_SEED}], got {seed}")
    return Config.from_mapping(base | changes, "the settings"), seed


def _check_place(out: Path) -> None:
    """Refuses a place that cannot be written to, before hours of training.

    Raises:
        ValueError: something is there already.
        OSError: the folder around it is none, or not writable.
    """
    if os.path.lexists(out):
        raise ValueError(f"--out must name a folder that is not there yet, got {out}")
    around = next(place for place in out.absolute().parents if os.path.lexists(place))
    if not around.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(around))
    if not os.access(around, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(around))


def _checked(key: str, value: object, flag: str) -> Any:
    try:
        return check_value(key, value)
    except ValueError as error:
        raise ValueError(f"{flag}: {error}") from None


def _read_config(path: Path) -> tuple[dict[str, Any], int | None]:
    try:
        about = read_sealed(read_plain(path))
    except OSError as error:
        raise ValueError(f"--config cannot be read: {path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"--config must be a config in JSON: {path}: {error}") from None
    settings, seed = about.get("config", about), about.get("seed")
    if about.get("code"):
        raise ValueError(f"--config must be of a vae or cvae, got {path} of {about.get('model')}")
    if not isinstance(settings, dict) or not isinstance(seed, int | None):
        raise ValueError(f"--config must be a config in JSON, got {path}")
    return Config.from_mapping(settings, str(path)).as_dict(), seed


def _train(config: Config, seed: int, options: Options, out: Path) -> int:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from moons.single import Divergence, train
    from moons.snapshot import EpochRecord
    from moons.terminal import console, say, say_whole, show_table

    screen = console()
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("epochs, {task.description}"))
    silent = not screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=silent) as progress:
        task = progress.add_task("starting", total=config.max_epochs)

        def watch(record: EpochRecord) -> None:
            if not progress.finished:
                said = f"val_mse {record.val_mse:.4g}"
                progress.update(task, completed=record.epoch, description=said)

        try:
            trained = train(config, seed, options.engine, watch)
        except Divergence as error:
            return _complain(f"{error}; nothing was written", 6)
    trained.save(out)
    say(screen, config.label(0).replace(" trial 0", ""))
    show_table(screen, _figures(trained.row).rich(count(trained.row["epochs"], "epoch")))
    if not options.no_page:
        _write_page(out)
    say_whole(screen, str(out))
    return 0


def _figures(row: Mapping[str, Any]) -> Table:
    found = [
        (name, row[name], row.get(f"{name}_se")) for name in SHOWN if row.get(name) is not None
    ]
    rows = tuple((name, with_error(value, error)) for name, value, error in found)
    return Table(("figure", "value"), rows)


def _write_page(out: Path) -> None:
    """Has the command write it that writes a study's: this package knows of no figures."""
    command = ["-m", "analysis.report", str(out)]
    ended = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    if ended.returncode:
        said = one_line(ended.stderr.strip())
        again = shell("python", *command)
        print(f"moons.train: there is no page: {said}; again: {again}", file=sys.stderr)


def _complain(sentence: str, status: int) -> int:
    print(f"moons.train: {one_line(sentence)}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
