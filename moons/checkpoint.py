"""A trained model as two open files: `model.safetensors` and `config.json`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moons.checksums import checksum, read_sealed, sealed_text
from moons.config import Config
from moons.files import make_folder, read_plain, write_whole

if TYPE_CHECKING:  # who writes down weights that were sent needs no torch
    from torch import Tensor

    from moons.models import VAE

WEIGHTS, CONFIG = "model.safetensors", "config.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model in evaluation mode, and what it was trained as."""

    model: "VAE"
    config: Config
    seed: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A checkpoint as it is on disk, for those that need no torch.

    Attributes:
        model: `vae`, `cvae`, or the name of somebody's own class, where `own` is true.
        weights: in the safetensors format.
    """

    model: str
    config: Config
    own: bool
    weights: bytes


def pack_weights(weights: "Mapping[str, Tensor]") -> bytes:
    """The weights in the safetensors format, to be sent or written."""
    from safetensors.torch import save

    return save({name: t.contiguous() for name, t in weights.items()})


def save_checkpoint(
    folder: Path,
    weights: bytes,
    config: Config,
    seed: int,
    model: str,
    code: Mapping[str, Any] | None = None,
) -> None:
    """Writes a checkpoint; the weights come last, so that a folder with them is whole.

    Args:
        folder: made where it is missing.
        weights: from `pack_weights`.
        config: what was trained.
        seed: what it was trained from.
        model: `vae`, `cvae`, or the name of the class of one's own.
        code: what such a class is known by; None for `vae` and `cvae`.
    """
    make_folder(folder)
    about = {"model": model, "seed": seed, "config": config.as_dict()}
    about |= {"weights": checksum(weights)} | ({} if code is None else {"code": dict(code)})
    write_whole(folder / CONFIG, sealed_text(about))
    write_whole(folder / WEIGHTS, weights)


def load_checkpoint(folder: Path | str, model_class: "type[VAE] | None" = None) -> Checkpoint:
    """Reads a checkpoint; nothing in it is executed.

    Args:
        folder: with `model.safetensors` and `config.json`.
        model_class: the class of a model of one's own.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged or does not fit the other, which is named.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    from moons.models import MODELS, trained_model

    folder = Path(folder)
    name, seed, config, own, written = _read_config(folder / CONFIG)
    if model_class is None:
        if own or name not in MODELS:
            raise ValueError(
                f"{folder / CONFIG} was trained with {name!r}, a model of somebody's own: "
                "pass its class as model_class"
            )
        model_class = MODELS[name]
    content = _read_weights(folder / WEIGHTS, written)
    try:
        model = trained_model(config, load(content), model_class)
    except (SafetensorError, ValueError) as error:
        raise ValueError(
            f"{folder / WEIGHTS} does not hold the weights of {name}: {error}"
        ) from None
    return Checkpoint(model, config, seed)


def read_stored(folder: Path) -> Stored:
    """What a checkpoint holds.

    Raises:
        OSError: a file is missing or cannot be read.
        ValueError: a file is damaged, which is named.
    """
    name, _, config, own, written = _read_config(folder / CONFIG)
    return Stored(name, config, own, _read_weights(folder / WEIGHTS, written))


def damage_of(folder: Path) -> str | None:
    """What a checkpoint lacks or what in it is damaged; None where it is whole."""
    try:
        *_, written = _read_config(folder / CONFIG)
        _read_weights(folder / WEIGHTS, written)
    except FileNotFoundError as error:
        return f"{error.filename} is missing"
    except (ValueError, NotADirectoryError) as error:
        return str(error)
    return None


def _read_weights(path: Path, written: str | None) -> bytes:
    content = read_plain(path)
    if written is not None and written != checksum(content):
        raise ValueError(f"{path} is damaged: its checksum differs")
    return content


def _read_config(path: Path) -> tuple[str, int, Config, bool, str | None]:
    try:
        about = read_sealed(read_plain(path))
        name, seed, settings = about["model"], about["seed"], about["config"]
    except (ValueError, KeyError) as error:
        why = f"it lacks the key {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} is not a checkpoint's config: {why}") from None
    for key, value, kind in (("model", name, str), ("seed", seed, int), ("config", settings, dict)):
        if not isinstance(value, kind):
            raise ValueError(f"{path} is not a checkpoint's config: its {key} is {value!r}")
    own = bool(about.get("code"))
    return name, seed, Config.from_mapping(settings, str(path)), own, about.get("weights")
