"""Results folders as a study leaves them, made in a second without training anything.

Trials are drawn from the base search space, learn along smooth noisy curves whose floor depends on
their hyperparameters, and meet ASHA on a simulated clock with several workers.
"""

import bisect
import dataclasses
import heapq
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from moons.config import Config
from study.record.columns import TRIALS
from study.record.tables import typed

Curve = dict[str, NDArray[Any]]

WIDTHS = [2, 4, 8, 16, 32, 64, 128]
SEARCHED: dict[str, dict[str, Any]] = {
    "lr": {"kind": "float", "low": 1e-4, "high": 0.1, "log": True},
    "batch_size": {"kind": "choice", "options": [32, 64, 128, 256]},
    "encoder_hidden": {"kind": "choice", "options": WIDTHS},
    "latent_dim": {"kind": "choice", "options": WIDTHS},
    "decoder_hidden": {"kind": "choice", "options": WIDTHS},
}
FIXED = {
    "family": "cvae",
    "encoder_layers": 1,
    "decoder_layers": 1,
    "beta": 1.0,
    "eps_w": 0.1,
    "n_samples": 2000,
    "noise": 0.15,
}
USUAL = FIXED | {
    "lr": 0.01,
    "batch_size": 64,
    "encoder_hidden": 32,
    "latent_dim": 8,
    "decoder_hidden": 32,
}
EVALUATED = ("val_excess_nll", "test_excess_nll", "fresh_excess_nll", "test_energy_distance")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What kind of study to make up."""

    name: str = "made-up"
    n_trials: int = 100
    seed: int = 0
    workers: int = 4
    rungs: tuple[int, ...] = (10, 40, 160, 640)
    reduction: int = 4
    max_epochs: int = 1000
    metric: str = "val_mse"
    scheduler: str = "asha"
    searched: dict[str, dict[str, Any]] = field(default_factory=lambda: SEARCHED)
    constant: dict[str, Any] = field(default_factory=dict)  # searched, yet the same in all trials
    diverging: bool = True
    failing_share: float = 0.01
    still_running: int = 0
    interrupted: int = 0
    outcome: str = "complete"
    better_by: float = 1.0  # factor on the floor of the learning curves


def make_study(folder: Path, recipe: Recipe = Recipe()) -> Path:
    """Writes `study.json`, `trials.parquet` and `epochs.parquet`; the same for the same recipe."""
    trials, epochs = simulate(recipe)
    write_study(folder, recipe, trials, epochs)
    return folder


def write_study(folder: Path, recipe: Recipe, trials: pd.DataFrame, epochs: pd.DataFrame) -> None:
    """Writes tables beside a manifest of that recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.json").write_text(json.dumps(manifest(recipe), indent=2))
    trials.to_parquet(folder / "trials.parquet", index=False)
    epochs.to_parquet(folder / "epochs.parquet", index=False)


def manifest(recipe: Recipe) -> dict[str, Any]:
    """What `study.json` holds."""
    return {
        "name": recipe.name,
        "space": {
            "name": "cvae",
            "family": "cvae",
            "sampler": "tpe",
            "metric": recipe.metric,
            "model": "cvae",
            "searched": recipe.searched,
            "fixed": {k: v for k, v in USUAL.items() if k not in recipe.searched},
        },
        "space_hash": f"{recipe.better_by:.9f}",  # what tells spaces apart here
        "options": {
            "trials": recipe.n_trials,
            "max_epochs": recipe.max_epochs,
            "metric": recipe.metric,
            "sampler": "tpe",
            "scheduler": recipe.scheduler,
            "workers": recipe.workers,
            "seed": recipe.seed,
            "replicates": 1,
        },
        "rungs": list(recipe.rungs) if recipe.scheduler == "asha" else [],
        "versions": {"python": "3.11.2", "torch": "2.13.0", "optuna": "5.0.0", "ray": "2.60.0"},
        "git": {"commit": "0123456789abcdef", "dirty": False},
        "machine": {"cpus": recipe.workers, "system": "Linux"},
        "ray_address": "local",
        "started": "2025-03-01T10:00:00+00:00",
        "ended": "2025-03-01T10:20:00+00:00" if recipe.outcome == "complete" else None,
        "outcome": recipe.outcome,
    }


