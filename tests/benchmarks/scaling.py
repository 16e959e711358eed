"""`python -m tests.benchmarks.scaling`: how many workers one driver can feed.

Measures what a trial costs the driver, TPE and the rest apart, and simulates the two queues that a
study is made of: trials that train, each on its worker, and the one driver that they all come back
to. The figures of docs/scaling.md are this command's.
"""

import argparse
import heapq
import itertools
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rich import box
from rich.console import Console
from rich.table import Table

HISTORIES = (100, 1000, 10_000)
LENGTHS_S = (0.5, 2.0, 10.0, 60.0)
BUSY = 0.9  # of the workers' time: below that the driver is what they wait for
ASKS = 15


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds of the driver for one trial.

    Attributes:
        tpe: of proposing it, by how many trials were finished before.
        rest: of beginning it, its reports, its record and its end.
    """

    tpe: dict[int, float]
    rest: float

    def of(self, history: int, sampler: str) -> float:
        """A trial's whole cost; a random proposal costs next to nothing."""
        return self.rest + (self.tpe[history] if sampler == "tpe" else 0.0)


def tpe_seconds(history: int) -> float:
    """The median of a few proposals after so many finished trials."""
    import optuna

    from search_spaces.load import load_space
    from study.samplers.choice import make_sampler
    from study.samplers.seeded import Reseeding

    space = load_space("cvae")
    distributions = space.distributions()
    draw = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trials = [draw.ask(distributions).params for _ in range(history)]
    study = optuna.create_study(sampler=make_sampler(space, 0))
    study.add_trials(
        [
            optuna.trial.create_trial(params=p, distributions=distributions, value=p["lr"])
            for p in trials
        ]
    )
    taken = []
    for index in range(ASKS):
        if isinstance(study.sampler, Reseeding):
            study.sampler.reseed(index, index)
        began = time.process_time()
        trial = study.ask(distributions)
        taken.append(time.process_time() - began)
        study.tell(trial, trial.params["lr"])
    return statistics.median(taken)


def measure() -> Cost:
    """The costs on this machine."""
    from study.tune.cluster import connected
    from tests.benchmarks.driver import FEW, MANY, our_seconds, slope_ms, tpe_moments

    def processor_seconds(run: Callable[[int], object], trials: int) -> float:
        began = time.process_time()  # of this process: what the machine does besides is no part
        run(trials)
        return time.process_time() - began

    with connected(None, 2) as cluster:
        our_seconds(cluster, 20)  # workers started, everything imported
        ours = slope_ms(partial(processor_seconds, partial(our_seconds, cluster)), FEW, MANY)
    rest = ours - slope_ms(partial(processor_seconds, tpe_moments), FEW, MANY)
    return Cost({history: tpe_seconds(history) for history in HISTORIES}, rest / 1e3)


def busy_share(workers: int, length_s: float, cost_s: float, trials_each: int = 60) -> float:
    """The share of their time that workers train, in a simulated study.

    A worker that is done waits for its turn at the driver, which takes one at a time, `cost_s` for
    each; then it trains for a time drawn from an exponential distribution, as early stopping makes
    lengths spread.
    """
    draw = random.Random(0)
    total = workers * trials_each
    # When each worker is back at the driver; they all begin there.
    back = [(0.0, worker) for worker in range(workers)]
    driver_free_s = trained_s = 0.0
    for _ in range(total):
        at_s, worker = heapq.heappop(back)
        driver_free_s = max(driver_free_s, at_s) + cost_s
        trains_s = draw.expovariate(1 / length_s)
        trained_s += trains_s
        heapq.heappush(back, (driver_free_s + trains_s, worker))
    wall_s = statistics.mean(at_s for at_s, _ in back)
    return trained_s / (workers * wall_s)


def workers_fed(length_s: float, cost_s: float) -> int:
    """The most workers that are busy for nine tenths of their time."""
    least, most = 0, 1
    while busy_share(most, length_s, cost_s) >= BUSY:
        least, most = most, most * 2
    while most - least > 1:
        middle = (least + most) // 2
        if busy_share(middle, length_s, cost_s) >= BUSY:
            least = middle
        else:
            most = middle
    return least


def table(cost: Cost) -> Table:
    """Workers that one driver feeds, by trial length."""
    shown = Table(box=box.SIMPLE, title="workers that one driver keeps busy")
    shown.add_column("sampler, finished trials")
    shown.add_column("driver, ms a trial", justify="right")
    for length_s in LENGTHS_S:
        shown.add_column(f"trials of {length_s:g} s", justify="right")
    cases = [("random", HISTORIES[0]), *itertools.product(["tpe"], HISTORIES)]
    for sampler, history in cases:
        cost_s = cost.of(history, sampler)
        fed = [str(workers_fed(length_s, cost_s)) for length_s in LENGTHS_S]
        name = sampler if sampler == "random" else f"{sampler}, {history}"
        shown.add_row(name, f"{cost_s * 1e3:.0f}", *fed)
    return shown


def main() -> None:
    """Measures, or takes the costs as given, and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rest-ms", type=float, help="beside the proposal; measured if left out")
    parser.add_argument("--tpe-ms", type=float, nargs=len(HISTORIES), help=f"after {HISTORIES}")
    options = parser.parse_args()
    if (options.rest_ms is None) != (options.tpe_ms is None):
        parser.error("give --rest-ms and --tpe-ms, or neither")
    if options.rest_ms is None:
        cost = measure()
    else:
        tpe = dict(zip(HISTORIES, (ms / 1e3 for ms in options.tpe_ms), strict=True))
        cost = Cost(tpe, options.rest_ms / 1e3)
    print(
        f"the driver: {cost.rest * 1e3:.0f} ms a trial, and TPE's proposal "
        + ", ".join(f"{s * 1e3:.0f} ms after {n}" for n, s in cost.tpe.items())
    )
    Console(width=120).print(table(cost))


if __name__ == "__main__":
    main()
