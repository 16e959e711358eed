"""Small studies whose every number a test states, in memory."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from study.record.folder import StudyFolder
from study.record.manifest import Dimension, Manifest
from study.record.results import StudyResults

LR = Dimension(name="lr", kind="float", low=1e-4, high=0.1, log=True)
LATENT = Dimension(name="latent_dim", kind="choice", options=(2, 4, 8))


def known_manifest(
    *,
    searched: tuple[Dimension, ...] = (LR, LATENT),
    metrics: tuple[str, ...] = ("val_mse",),
    n_trials: int = 4,
    max_epochs: int = 100,
    workers: int | None = 2,
    **fields: Any,
) -> Manifest:
    """A manifest of a study with two hyperparameters, unless more is said."""
    return Manifest(
        name="known",
        space={"name": "cvae", "family": "cvae", "searched": {d.name: asdict(d) for d in searched}},
        options={
            "metric": ",".join(metrics),
            "sampler": "tpe",
            "scheduler": "asha",
            "trials": n_trials,
            "max_epochs": max_epochs,
            "workers": workers,
            "seed": 0,
        },
        **{"outcome": "complete"} | fields,
    )


def reports(curve: Sequence[float], state: str, rungs: Sequence[int]) -> str | None:
    """What the scheduler saw of a trial: the best value until each rung that it went on from."""
    stopped = state == "pruned"
    passed = [rung for rung in rungs if rung < len(curve) + stopped]
    return json.dumps({str(rung): min(curve[:rung]) for rung in passed}) if passed else None


def known_results(
    trials: list[dict[str, Any]],
    curves: dict[int, list[float]] | None = None,
    reruns: pd.DataFrame | None = None,
    **manifest: Any,
) -> StudyResults:
    """A study of these trials.

    Args:
        trials: what is said of each; the rest is filled in: complete, one epoch, one second after
            the other.
        curves: the validation MSE of each epoch, by trial.
        reruns: as in `reruns.parquet`.
        manifest: fields of the manifest that differ from `known_manifest`.
    """
    rows = []
    for number, said in enumerate(trials):
        row: dict[str, Any] = {"trial": number, "state": "complete", "epochs": 1, "best_epoch": 1}
        row |= {"val_mse": float("nan"), "val_loss": 1.0, "val_kl": 1.0, "error": None}
        row |= {"lr": 0.01, "latent_dim": 4, "worker": "node:1", "train_s": 1.0, "eval_s": 0.0}
        row["encoder_hidden"] = number + 1  # so that no two are one config
        row |= {"start_s": float(number), "end_s": float(number + 1)}
        rows.append(row | said)
    if manifest.get("rungs"):
        for row, (number, said) in zip(rows, enumerate(trials), strict=True):
            curve = (curves or {}).get(number, [])
            row["rungs"] = said.get("rungs", reports(curve, row["state"], manifest["rungs"]))
    points = [
        {"trial": trial, "epoch": place, "val_mse": value, "val_loss": value, "val_kl": 1.0}
        for trial, values in (curves or {}).items()
        for place, value in enumerate(values, start=1)
    ]
    return StudyResults(
        folder=StudyFolder(Path("results/known")),
        manifest=known_manifest(**{"n_trials": len(rows)} | manifest),
        trials=pd.DataFrame(rows),
        epochs=pd.DataFrame(points, columns=["trial", "epoch", "val_mse", "val_loss", "val_kl"]),
        **({} if reruns is None else {"reruns": reruns}),
    )
