"""What Ray Tune's driver costs a trial."""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

from study.tune.cluster import Cluster, connected
from tests.benchmarks.measured import Measured, compared, run_python

FEW, MANY, REPEATS = 100, 400, 3
FAR, LAST = 2000, 400  # trials, and how many of them are looked at


def driver_cost() -> list[Measured]:
    """Marginal milliseconds a trial whose trainable returns at once, beside bare Ray Tune."""
    with connected(None, 2) as cluster:
        pairs = []
        our_seconds(cluster, 20)  # workers started, everything imported
        for _ in range(REPEATS):
            pairs.append(
                (
                    slope_ms(lambda n: our_seconds(cluster, n), FEW, MANY),
                    slope_ms(bare_seconds, FEW, MANY),
                )
            )
        near = compared(f"driver, {FEW} to {MANY} trials, against bare Ray Tune", "ms", pairs)
        runs = [(our_moments(cluster, FAR), tpe_moments(FAR)) for _ in range(REPEATS)]
    parts = (FAR - LAST, FAR - 1), (FEW, MANY)
    costs = [[[between_ms(m, *part) for m in both] for part in parts] for both in runs]
    beyond = [tuple(ours - tpe for ours, tpe in cost) for cost in costs]
    note = " and ".join(
        f"{statistics.median(ours for ours, _ in part):.0f} ms, of which TPE "
        f"{statistics.median(tpe for _, tpe in part):.0f}"
        for part in zip(*costs, strict=True)
    )
    what = f"driver beyond TPE, {FAR} trials (peer: {FEW} to {MANY})"
    return [near, compared(what, "ms", beyond, note)]


def slope_ms(run: Callable[[int], float], few: int, many: int) -> float:
    low, high = run(few), run(many)
    return (high - low) / (many - few) * 1e3


def between_ms(moments: Sequence[float], first: int, last: int) -> float:
    """Milliseconds a trial, from the end of one trial to that of another."""
    return (moments[last] - moments[first]) / (last - first) * 1e3


def our_seconds(cluster: Cluster, trials: int) -> float:
    """Seconds of a study of ours whose trials are over at once."""
    began = time.perf_counter()
    our_moments(cluster, trials)
    return time.perf_counter() - began


def our_moments(cluster: Cluster, trials: int) -> list[float]:
    """When each trial of such a study had ended."""
    from study.history import take_stock
    from study.ledger import Ledger
    from study.opened import opened
    from study.options import parse
    from study.plan import make_plan
    from study.signals import Stop
    from study.tune.driver import run_trials

    with tempfile.TemporaryDirectory() as folder:
        words = ["--space", "cvae", "--name", "s", "--results", folder, "--trials", str(trials)]
        plan = make_plan(parse(words))
        with opened(plan) as record:
            history = take_stock(plan, record)
            ledger, moments = Ledger(plan, record, history), list[float]()

            def close(ledger: Ledger, *words: Any, **named: Any) -> None:
                ends(ledger, *words, **named)
                moments.append(time.perf_counter())

            ends = Ledger.close
            with (
                mock.patch("study.tune.driver.MoonsTrial", _at_once()),
                mock.patch("study.tune.driver.Progress"),
                mock.patch("study.ledger.Ledger.close", close),
            ):
                run_trials(plan, cluster, ledger, history, Stop(None, ledger.tally))
            return moments


def _at_once() -> type:
    from study.training.job import Report
    from study.tune.trainable import MoonsTrial

    class AtOnce(MoonsTrial):
        def step(self) -> dict[str, Any]:
            value = self._job.config.lr
            row = {"epochs": 1, "best_epoch": 1, "val_mse": value}
            return Report(
                status="complete", epochs=1, metrics={"val_mse": value}, row=row
            ).as_result()

    return AtOnce


def bare_seconds(trials: int) -> float:
    """Seconds of Ray Tune with OptunaSearch in memory, loggers off, reused actors."""
    from ray.tune.search.optuna import OptunaSearch

    from search_spaces.load import load_space

    space = load_space("cvae").distributions()
    began = time.perf_counter()
    bare_tune(
        num_samples=trials,
        search_alg=OptunaSearch(space, metric="val_mse", mode="min", seed=1),
        max_concurrent_trials=2,
    )
    return time.perf_counter() - began


def bare_tune(**options: Any) -> None:
    """Ray Tune as it is, with a trainable that returns at once, loggers off, reused actors."""
    from ray import tune

    class AtOnce(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            self._value = config["lr"]

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self._value = new_config["lr"]
            return True

        def step(self) -> dict[str, Any]:
            return {"val_mse": self._value, "done": True}

    tune.run(AtOnce, reuse_actors=True, storage_path=tempfile.mkdtemp(), verbose=0, **options)


def tpe_moments(trials: int) -> list[float]:
    """When each trial was told, asked for in memory and without Ray."""
    import optuna

    from search_spaces.load import load_space
    from study.samplers.choice import make_sampler

    space = load_space("cvae")
    distributions = space.distributions()
    study, moments = optuna.create_study(sampler=make_sampler(space, 0)), []
    for _ in range(trials):
        trial = study.ask(distributions)
        study.tell(trial, trial.params["lr"])
        moments.append(time.perf_counter())
    return moments


BARE_TUNE = """
import sys
import ray
ray.init(address="local", include_dashboard=True, log_to_driver=False)
from tests.benchmarks.driver import bare_tune
bare_tune(num_samples=int(sys.argv[1]), config={"lr": 0.01})
"""


def bare_process(trials: int) -> float:
    """Seconds of a process that starts Ray and runs as many empty trials on bare Ray Tune."""
    began = time.perf_counter()
    run_python(BARE_TUNE, str(trials))
    return time.perf_counter() - began
