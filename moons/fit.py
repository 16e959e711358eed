"""Training: `start` a run, then iterate `fit`, one record an epoch."""

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

import torch
from torch import Tensor

from moons.config import Config, EngineChoice
from moons.data import DataSet, load_data
from moons.engines import choose_engine
from moons.engines.draws import Draws
from moons.engines.engine import Engine
from moons.models import VAE, build_model, trained_model
from moons.objective import Losses
from moons.schedule import Schedule, schedule_of
from moons.seeds import derive_seed
from moons.snapshot import EpochRecord, Finished, Snapshot

Term = Literal["train_loss", "val_loss"]


@dataclass(frozen=True, slots=True)
class Diverged:
    """Training met a value that is not finite, in `term`, and stopped in that epoch."""

    epoch: int
    term: Term


@dataclass(slots=True)
class Run:
    """A training run under way: what it is made of, and how far it got."""

    config: Config
    seed: int
    data: DataSet
    engine: Engine
    draws: Draws
    schedule: Schedule
    model_class: type[VAE] | None = None
    epoch: int = 0
    best: EpochRecord | None = None
    outcome: Finished | Diverged | None = None

    def best_weights(self) -> dict[str, Tensor]:
        """The weights of the best epoch so far, by the names of the model's `state_dict`."""
        return self.engine.kept()

    def best_model(self) -> VAE:
        """The model with the weights of the best epoch so far, in evaluation mode.

        Raises:
            ValueError: it computes something else than it did in that epoch.
        """
        assert self.best is not None
        if self.model_class is None:
            return trained_model(self.config, self.best_weights())
        try:
            model = trained_model(self.config, self.best_weights(), self.model_class)
        except ValueError as error:
            raise ValueError(
                f"{self.model_class.__name__} does not come back from its weights: {error}; its "
                "constructor must make all parts"
            ) from None
        from moons.engines.reference import TorchEngine

        assert isinstance(self.engine, TorchEngine)
        again = self.engine.losses_of(model).loss
        if not math.isclose(again, self.best.val_loss, rel_tol=1e-4, abs_tol=1e-9):
            raise ValueError(
                f"{type(model).__name__} does not come back from its weights: its val_loss was "
                f"{self.best.val_loss:.6g} in epoch {self.best.epoch} and is {again:.6g}; "
                "what decode, encode and forward depend on must be parameters or buffers"
            )
        return model

    def snapshot(self) -> Snapshot:
        """The run as it is now."""
        engine, draws = self.engine.state(), self.draws.state.copy()
        finished = self.outcome if isinstance(self.outcome, Finished) else None
        return Snapshot(self.epoch, self.best, copy(self.schedule), draws, engine, finished)

    def restore(self, snapshot: Snapshot) -> None:
        """Goes on from there. The snapshot is of a run with the same config, seed and engine."""
        self.epoch, self.best = snapshot.epoch, snapshot.best
        self.schedule = copy(snapshot.schedule)
        self.draws.state = snapshot.draws.copy()
        self.engine.restore(snapshot.engine)
        self.outcome = snapshot.finished


def start(
    config: Config,
    seed: int,
    *,
    engine: EngineChoice = "auto",
    model_class: type[VAE] | None = None,
    data: DataSet | None = None,
) -> Run:
    """A run at epoch 0. All that follows is a function of `config` and `seed`.

    Args:
        config: what to train.
        seed: of the initial weights, the order of the points and the latent noise; the data have
            their own, `config.data_seed`.
        engine: `auto` takes the fused kernel where it computes what the model does.
        model_class: a model of one's own in place of the family's.
        data: what `load_data` gives for the config, where that is at hand.

    Raises:
        ValueError: an argument is of another kind, or the engine does not fit the model.
    """
    _check_arguments(config, seed, data)
    data = data or load_data(config)
    model = build_model(config, derive_seed(seed, "weights"), model_class)
    rows = config.importance_samples * config.latent_dim
    val_noise = torch.randn(
        rows,
        len(data.val),
        generator=_generator(seed, "validation noise"),
    )
    return Run(
        config=config,
        seed=seed,
        data=data,
        engine=choose_engine(
            engine, model, config, data, val_noise, derive_seed(seed, "model's draws")
        ),
        draws=Draws(derive_seed(seed, "draws"), len(data.train), rows),
        schedule=schedule_of(config),
        model_class=model_class,
    )


def _check_arguments(config: object, seed: object, data: object) -> None:
    if not isinstance(config, Config):
        raise ValueError(f"config must be a moons.config.Config, got {type(config).__name__}")
    if not isinstance(seed, Integral) or isinstance(seed, bool):
        raise ValueError(f"seed must be a whole number, got {seed!r}")
    if data is None:
        return
    if not isinstance(data, DataSet):
        raise ValueError(f"data must be a moons.data.DataSet, got {type(data).__name__}")
    for name in ("train", "val"):
        if not len(getattr(data, name)):
            raise ValueError(f"data must have points to train and to validate on; {name} is empty")
        if (found := getattr(data, name).x.shape[1]) != config.data_dim:
            raise ValueError(f"data must have {config.data_dim} columns, {name} has {found}")


def fit(run: Run) -> Iterator[EpochRecord]:
    """Trains, yielding after every epoch; `run.outcome` says how it ended.

    Adam with clipped gradients; the learning rate falls as `config.schedule` says; training stops
    `patience` epochs after the best value of `config.monitor`, whose weights are kept. Where
    `config.keep` is `last`, every epoch takes the place of the best one. The validation split
    meets the same latent noise in every epoch, so that epochs differ by their weights alone. A
    record of a diverged epoch holds the values as they were met.
    """
    config, engine = run.config, run.engine
    while run.outcome is None:
        order, noise = run.draws.next_epoch()
        lr = run.schedule.lr
        train = engine.train_epoch(order, noise, lr)
        val = engine.validate()
        run.epoch += 1
        record = _record(run.epoch, train, val, lr)
        if (term := _non_finite(record)) is not None:
            run.outcome = Diverged(run.epoch, term)
        else:
            run.schedule.step(val.loss)
            if run.best is None or _better(record, run.best, config):
                run.best = record
                engine.keep()
            run.outcome = _finished(run.epoch, run.best.epoch, config)
        yield record


def _finished(epoch: int, best_epoch: int, config: Config) -> Finished | None:
    if epoch >= config.max_epochs:
        return Finished(epoch, "max_epochs")
    if epoch >= config.min_epochs and epoch - best_epoch >= config.patience:
        return Finished(epoch, "patience")
    return None


def _better(record: EpochRecord, best: EpochRecord, config: Config) -> bool:
    if config.keep == "last":
        return True
    return _monitored(record, config) < _monitored(best, config)


def _monitored(record: EpochRecord, config: Config) -> float:
    return record.val_mse if config.monitor == "val_mse" else record.val_loss


def _non_finite(record: EpochRecord) -> Term | None:
    if not math.isfinite(record.train_loss):
        return "train_loss"
    return None if math.isfinite(record.val_loss) else "val_loss"


def _record(epoch: int, train: Losses, val: Losses, lr: float) -> EpochRecord:
    return EpochRecord(epoch, train.loss, train.mse, train.kl, val.loss, val.mse, val.kl, lr)


def _generator(seed: int, stream: str) -> torch.Generator:
    return torch.Generator().manual_seed(derive_seed(seed, stream))
