"""Whether retraining takes the time that its epochs and evaluations need, and little more."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from moons.config import Config
from tests.benchmarks.driver import bare_process
from tests.benchmarks.measured import Measured, compared, timed

TOP, SEEDS, TRIALS, REPEATS = 5, 20, 100, 3
EPOCHS, EVALUATIONS = 300, 5  # that their costs are taken from


def rerun_time() -> Iterator[Measured]:
    """`study.rerun --top 5 --seeds 20` of a hundred-trial study, beside what it should take."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "s"
        words = ["--space", "cvae", "--trials", str(TRIALS), "--no-report", "--results", folder]
        timed(["study.run", *words, "--name", "s"])
        pairs = []
        for _ in range(REPEATS):
            for old in study.glob("reruns.*"):
                old.unlink()  # it would go on from there
            wall, _ = timed(["study.rerun", str(study), "--top", str(TOP), "--seeds", str(SEEDS)])
            predicted, note = prediction(pd.read_parquet(study / "reruns.parquet"))
            pairs.append((wall, predicted))
    what = f"rerun of {TOP} configs by {SEEDS} seeds, against its prediction"
    yield compared(what, "s", pairs, note)


def prediction(rows: pd.DataFrame) -> tuple[float, str]:
    """Seconds that retrainings should take by what an epoch costs, and how they come about.

    That is a bare Ray Tune's start, as many trials that do nothing, and end; what a worker
    imports; and the epochs and evaluations, shared by the workers.
    """
    workers = len(os.sched_getaffinity(0))
    configs = {
        int(row["trial"]): Config.from_row(row, "reruns.parquet")
        for row in rows.drop_duplicates("trial").to_dict("records")
    }
    epochs = rows.groupby("trial")["epochs"].sum()
    cost = costs_when_busy(list(configs.values()), workers)
    train_s = sum(epochs[trial] * each for trial, each in zip(configs, cost.epoch_s, strict=True))
    evaluate_s = len(rows) * cost.evaluation_s
    bare_s = bare_process(len(rows)) + cost.imports_s
    note = (
        f"{epochs.sum()} epochs {train_s:.0f} s and {len(rows)} evaluations {evaluate_s:.0f} s on "
        f"{workers} workers, besides {bare_s:.0f} s of bare Ray Tune and a worker's imports"
    )
    return bare_s + (train_s + evaluate_s) / workers, note


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds: of an epoch of each config, of an evaluation, and of importing what they need."""

    epoch_s: tuple[float, ...]
    evaluation_s: float
    imports_s: float


def costs_when_busy(configs: list[Config], workers: int) -> Costs:
    """The costs with as many processes at it as there are workers, a mean over them.

    Cores may share more than they seem to: alone, a process is faster than beside others.
    """
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(costs, [configs] * workers))
    columns = zip(*(cost.epoch_s for cost in found), strict=True)
    return Costs(
        epoch_s=tuple(statistics.fmean(column) for column in columns),
        evaluation_s=statistics.fmean(cost.evaluation_s for cost in found),
        imports_s=statistics.fmean(cost.imports_s for cost in found),
    )


def costs(configs: list[Config]) -> Costs:
    """The costs in this process."""
    began = time.perf_counter()
    import torch

    from moons.evaluation import evaluate
    from moons.fit import fit, start
    from moons.models import MODELS

    torch.set_num_threads(1)
    model = MODELS[configs[0].family](configs[0]).eval()
    evaluate(model, configs[0], 0)  # the first one imports as well
    imports_s = time.perf_counter() - began

    def epoch_s(config: Config) -> float:
        run = start(replace(config, max_epochs=EPOCHS, patience=EPOCHS), 0)
        began = time.perf_counter()
        epochs = sum(1 for _ in fit(run))
        return (time.perf_counter() - began) / epochs

    each = tuple(map(epoch_s, configs))
    began = time.perf_counter()
    for _ in range(EVALUATIONS):
        evaluate(model, configs[0], 0)
    return Costs(each, (time.perf_counter() - began) / EVALUATIONS, imports_s)
