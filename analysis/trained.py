"""The model that a trial left, with the data it was trained on, as arrays for figures."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from moons.checkpoint import Checkpoint, load_checkpoint
from moons.config import Config
from moons.data import DataSet, Origin, load_data
from moons.evaluation.excess import fit_decoder_noise
from moons.evaluation.generate import generate
from moons.evaluation.importance import ImportanceDraws
from moons.evaluation.latents import KL_DRAWS, carrying_latents
from moons.models import evaluation_mode
from moons.prior import prior_of
from moons.seeds import derive_seed
from moons.split import Split
from moons.words import count, shell
from study.record.own_model import described, file_words, own_model
from study.record.results import StudyResults

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)  # the same only as itself
class TrainedTrial:
    """A trial's model in evaluation mode, and the data set it was trained on.

    Attributes:
        trial: its number.
        checkpoint: model, config and seed.
        data: drawn again from the config.
        recorded_sigma_x: the tables' figure of that name, where they have it.
    """

    trial: int
    checkpoint: Checkpoint
    data: DataSet
    recorded_sigma_x: float | None = None

    @property
    def config(self) -> Config:
        """What was trained."""
        return self.checkpoint.config

    @property
    def origin(self) -> Origin:
        """Where its data come from."""
        return Origin.of(self.config)

    @property
    def latent_dim(self) -> int:
        """Dimensions of the latent."""
        return self.config.latent_dim

    @property
    def conditional(self) -> bool:
        """Whether the decoder is told the label."""
        return self.checkpoint.model.label_dim > 0

    @property
    def sigma_x(self) -> float:
        """Standard deviation of the decoder's noise, from the tables or fitted anew.

        As the tables have it, so that figures and numbers agree; fitted here where they do not.
        """
        if self.recorded_sigma_x is not None:
            return self.recorded_sigma_x
        return fit_decoder_noise(self.checkpoint.model, self.config, ImportanceDraws(), seed=0)

    @torch.no_grad()
    def posterior(self, split: Split) -> tuple[Floats, Floats]:
        """Mean and log variance of q(z|x) of every point, each of shape (n, latent)."""
        model = self.checkpoint.model
        with evaluation_mode(model):
            mean, log_var = model.encode(torch.tensor(split.x), torch.tensor(split.y))
        return mean.double().numpy(), log_var.double().numpy()

    @torch.no_grad()
    def decode(self, z: Floats, y: NDArray[np.int64]) -> Floats:
        """The decoder's means in the data's units, (n, columns), of latents and labels (n,)."""
        latents = torch.tensor(z, dtype=torch.float32)
        with evaluation_mode(self.checkpoint.model):
            means = self.checkpoint.model.decode(latents, torch.tensor(y)).numpy()
        return self.origin.scaling.undo(means).astype(np.float64)

    def generate(
        self, n: int, stream: str, labels: NDArray[np.int64] | None = None, *, sigma_x: float
    ) -> NDArray[np.float32]:
        """Draws of the model in the data's units, shape (n, columns)."""
        model, seed = self.checkpoint.model, int(self.rng(stream).integers(2**31))
        with evaluation_mode(model):
            drawn = generate(model, n, seed, labels, sigma_x=sigma_x)
        return self.origin.scaling.undo(drawn)

    @torch.no_grad()
    def kl_per_latent(self, split: Split) -> Floats:
        """Mean over the points of KL(q(z_u|x) || p(z_u)), in nats, shape (latent,)."""
        mean, log_var = (torch.tensor(part) for part in self.posterior(split))
        noise = torch.tensor(self.rng("kl").standard_normal((KL_DRAWS, *mean.shape)))
        prior = prior_of(self.checkpoint.model)
        return prior.kl_per_latent(mean, log_var, noise).mean(dim=0).numpy()

    @torch.no_grad()
    def prior_draws(self, n: int, stream: str) -> Floats:
        """Latents of the prior, shape (n, latent)."""
        prior = prior_of(self.checkpoint.model)
        normal = self.rng(stream).standard_normal((n, self.latent_dim + prior.choices))
        return prior.place(torch.tensor(normal)).double().numpy()

    @property
    def prior_mean(self) -> Floats:
        """The prior's mean, shape (latent,)."""
        mean = prior_of(self.checkpoint.model).centre(self.latent_dim)
        return mean.detach().double().numpy()

    @torch.no_grad()
    def log_prior(self, z: Floats) -> Floats:
        """The log of p(z), shape (n,), of latents (n, latent)."""
        return prior_of(self.checkpoint.model).log_density(torch.tensor(z)).double().numpy()

    @torch.no_grad()
    def prior_of_each(self, values: Floats) -> Floats:
        """The prior density of each latent alone at the same values, shape (n, latent)."""
        z = torch.tensor(values)[:, None].expand(-1, self.latent_dim)
        return prior_of(self.checkpoint.model).log_marginals(z).exp().double().numpy()

    def carrying(self, split: Split) -> NDArray[np.bool_]:
        """Which latents the decoder reconstructs worse without, shape (latent,)."""
        model = self.checkpoint.model
        with evaluation_mode(model):
            found = carrying_latents(model, torch.tensor(split.x), torch.tensor(split.y))
        return np.asarray(found.numpy())

    def by_kl(self, split: Split) -> NDArray[np.intp]:
        """The latents' numbers from 0, the one with the largest KL first."""
        return np.argsort(-self.kl_per_latent(split), kind="stable")

    def rng(self, stream: str) -> np.random.Generator:
        """The generator called `stream`, the same each time a figure of this trial is drawn."""
        return np.random.default_rng(derive_seed(self.checkpoint.seed, "figures", stream))


