"""Where the seconds before the first report go: by stage, and by process."""

import statistics
import tempfile
from collections import defaultdict

from tests.benchmarks.measured import Measured, compared, run_python

BARE = """
import time
began = time.perf_counter()
import ray
ray.init(address="local", include_dashboard=True, log_to_driver=False)
@ray.remote
class First:
    def answer(self):
        return 1
ray.get(First.remote().answer.remote())
print(time.perf_counter() - began)
ray.shutdown()
"""
STAGES = """
import sys, time
from contextlib import contextmanager
began = time.perf_counter()
def mark(stage):
    print(f"stage\\t{stage}\\t{time.perf_counter() - began:.2f}", flush=True)
import psutil
import study.execute
from study.run import main
mark("imports")
import study.ledger
connected, take = study.execute.connected, study.ledger.Ledger.take
def processes():
    driver = psutil.Process()
    for process in [driver, *driver.children(recursive=True)]:
        try:
            words, spent = process.cmdline(), process.cpu_times()
        except psutil.Error:
            continue
        named = next((w for w in words if w.endswith(".py") or "::" in w), (words or [""])[0])
        name = "driver" if process == driver else named.split("/")[-1].split(" ")[0]
        print(f"process\\t{name}\\t{spent.user + spent.system:.2f}", flush=True)
@contextmanager
def marked(*words, **named):
    with connected(*words, **named) as cluster:
        mark("Ray")
        yield cluster
def first(ledger, key, report):
    if report.blocks and not ledger.tally.epochs:
        mark("workers and first rung")
        processes()
    return take(ledger, key, report)
study.execute.connected, study.ledger.Ledger.take = marked, first
main(sys.argv[1:])
"""
REPEATS = 3
SEEN = 0.05  # seconds of a processor; who took less is left out


def start_up() -> list[Measured]:
    """Seconds from the command to the first report, beside bare Ray's to its first actor.

    Then a row for each process, with the processor seconds that it has spent by then.
    """
    pairs, stages = [], ""
    spent: dict[str, list[float]] = defaultdict(list)
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            words = ["--space", "cvae", "--trials", "2", "--max-epochs", "40", "--no-report"]
            said = run_python(STAGES, *words, "--results", folder)
        lines = [line.split("\t") for line in said.splitlines() if line.count("\t") == 2]
        marks = [(name, seconds) for kind, name, seconds in lines if kind == "stage"]
        stages = ", ".join(f"{name} by {seconds} s" for name, seconds in marks)
        used: dict[str, float] = defaultdict(float)
        for kind, name, seconds in lines:
            if kind == "process":
                used[name] += float(seconds)
        for name, seconds in used.items():
            spent[name].append(seconds)
        pairs.append((float(marks[-1][1]), float(run_python(BARE).split()[-1])))
    rows = [compared("start to first report, against bare Ray's first actor", "s", pairs, stages)]
    total = sum(map(statistics.median, spent.values()))
    for name, seconds in sorted(spent.items(), key=lambda one: -statistics.median(one[1])):
        own = statistics.median(seconds)
        if own >= SEEN:
            ratios = [total / s for s in (own, max(seconds), min(seconds))]
            what = f"processor time by then, {name}; peer: all processes"
            rows.append(Measured(what, "s", own, total, *ratios))
    return rows
