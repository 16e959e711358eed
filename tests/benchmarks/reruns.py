"""Whether retraining takes the time that its epochs and evaluations need, and little more."""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from moons.config import Config
from tests.benchmarks.driver import bare_start_s
from tests.benchmarks.measured import Measured, compared, timed

TOP, SEEDS, TRIALS = 5, 20, 100
EPOCHS = 60  # that an epoch's cost is taken from


def rerun_time() -> Iterator[Measured]:
    """`study.rerun --top 5 --seeds 20` of a hundred-trial study, beside what it should take."""
    workers = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "s"
        words = ["--space", "cvae", "--trials", str(TRIALS), "--no-report", "--results", folder]
        timed(["study.run", *words, "--name", "s"])
        wall, _ = timed(["study.rerun", str(study), "--top", str(TOP), "--seeds", str(SEEDS)])
        rows = pd.read_parquet(study / "reruns.parquet")
        configs = {
            int(row["trial"]): Config.from_row(row, "reruns.parquet")
            for row in rows.drop_duplicates("trial").to_dict("records")
        }
    epochs = rows.groupby("trial")["epochs"].sum()
    train_s = sum(epochs[trial] * epoch_s(config) for trial, config in configs.items())
    evaluate_s = len(rows) * evaluation_s(next(iter(configs.values())))
    start_s = bare_start_s()
    predicted = start_s + (train_s + evaluate_s) / workers
    note = (
        f"{epochs.sum()} epochs {train_s:.0f} s and {len(rows)} evaluations {evaluate_s:.0f} s on "
        f"{workers} workers, after Ray's bare start of {start_s:.0f} s"
    )
    what = f"rerun of {TOP} configs by {SEEDS} seeds, against its prediction"
    yield compared(what, "s", [(wall, predicted)], note)


def epoch_s(config: Config) -> float:
    """Seconds of an epoch of that config, in this process."""
    from moons.fit import fit, start

    run = start(replace(config, max_epochs=EPOCHS, patience=EPOCHS), 0)
    began = time.perf_counter()
    epochs = sum(1 for _ in fit(run))
    return (time.perf_counter() - began) / epochs


def evaluation_s(config: Config) -> float:
    """Seconds of a trial's last evaluation, in this process, the first one not counted."""
    from moons.evaluation import evaluate
    from moons.models import MODELS

    model = MODELS[config.family](config).eval()
    evaluate(model, config, 0)
    began = time.perf_counter()
    evaluate(model, config, 0)
    return time.perf_counter() - began
