"""`--seed-of-trial`: one trial again, from its own config and seed, compared to the last digit."""

from pathlib import Path
from typing import Any

import pandas as pd
import torch

from moons.models import VAE
from study.record.folder import Folder
from study.record.manifest import Manifest, machine, versions
from study.reruns.jobs import named_candidates
from study.training import TrialTraining
from study.trial import TrialJob

COMPARED = (
    *("epochs", "best_epoch", "val_mse", "val_loss", "val_kl"),
    *("replicates", "engine", "n_parameters"),
)


def repeat_trial(
    folder: Path, trials: pd.DataFrame, manifest: Manifest, number: int, model: type[VAE] | None
) -> tuple[bool, str]:
    """Trains a trial again as far as it was trained.

    Returns:
        Whether all came out the same, and a sentence that says so, or what differs and what could
        have made it differ.

    Raises:
        StudyError: there is no such trial.
    """
    (candidate,) = named_candidates(trials, (number,))
    row: dict[str, Any] = trials[trials["trial"] == number].to_dict("records")[0]  # type: ignore[assignment]
    epochs = int(row["epochs"])
    if not epochs:
        return False, f"trial {number} was {row['state']} before its first epoch: nothing to repeat"
    metrics = tuple(str(manifest.options["metric"]).split(","))
    engine = row["engine"]
    job = TrialJob(
        trial=number,
        config=candidate.config,
        seed=row["seed"],
        # A trial that was stopped is repeated to the rung where it was.
        rungs=(epochs,) if epochs < candidate.config.max_epochs else (),
        metrics=metrics,
        engine=engine,
        replicates=manifest.options.get("replicates", 1),
        model_class=model,
    )
    torch.set_num_threads(1)  # as a worker has it
    report = TrialTraining(job).advance()
    differing = [
        f"{name} {report.row[name]!r}, was {row[name]!r}"
        for name in COMPARED
        if report.row.get(name) != row[name] and not pd.isna(row[name])
    ]
    weights = Folder(folder).checkpoint(number) / "model.safetensors"
    same_weights = ""
    if report.weights is not None and weights.is_file():
        same_weights = " and the same weights, bit for bit"
        if report.weights != weights.read_bytes():
            differing.append("other weights")
    if not differing:
        return True, f"trial {number} came out the same in every number{same_weights}"
    return False, f"trial {number} came out with {'; '.join(differing)}; {causes(manifest)}"


def causes(manifest: Manifest) -> str:
    """What differs from where the study was run."""
    here = versions() | {f"machine's {k}": v for k, v in machine().items()}
    there = dict(manifest.versions) | {f"machine's {k}": v for k, v in manifest.machine.items()}
    differing = [
        f"{name} is {here[name]}, was {there.get(name)}"
        for name in here
        if here[name] != there.get(name)
    ]
    return ", ".join(differing) or "no version and no part of the machine differs"
