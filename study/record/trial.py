"""A trial as its study's folder has it: its row, its config, and the model that it left."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moons.config import Config
from moons.words import number
from study.record.damage import RecordError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from moons.checkpoint import Checkpoint
    from moons.models import VAE


class UnknownTrial(RecordError, KeyError):
    """There is no trial of that number."""

    def __str__(self) -> str:
        return str(self.args[0])  # which KeyError would quote


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """A trial of a study.

    Attributes:
        number: by which the study knows it.
        row: its row of `trials.parquet`.
        epochs: its learning curve, one row an epoch.
        folder: of its checkpoint, which complete trials have.
        model_class: of a model of your own, where its file was given.
        lacks: that model's class and file, where it was not.
    """

    number: int
    row: "pd.Series[Any]" = field(repr=False)
    epochs: "pd.DataFrame" = field(repr=False)
    folder: Path = field(repr=False)
    model_class: "type[VAE] | None" = field(default=None, repr=False)
    lacks: str | None = None

    def __repr__(self) -> str:
        """Short: number, state and the loss that every trial has."""
        mse = self.row["val_mse"]
        known = "" if mse is None or mse != mse else f", val_mse {number(mse)}"
        return f"Trial({self.number}: {self.row['state']}{known})"

    @cached_property
    def config(self) -> Config:
        """What was trained."""
        return Config.from_row({str(k): v for k, v in self.row.items()}, f"trial {self.number}")

    @cached_property
    def checkpoint(self) -> "Checkpoint":
        """The model, with the config and the seed that it was trained from.

        Raises:
            RecordError: the trial left none, or its files are damaged; says which.
        """
        from moons.checkpoint import load_checkpoint

        if self.row["state"] != "complete":
            raise RecordError(
                f"trial {self.number} is {self.row['state']}: only complete trials leave a model"
            )
        if self.lacks is not None:
            raise RecordError(
                f"trial {self.number} is a {self.lacks}, a model of somebody's own: read the study "
                "with its file, analysis.read(FOLDER, FILE)"
            )
        try:
            return load_checkpoint(self.folder, self.model_class)
        except OSError as error:
            raise RecordError(
                f"trial {self.number} has no weights: {error.filename}: {error.strerror}"
            ) from None
        except ValueError as error:
            raise RecordError(str(error)) from None

    @property
    def model(self) -> "VAE":
        """The trained model, a torch module in evaluation mode."""
        return self.checkpoint.model

    @cached_property
    def sigma_x(self) -> float:
        """Standard deviation of the decoder's noise, as the study fitted it on validation points.

        Fitted here where its table does not have it, or has the mean over several models.
        """
        recorded, alone = self.row.get("sigma_x"), self.row.get("replicates", 1) == 1
        if alone and recorded is not None and recorded == recorded:
            return float(recorded)
        from moons.evaluated import EVALUATION_SEED
        from moons.evaluation.excess import fit_decoder_noise
        from moons.evaluation.importance import ImportanceDraws

        return fit_decoder_noise(self.model, self.config, ImportanceDraws(), EVALUATION_SEED)

    def sample(
        self, n: int, label: "ArrayLike | None" = None, *, seed: int = 0
    ) -> "NDArray[np.float32]":
        """Points drawn from the model, decoder's noise included, shape (n, columns).

        Args:
            n: how many.
            label: of all points or one for each; without it a cvae's labels are drawn, too.
            seed: the same seed gives the same points.

        Raises:
            ValueError: an argument is not what it should be.
            RecordError: the trial left no model.
        """
        from moons.data import Origin
        from moons.drawn import sample

        drawn = sample(self.model, n, label, seed, self.sigma_x)
        return Origin.of(self.config).scaling.undo(drawn)

    def log_density(
        self, x: "ArrayLike", label: "ArrayLike | None" = None, *, seed: int = 0
    ) -> "NDArray[np.float64]":
        """The log of p(x) of each point in nats, or of p(x|y) with a label, shape (n,).

        Args:
            x: points, shape (n, columns).
            label: of all points or one for each; without it a cvae's density is summed over labels.
            seed: of the importance samples that it is estimated with.

        Raises:
            ValueError: an argument is not what it should be.
            RecordError: the trial left no model.
        """
        from moons.data import Origin
        from moons.drawn import log_density

        if self.config.scale == "none":
            return log_density(self.model, x, label, seed, self.sigma_x)
        import numpy as np

        scaling = Origin.of(self.config).scaling
        scaled = scaling.apply(np.atleast_2d(np.asarray(x, dtype=np.float64)))
        return log_density(self.model, scaled, label, seed, self.sigma_x) - scaling.log_volume
