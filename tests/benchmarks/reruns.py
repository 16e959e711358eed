"""Whether retraining takes the time that its epochs and evaluations need, and little more."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from moons.config import Config
from tests.benchmarks.driver import bare_start_s
from tests.benchmarks.measured import Measured, compared, timed

TOP, SEEDS, TRIALS = 5, 20, 100
EPOCHS, EVALUATIONS = 300, 5  # that their costs are taken from


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
    epoch_s, evaluation_s = costs_when_busy(list(configs.values()), workers)
    train_s = sum(epochs[trial] * cost for trial, cost in zip(configs, epoch_s, strict=True))
    evaluate_s = len(rows) * evaluation_s
    start_s = bare_start_s()
    predicted = start_s + (train_s + evaluate_s) / workers
    note = (
        f"{epochs.sum()} epochs {train_s:.0f} s and {len(rows)} evaluations {evaluate_s:.0f} s on "
        f"{workers} workers, after Ray's bare start of {start_s:.0f} s"
    )
    what = f"rerun of {TOP} configs by {SEEDS} seeds, against its prediction"
    yield compared(what, "s", [(wall, predicted)], note)


def costs_when_busy(configs: list[Config], workers: int) -> tuple[list[float], float]:
    """Seconds of an epoch of each config and of an evaluation, with as many at it at a time.

    Cores may share more than they seem to: alone, a process is faster than beside others.
    """
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(costs, [configs] * workers))
    epochs = [statistics.fmean(column) for column in zip(*(e for e, _ in found), strict=True)]
    return epochs, statistics.fmean(evaluation for _, evaluation in found)


def costs(configs: list[Config]) -> tuple[list[float], float]:
    """Seconds of an epoch of each config and of a trial's last evaluation, in this process."""
    import torch

    from moons.evaluation import evaluate
    from moons.fit import fit, start
    from moons.models import MODELS

    torch.set_num_threads(1)
    model = MODELS[configs[0].family](configs[0]).eval()
    evaluate(model, configs[0], 0)  # the first one imports and remembers

    def timed_epochs(config: Config) -> float:
        run = start(replace(config, max_epochs=EPOCHS, patience=EPOCHS), 0)
        began = time.perf_counter()
        epochs = sum(1 for _ in fit(run))
        return (time.perf_counter() - began) / epochs

    each = [timed_epochs(config) for config in configs]
    began = time.perf_counter()
    for _ in range(EVALUATIONS):
        evaluate(model, configs[0], 0)
    return each, (time.perf_counter() - began) / EVALUATIONS