def simulate(recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The trials and epochs of a study."""
    rng = np.random.default_rng(recipe.seed)
    clock = [(6.0 + 0.2 * worker, worker) for worker in range(recipe.workers)]
    heapq.heapify(clock)
    reached: dict[int, list[float]] = {rung: [] for rung in recipe.rungs}
    rows: list[dict[str, Any]] = []
    curves: list[Curve] = []
    best: dict[str, Any] | None = None
    best_value = np.inf
    for number in range(recipe.n_trials):
        start, worker = heapq.heappop(clock)
        params = _sample(rng, recipe, best)
        state, at_rungs, curve = _train(rng, recipe, params, reached)
        seconds = len(curve["epoch"]) * _epoch_seconds(params)
        heapq.heappush(clock, (start + seconds + 0.05, worker))
        row = _row(number, state, curve, params, start, seconds, worker)
        row["rungs"] = json.dumps(at_rungs) if at_rungs else None
        if state == "complete" and row["val_mse"] < best_value:
            best, best_value = params, row["val_mse"]
        rows.append(row)
        curves.append(curve | {"trial": np.full(len(curve["epoch"]), number)})
    trials = _unfinished(typed(rows, TRIALS), recipe)
    columns = ["trial", "epoch", "train_loss", "train_mse", "train_kl"]
    columns += ["val_loss", "val_mse", "val_kl", "lr"]
    epochs = {name: np.concatenate([curve[name] for curve in curves]) for name in columns}
    return trials, pd.DataFrame(epochs)


def _sample(
    rng: np.random.Generator, recipe: Recipe, best: dict[str, Any] | None
) -> dict[str, Any]:
    """Uniform at first, later half of the trials are near the best so far, as TPE's are."""
    near = best is not None and rng.random() < 0.5
    params: dict[str, Any] = {}
    for name, spec in recipe.searched.items():
        if spec["kind"] == "choice":
            options = spec["options"]
            if near and best is not None:
                step = int(rng.integers(-1, 2))
                place = min(max(options.index(best[name]) + step, 0), len(options) - 1)
            else:
                place = int(rng.integers(len(options)))
            params[name] = options[place]
            continue
        low, high = (np.log(spec[k]) if spec["log"] else spec[k] for k in ("low", "high"))
        value = rng.uniform(low, high)
        if near and best is not None:
            centre = np.log(best[name]) if spec["log"] else best[name]
            value = min(max(rng.normal(centre, 0.1 * (high - low)), low), high)
        value = np.exp(value) if spec["log"] else value
        params[name] = round(value) if spec["kind"] == "int" else float(value)
    return params | recipe.constant


def _train(
    rng: np.random.Generator,
    recipe: Recipe,
    params: dict[str, Any],
    reached: dict[int, list[float]],
) -> tuple[str, dict[str, float], Curve]:
    settings = USUAL | params
    off = np.log10(settings["lr"]) + 2.0  # the best learning rate is 0.01
    narrow = 2.0 / settings["latent_dim"] + 1.5 / settings["decoder_hidden"]
    floor = 0.012 * (1 + 0.8 * off**2 + narrow) * np.exp(0.05 * rng.normal()) * recipe.better_by
    rate = 0.25 * np.exp(-0.8 * abs(off)) * np.sqrt(64 / settings["batch_size"])
    length = int(min(max(rng.normal(380, 120), 120), recipe.max_epochs))
    state = "complete"
    if recipe.diverging and settings["lr"] > 0.05 and rng.random() < 0.5:
        state, length = "diverged", int(rng.integers(2, 30))
    elif rng.random() < recipe.failing_share:
        state, length = "failed", 0
    epoch = np.arange(1, length + 1)
    mse = floor + (0.45 - floor) * np.exp(-rate * epoch**0.8)
    mse = mse * np.exp(0.03 * rng.normal(size=length))
    at_rungs: dict[str, float] = {}
    if recipe.scheduler == "asha":
        for rung in recipe.rungs:
            if rung > length or state in ("diverged", "failed"):
                break
            if rung == length:
                break
            value = float(mse[:rung].min())
            at_rungs[str(rung)] = value
            bisect.insort(reached[rung], value)
            if value > reached[rung][len(reached[rung]) // recipe.reduction]:
                state, length = "pruned", rung
                break
    epoch, mse = epoch[:length], mse[:length].copy()
    kl = 6 * (1 - np.exp(-0.1 * epoch)) * np.exp(0.02 * rng.normal(size=length))
    if state == "diverged":
        mse[-1] = np.nan
    loss = mse + settings["beta"] * kl / 2
    curve = {"epoch": epoch, "val_loss": loss, "val_mse": mse, "val_kl": kl}
    curve |= {"train_loss": 0.97 * loss, "train_mse": 0.97 * mse, "train_kl": 0.97 * kl}
    return state, at_rungs, curve | {"lr": np.full(length, settings["lr"])}


def _epoch_seconds(params: dict[str, Any]) -> float:
    return 0.003 * 256 / (USUAL | params)["batch_size"]


def _row(
    number: int,
    state: str,
    curve: Curve,
    params: dict[str, Any],
    start: float,
    seconds: float,
    worker: int,
) -> dict[str, Any]:
    epochs = len(curve["epoch"])
    row: dict[str, Any] = {"trial": number, "state": state, "epochs": epochs}
    best = int(np.nanargmin(curve["val_mse"])) if epochs else None
    row["best_epoch"] = None if best is None else best + 1
    for column in ("val_mse", "val_loss", "val_kl"):
        row[column] = np.nan if best is None else float(curve[column][best])
    row |= {"train_s": 0.97 * seconds, "eval_s": 0.03 * seconds}
    row |= {"start_s": start, "end_s": start + seconds, "worker": f"node:{4000 + worker}"}
    row |= {"seed": 1000 + number, "slot": number, "engine": "fused"}
    row["error"] = "RuntimeError: the worker died" if state == "failed" else None
    row |= dataclasses.asdict(Config()) | USUAL | params
    row["n_parameters"] = 8 * row["encoder_hidden"] + 5 * row["decoder_hidden"]
    done = state == "complete"
    for place, column in enumerate(EVALUATED):
        row[column] = 8 * row["val_mse"] * (1 + 0.05 * place) - 0.05 if done else np.nan
    row["fresh_carrying"] = float(min(2, row["latent_dim"])) if done else np.nan
    return row


def _unfinished(trials: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    last = trials.index[len(trials) - recipe.still_running :]
    trials.loc[last, "state"] = "running"
    first = trials.index[: recipe.interrupted]
    trials.loc[first, "state"] = "interrupted"
    known = [c for c in ("end_s", *EVALUATED, "fresh_carrying") if c in trials]
    for rows in (last, first):
        trials.loc[rows, known] = np.nan
    return trials
