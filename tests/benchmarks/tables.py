"""The table of a large study's epochs: written from its record, read back, and at what memory.

The peer holds one JSON line an epoch, as Ray's `result.json` does, and reads them with pandas.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from study.record.curves import COLUMNS as EPOCH_COLUMNS
from tests.benchmarks.measured import ROOT, Measured, compared

TRIALS, REPEATS = 10_000, 3
RUNGS, REDUCTION, END = (10, 40, 160, 640), 4, 1000

OURS = """
import resource, sys, time
from pathlib import Path
import pandas as pd
from study.record.tables import epochs_table
folder, began = Path(sys.argv[1]), time.perf_counter()
table = epochs_table(folder)
table.to_parquet(folder / "epochs.parquet", index=False)
assert len(pd.read_parquet(folder / "epochs.parquet")) == len(table)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
PEER = """
import resource, sys, time
from pathlib import Path
import pandas as pd
folder, began = Path(sys.argv[1]), time.perf_counter()
table = pd.read_json(folder / "result.json", lines=True)
table.to_parquet(folder / "peer.parquet", index=False)
assert len(pd.read_parquet(folder / "peer.parquet")) == len(table)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def epoch_tables() -> list[Measured]:
    """Seconds and megabytes of a table of 10,000 trials' epochs that ASHA thinned out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        epochs = _write_records(folder)
        seconds, memory = [], []
        for _ in range(REPEATS):
            ours, peer = _run(OURS, folder), _run(PEER, folder)
            seconds.append((ours[0], peer[0]))
            memory.append((ours[1], peer[1]))
    what = f"epochs.parquet of {TRIALS:,} trials, {epochs:,} epochs"
    return [
        compared(f"{what}: write and read, against a line an epoch", "s", seconds),
        compared(f"{what}: most memory", "MB", memory),
    ]


def _write_records(folder: Path) -> int:
    """Both records of the same epochs; how many there are."""
    rng, stops = np.random.default_rng(0), (*RUNGS, END)
    total = 0
    with (folder / "curves.jsonl").open("w") as ours, (folder / "result.json").open("w") as peer:
        for trial in range(TRIALS):
            first = 1
            for stop in stops:
                columns = {c: rng.random(stop - first + 1).tolist() for c in EPOCH_COLUMNS}
                head = {"trial": trial, "replicate": 0, "first_epoch": first}
                ours.write(json.dumps(head | columns) + "\n")
                for epoch in range(first, stop + 1):
                    row = {c: columns[c][epoch - first] for c in EPOCH_COLUMNS}
                    peer.write(json.dumps({"trial": trial, "epoch": epoch} | row) + "\n")
                total, first = total + stop - first + 1, stop + 1
                if rng.random() > 1 / REDUCTION:
                    break
    return total


def _run(code: str, folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes
