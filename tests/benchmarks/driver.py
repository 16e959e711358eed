"""What Ray Tune's driver costs a trial, and where the seconds before the first report go."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from study.cluster import Cluster, connected
from tests.benchmarks.measured import ROOT, Measured, compared

FEW, MANY, REPEATS = 100, 400, 2
FAR = 2000


def driver_cost() -> list[Measured]:
    """Marginal milliseconds a trial whose trainable returns at once, beside bare Ray Tune."""
    with connected(None, 2) as cluster:
        pairs = []
        our_seconds(cluster, 20)  # workers started, everything imported
        for _ in range(REPEATS):
            pairs.append(
                (
                    slope_ms(lambda n: our_seconds(cluster, n), FEW, MANY),
                    slope_ms(_bare, FEW, MANY),
                )
            )
        near = compared(f"driver, {FEW} to {MANY} trials, against bare Ray Tune", "ms", pairs)
        far_ours = slope_ms(lambda n: our_seconds(cluster, n), FAR - 200, FAR)
        far_tpe = slope_ms(tpe_alone_seconds, FAR - 200, FAR)
        near_tpe = slope_ms(tpe_alone_seconds, FEW, MANY)
    beyond_far, beyond_near = far_ours - far_tpe, near.ours - near_tpe
    note = (
        f"ours at {FAR} trials {far_ours:.0f} ms, of which TPE {far_tpe:.0f}; "
        f"at {FEW} to {MANY}: {near.ours:.0f}, of which TPE {near_tpe:.0f}"
    )
    far = compared(
        f"driver beyond TPE, {FAR} trials (peer: {FEW} to {MANY})",
        "ms",
        [(beyond_far, beyond_near)],
        note,
    )
    return [near, far]


def slope_ms(run: Callable[[int], float], few: int, many: int) -> float:
    low, high = run(few), run(many)
    return (high - low) / (many - few) * 1e3


def our_seconds(cluster: Cluster, trials: int) -> float:
    """Seconds of a study of ours whose trials are over at once."""
    from study.history import take_stock
    from study.ledger import Ledger
    from study.options import parse
    from study.plan import make_plan
    from study.record.opening import opened
    from study.stop import Stop
    from study.trials import run_trials

    with tempfile.TemporaryDirectory() as folder:
        words = ["--space", "cvae", "--name", "s", "--results", folder, "--trials", str(trials)]
        plan = make_plan(parse(words))
        with opened(plan) as record:
            history = take_stock(plan, record)
            ledger = Ledger(plan, record, history)
            began = time.perf_counter()
            with (
                mock.patch("study.trials.MoonsTrial", _at_once()),
                mock.patch("study.trials.Progress"),
            ):
                run_trials(plan, cluster, ledger, history, Stop(None))
            return time.perf_counter() - began


def _at_once() -> type:
    from study.trainable import MoonsTrial
    from study.trial import Report

    class AtOnce(MoonsTrial):
        def step(self) -> dict[str, Any]:
            value = self._job.config.lr
            row = {"epochs": 1, "best_epoch": 1, "val_mse": value}
            return Report(
                status="complete", epochs=1, metrics={"val_mse": value}, row=row
            ).as_result()

    return AtOnce


def _bare(trials: int) -> float:
    """Seconds of Ray Tune with OptunaSearch in memory, loggers off, reused actors."""
    from ray import tune
    from ray.tune.search.optuna import OptunaSearch

    class AtOnce(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            self._value = config["lr"]

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self._value = new_config["lr"]
            return True

        def step(self) -> dict[str, Any]:
            return {"val_mse": self._value, "done": True}

    from search_spaces.load import load_space

    space = load_space("cvae").distributions()
    began = time.perf_counter()
    tune.run(
        AtOnce,
        num_samples=trials,
        search_alg=OptunaSearch(space, metric="val_mse", mode="min", seed=1),
        max_concurrent_trials=2,
        reuse_actors=True,
        storage_path=tempfile.mkdtemp(),
        verbose=0,
    )
    return time.perf_counter() - began


def tpe_alone_seconds(trials: int) -> float:
    """Seconds of asking and telling, in memory and without Ray."""
    import optuna

    from search_spaces.load import load_space
    from study.sampler import make_sampler

    distributions = load_space("cvae").distributions()
    study = optuna.create_study(sampler=make_sampler("tpe"))
    began = time.perf_counter()
    for _ in range(trials):
        trial = study.ask(distributions)
        study.tell(trial, trial.params["lr"])
    return time.perf_counter() - began


STAGES = """
import time
began = time.perf_counter()
def mark(stage):
    print(f"{stage}\\t{time.perf_counter() - began:.2f}", flush=True)
import study.execute
from study.run import main
mark("imports")
import study.cluster, study.ledger
from contextlib import contextmanager
connected, take = study.cluster.connected, study.ledger.Ledger.take
@contextmanager
def marked(*words, **named):
    with connected(*words, **named) as cluster:
        mark("Ray")
        yield cluster
def first(ledger, key, report):
    if report.blocks and not ledger.tally.epochs:
        mark("workers and first rung")
    return take(ledger, key, report)
study.execute.connected, study.ledger.Ledger.take = marked, first
import sys
main(sys.argv[1:])
"""


def start_up() -> list[Measured]:
    """Seconds from the command to the first report, dashboard on, beside bare Ray's start."""
    pairs, stages = [], ""
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            words = ["--space", "cvae", "--trials", "2", "--max-epochs", "40", "--no-report"]
            said = _python(STAGES, *words, "--results", folder)
            marks = [line.split("\t") for line in said.splitlines() if "\t" in line]
            started = float(marks[-1][1])
            stages = ", ".join(f"{stage} by {seconds} s" for stage, seconds in marks)
            pairs.append((started, bare_start_s()))
    return [compared("start to first report, against Ray's bare start", "s", pairs, stages)]


def bare_start_s() -> float:
    """Seconds of a process that starts Ray with its dashboard and ends."""
    began = time.perf_counter()
    _python("import ray; ray.init(address='local', num_cpus=2, include_dashboard=True)")
    return time.perf_counter() - began


def _python(code: str, *words: str) -> str:
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=Path(ROOT),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