def load_trial(results: StudyResults, trial: int | None = None) -> TrainedTrial:
    """The model of a trial, or of the best one.

    Raises:
        ValueError: there is no such trial, or it left no model that can be read; says why.
    """
    if reason := _no_weights(results, trial):
        raise ValueError(reason)
    number = results.best_trial if trial is None else trial
    assert number is not None
    folder = results.folder
    if reason := _no_file(results, number):
        raise ValueError(reason)
    try:
        checkpoint = load_checkpoint(folder.checkpoint(number), results.model_class)
    except (ValueError, OSError) as error:
        raise ValueError(str(error).replace(str(folder.path), folder.path.name)) from None
    config = checkpoint.config
    data = load_data(config)
    recorded = results.trial(number).get("sigma_x")
    sigma_x = None if recorded is None or pd.isna(recorded) else float(recorded)
    return TrainedTrial(number, checkpoint, data, sigma_x)


def why_no_model(results: StudyResults, trial: int | None = None) -> str | None:
    """Why the model of a trial, or of the best one, cannot be shown; None where it can."""
    try:
        load_trial(results, trial)
    except ValueError as error:
        return str(error)
    return None


def why_no_plane(results: StudyResults, trial: int | None = None) -> str | None:
    """Why a model cannot be shown in the plane of the first two columns; None where it can."""
    if reason := why_no_model(results, trial):
        return reason
    columns = load_trial(results, trial).origin.source.columns
    if len(columns) >= 2:
        return None
    return f"The data have a single column, {columns[0]}, and this picture needs two."


def _no_file(results: StudyResults, number: int) -> str | None:
    space = results.manifest.space
    if own_model(space) is None or results.model_class is not None:
        return None
    return (
        f"Trial {number} is a {described(space)}, a model of somebody's own: give its file with "
        f"`{shell(*file_words(results.manifest))}`."
    )


def _no_weights(results: StudyResults, trial: int | None) -> str | None:
    if trial is None and results.best_trial is None:
        return "No trial completed, so there is no model to show."
    number = results.best_trial if trial is None else trial
    assert number is not None
    row = results.trial(number)
    if row["state"] != "complete":
        return (
            f"Trial {number} is {row['state']} after {count(int(row['epochs']), 'epoch')}: only "
            "complete trials leave a model."
        )
    folder = results.folder
    if not folder.checkpoint(number).is_dir():
        where = folder.checkpoint(number).relative_to(folder.path).as_posix()
        return f"Trial {number} has no weights: {folder.path.name} holds no folder {where}."
    return None
