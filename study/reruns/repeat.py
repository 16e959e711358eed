"""`--seed-of-trial`: one trial again, from its own config and seed, compared to the last digit."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import torch

from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.origin import git_state, machine, versions
from study.reruns.candidates import named_candidates
from study.training.job import OwnModel, TrialJob
from study.training.trial import TrialTraining

COMPARED = (
    *("epochs", "best_epoch", "val_mse", "val_loss", "val_kl"),
    *("replicates", "engine", "n_parameters"),
)
# How a training that came out the same may have ended for the study.
ENDED = {"running": ("pruned", "running", "interrupted", "failed")}


def repeat_trial(
    folder: StudyFolder,
    trials: pd.DataFrame,
    manifest: Manifest,
    number: int,
    model: OwnModel | None,
) -> tuple[bool, str]:
    """Trains a trial again as far as it was trained.

    Returns:
        Whether all came out the same, and a sentence that says so, or what differs and what could
        have made it differ.

    Raises:
        StudyError: there is no such trial.
    """
    (candidate,) = named_candidates(trials, (number,), "--seed-of-trial")
    row: dict[str, Any] = trials[trials["trial"] == number].to_dict("records")[0]  # type: ignore[assignment]
    epochs = int(row["epochs"])
    if not epochs:
        return False, f"trial {number} was {row['state']} before its first epoch: nothing to repeat"
    metrics = manifest.metrics
    job = TrialJob(
        trial=number,
        config=candidate.config,
        seed=row["seed"],
        # Rung by rung, as replicates take turns, and to where a trial that was stopped was.
        rungs=tuple(sorted({*(rung for rung in manifest.rungs if rung < epochs), epochs})),
        metrics=metrics,
        engine=manifest.engine if pd.isna(row["engine"]) else row["engine"],
        replicates=manifest.replicates,
        model_class=model,
    )
    torch.set_num_threads(1)  # as a worker has it
    training = TrialTraining(job)
    report = training.advance()
    while report.status == "running" and report.epochs < epochs:
        report = training.advance()
    found = report.row | report.metrics
    was = row | _at_rung(row["rungs"], epochs, metrics[0])
    differing = [
        f"{name} {found.get(name)!r}, was {was[name]!r}"
        for name in dict.fromkeys((*COMPARED, *metrics))
        if not (pd.isna(was[name]) or found.get(name) == was[name])
    ]
    if row["state"] not in ENDED.get(report.status, (report.status,)):
        differing.append(f"state {report.status!r}, was {row['state']!r}")
    weights = folder.checkpoint(number) / "model.safetensors"
    same_weights = ""
    if report.weights is not None and weights.is_file():
        same_weights = " and the same weights, bit for bit"
        if report.weights != weights.read_bytes():
            differing.append("other weights")
    if not differing:
        return True, f"trial {number} came out the same in every number{same_weights}"
    return False, f"trial {number} came out with {'; '.join(differing)}; {causes(manifest)}"


def _at_rung(rungs: str | None, epoch: int, metric: str) -> dict[str, float]:
    """The metric that a trial had reported when it was stopped there."""
    reported = json.loads(rungs) if isinstance(rungs, str) else {}
    return {metric: reported[str(epoch)]} if str(epoch) in reported else {}


def causes(manifest: Manifest) -> str:
    """What differs from where the study was run."""
    here = _circumstances(versions(), machine(), git_state())
    there = _circumstances(manifest.versions, manifest.machine, manifest.git)
    differing = [
        f"{name} is {here[name]}, was {there.get(name)}"
        for name in here
        if here[name] != there.get(name)
    ]
    return ", ".join(differing) or "no version, no commit and no part of the machine differs"


def _circumstances(
    versions: Mapping[str, Any], machine: Mapping[str, Any], git: Mapping[str, Any]
) -> dict[str, Any]:
    of_machine = {f"machine's {name}": value for name, value in machine.items()}
    return dict(versions) | of_machine | {"the project's commit": git.get("commit")}
