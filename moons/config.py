"""What one training run is made of: `Config`, the only form in which settings travel."""

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, Self, get_args

from moons.sources.names import MOST_CLASSES, MOST_COLUMNS, NAMED

Family = Literal["vae", "cvae"]
EngineName = Literal["fused", "torch"]
EngineChoice = Literal["auto", "fused", "torch"]
Monitor = Literal["val_mse", "val_loss"]
ObjectiveName = Literal["elbo", "iwae"]
Activation = Literal["relu", "tanh", "silu"]
PriorName = Literal["standard", "mixture"]
ScheduleName = Literal["plateau", "cosine"]
Keep = Literal["best", "last"]
ScaleName = Literal["none", "standard"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The values that a numeric setting may take, ends included."""

    low: float
    high: float
    kind: type

    def __str__(self) -> str:
        noun = "whole numbers" if self.kind is int else "numbers"
        return f"{noun} in [{self.low:g}, {self.high:g}]"


BOUNDS: Mapping[str, Bounds] = {
    "lr": Bounds(1e-8, 10.0, float),
    "batch_size": Bounds(1, 65_536, int),
    "encoder_hidden": Bounds(1, 4096, int),
    "encoder_layers": Bounds(1, 8, int),
    "latent_dim": Bounds(1, 512, int),
    "decoder_hidden": Bounds(1, 4096, int),
    "decoder_layers": Bounds(1, 8, int),
    "beta": Bounds(0.0, 1e4, float),
    "eps_w": Bounds(0.0, 100.0, float),
    "data_dim": Bounds(0, MOST_COLUMNS, int),
    "classes": Bounds(0, MOST_CLASSES, int),
    "n_samples": Bounds(20, 10_000_000, int),
    "noise": Bounds(0.0, 10.0, float),
    "data_seed": Bounds(0, 2**32 - 1, int),
    "split_seed": Bounds(0, 2**32 - 1, int),
    "max_epochs": Bounds(1, 1_000_000, int),
    "min_epochs": Bounds(1, 1_000_000, int),
    "patience": Bounds(1, 1_000_000, int),
    "plateau_patience": Bounds(0, 1_000_000, int),
    "importance_samples": Bounds(1, 1024, int),
    "prior_components": Bounds(1, 256, int),
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "family": get_args(Family),
    "monitor": get_args(Monitor),
    "objective": get_args(ObjectiveName),
    "activation": get_args(Activation),
    "prior": get_args(PriorName),
    "schedule": get_args(ScheduleName),
    "keep": get_args(Keep),
    "scale": get_args(ScaleName),
}
WIDTHS = ("encoder_hidden", "decoder_hidden")
# A source that comes with the project, or one that is known by a name and a hash of its content.
DATA_NAME = re.compile(rf"{'|'.join(NAMED)}|[^#\s]+#[0-9a-f]{{16}}")


def check_value(key: str, value: object) -> Any:
    """The value in the setting's own type: for a float 1 is 1.0, a list of widths is a tuple.

    Raises:
        ValueError: the setting `key` cannot take it; one sentence with the key, what it got and
            what is allowed.
    """
    if key in CHOICES:
        if not isinstance(value, str) or value not in CHOICES[key]:
            raise ValueError(f"{key} must be one of {', '.join(CHOICES[key])}, got {value!r}")
        return str(value)
    if key == "data":
        if not isinstance(value, str) or not DATA_NAME.fullmatch(value):
            raise ValueError(f"data must be one of {', '.join(NAMED)}, or a file's, got {value!r}")
        return str(value)
    if key not in BOUNDS:
        known = ", ".join(["data", *CHOICES, *BOUNDS])
        raise ValueError(f"unknown key {key!r}; allowed keys: {known}")
    if key in WIDTHS and isinstance(value, list | tuple) and value:
        return tuple(_as_number(key, width) for width in value)
    return _as_number(key, value)


def _as_number(key: str, value: object) -> int | float:
    bounds = BOUNDS[key]
    # Numpy's numbers register as these; its bools do not, and Python's are refused likewise.
    kind = Integral if bounds.kind is int else Real
    fits = isinstance(value, kind) and not isinstance(value, bool)
    if fits and bounds.low <= value <= bounds.high:  # type: ignore[operator]
        number: int | float = bounds.kind(value)
        return number
    wanted = f"{bounds}, or a list of them" if key in WIDTHS else str(bounds)
    raise ValueError(f"{key} must be {wanted}, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One training run but for its seed: data, model, objective and stopping.

    Attributes:
        family: `cvae` conditions encoder and decoder on the label.
        encoder_hidden: width of the hidden layers, or the list of their widths.
        encoder_layers: how many hidden layers, where the width is one number.
        latent_dim: dimensions of the latent.
        decoder_hidden, decoder_layers: likewise for the decoder.
        lr: Adam's learning rate at the start.
        batch_size: points a gradient step.
        beta: weight of the KL term against the reconstruction.
        eps_w: factor on the posterior's standard deviation when sampling the latent.
        data: what is modelled, by its name in `moons.sources`; a file or a source of one's own has
            its name and a hash of its content.
        data_dim: columns of a point; 0 takes those of the named data, as `classes` does.
        classes: how many labels there are.
        n_samples: points of all classes together, before the split.
        noise: standard deviation of the data's Gaussian noise; nothing is added to a file's points.
        data_seed: what the data and their split are drawn from.
        split_seed: 0 for that split, or what other training and validation points are drawn from;
            the test points stay.
        scale: whether models see points as they are, or each column less its mean and by its
            standard deviation, both of the training points.
        max_epochs, min_epochs: training never goes on beyond, never stops before.
        patience: epochs without a better `monitor` after which training stops.
        plateau_patience: epochs without a better validation loss before lr falls to a tenth.
        monitor: what the best epoch is chosen by.
        objective: what is minimised, by its name in `moons.objective.OBJECTIVES`.
        importance_samples: latents drawn for a point in a step; `elbo` averages over them, `iwae`
            weighs them.
        activation: what follows every hidden layer.
        prior: p(z), by its name in `moons.prior`: N(0, I), or a mixture learned with the weights.
        prior_components: Gaussians in the mixture.
        schedule: how lr falls: on a `plateau`, or as a `cosine` to 0 over `max_epochs`.
        keep: the weights of the `best` epoch, or of the `last` one; then training has no patience.
    """

    family: Family = "vae"
    encoder_hidden: int | tuple[int, ...] = 32
    encoder_layers: int = 1
    latent_dim: int = 2
    decoder_hidden: int | tuple[int, ...] = 32
    decoder_layers: int = 1
    lr: float = 1e-3
    batch_size: int = 64
    beta: float = 1.0
    eps_w: float = 0.1
    data: str = "moons"
    data_dim: int = 0
    classes: int = 0
    n_samples: int = 2000
    noise: float = 0.15
    data_seed: int = 42
    split_seed: int = 0
    scale: ScaleName = "none"
    max_epochs: int = 1000
    min_epochs: int = 10
    patience: int = 100
    plateau_patience: int = 50
    monitor: Monitor = "val_mse"
    objective: ObjectiveName = "elbo"
    importance_samples: int = 1
    activation: Activation = "relu"
    prior: PriorName = "standard"
    prior_components: int = 8
    schedule: ScheduleName = "plateau"
    keep: Keep = "best"

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = check_value(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        for part in ("encoder", "decoder"):
            widths, layers = getattr(self, f"{part}_hidden"), getattr(self, f"{part}_layers")
            if isinstance(widths, tuple) and layers not in (1, len(widths)):
                raise ValueError(
                    f"{part}_layers must be left out where {part}_hidden lists the widths, "
                    f"got {layers} beside {list(widths)}"
                )
        self._check_data()
        self._check_bound()
        if self.min_epochs > self.max_epochs:
            object.__setattr__(self, "min_epochs", self.max_epochs)

    def _check_data(self) -> None:
        """Takes the sizes of named data from their names, and refuses those of others."""
        named = NAMED.get(self.data)
        for key, noun in (("data_dim", "columns"), ("classes", "classes")):
            got = getattr(self, key)
            right = len(getattr(named, noun)) if named else got
            if got not in (0, right) or not right:
                asked = str(right) if named else "given"
                raise ValueError(f"{key} must be {asked} for the data {self.data}, got {got}")
            object.__setattr__(self, key, right)
        if self.family == "cvae" and self.classes < 2:
            raise ValueError(
                f"family cvae needs labels, and the data {self.data} have none; name their column "
                "with --label, or take a space of family vae"
            )

    def _check_bound(self) -> None:
        """Refuses what would weight latents by a density that they are not drawn from."""
        for key, value in (("objective", "iwae"), ("prior", "mixture")):
            if getattr(self, key) == value and self.eps_w != 1.0:
                raise ValueError(
                    f"eps_w must be 1 with {key} {value}, which weighs samples of q(z|x) as it is, "
                    f"got {self.eps_w:g}"
                )
        if self.objective == "iwae" and self.beta == 0.0:
            raise ValueError(
                "beta must be above 0 with objective iwae, as the decoder has variance beta / 2, "
                "got 0"
            )

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any], source: str) -> Self:
        """The one boundary from a dict to a type.

        Raises:
            ValueError: names `source`, the key, what it got and what is allowed.
        """
        try:
            return cls(**{key: check_value(key, value) for key, value in settings.items()})
        except ValueError as error:
            raise ValueError(f"{source}: {error}") from None

    @classmethod
    def from_row(cls, row: Mapping[str, Any], source: str) -> Self:
        """The config of a row of a table, where widths of layers that differ are text.

        A setting that is newer than the table has its default, as it had when that was written.

        Raises:
            ValueError: as `from_mapping`.
        """
        settings = {key: row[key] for key in cls.__dataclass_fields__ if key in row}
        for key in WIDTHS:
            if isinstance(settings[key], str):  # as all of a column are where some are lists
                widths = tuple(int(width) for width in settings[key].split(","))
                settings[key] = widths if len(widths) > 1 else widths[0]
        return cls.from_mapping(settings, source)

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON holds them: lists for tuples."""
        plain = dataclasses.asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in plain.items()}

    def label(self, trial: int) -> str:
        """Family and main settings in one line, for dashboards and live views."""
        main = (
            f"{self.family} trial {trial}: lr={self.lr:.2g} batch={self.batch_size} "
            f"enc={self.encoder_hidden} latent={self.latent_dim} dec={self.decoder_hidden} "
            f"beta={self.beta:.3g} eps_w={self.eps_w:.3g}"
        )
        if (self.objective, self.importance_samples) != ("elbo", 1):
            main += f" {self.objective}={self.importance_samples}"
        if self.prior == "mixture":
            main += f" prior={self.prior_components}"
        return main if self.activation == "relu" else f"{main} {self.activation}"

    @property
    def encoder_widths(self) -> tuple[int, ...]:
        """Widths of the encoder's hidden layers, input side first."""
        return _widths(self.encoder_hidden, self.encoder_layers)

    @property
    def decoder_widths(self) -> tuple[int, ...]:
        """Widths of the decoder's hidden layers, latent side first."""
        return _widths(self.decoder_hidden, self.decoder_layers)

    @property
    def sigma_x(self) -> float:
        """Standard deviation of the decoder's Gaussian that the loss implies: sqrt(beta / 2)."""
        return math.sqrt(self.beta / 2)


def _widths(hidden: int | tuple[int, ...], layers: int) -> tuple[int, ...]:
    return hidden if isinstance(hidden, tuple) else (hidden,) * layers
