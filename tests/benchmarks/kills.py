"""One kill or signal at a random moment of a study's run, resume or rerun."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import psutil

from study.record.retrainings import read_retrainings
from tests.benchmarks.measured import ROOT
from tests.study.settled import settled

Victim = Literal["driver", "worker", "raylet", "GCS", "SIGTERM", "SIGINT"]
VICTIMS: tuple[Victim, ...] = ("driver", "worker", "raylet", "GCS", "SIGTERM", "SIGINT")
# How a command may end: by its kill, or in its own way where the kill came too late for it.
ENDS: dict[Victim, set[int]] = {
    "driver": {-signal.SIGKILL},
    "worker": {0},
    "raylet": {7},
    "GCS": {7},
    "SIGTERM": {143},
    "SIGINT": {130},
}
CORE = {"raylet": "raylet", "GCS": "gcs_server"}
FIRST_S = 0.5  # Python has come to our handlers by then
SHARE = 0.8  # of the usual time: a study that goes on has less to do
PATIENCE_S = 180.0
VOLATILE = {"trial", "train_s", "eval_s", "start_s", "end_s", "worker"}
TRIALS, SEEDS = 8, 2
Rows = dict[str, dict[str, Any]]


def command(folder: Path, *, rerun: bool) -> list[str]:
    """What runs a study, goes on with it, or retrains its best, as the folder stands."""
    module = "study.rerun" if rerun else "study.run"
    start = [sys.executable, "-m", module]
    if rerun:
        return [*start, str(folder), "--top", "2", "--seeds", str(SEEDS), "--workers", "1"]
    if folder.exists():
        return [*start, "--resume", str(folder), "--no-report"]
    words = f"--space cvae --trials {TRIALS} --max-epochs 60 --workers 1 --no-report --seed 3"
    return [*start, *words.split(), "--name", folder.name, "--results", str(folder.parent)]


def rows(folder: Path) -> Rows:
    """Everything that is finished, by what it is, without what may differ from time to time."""
    found = {}
    if (folder / "study.json").exists():
        for row in settled(folder).to_dict("records"):
            found[f"slot {row['slot']}"] = row
    if (folder / "reruns.jsonl").exists():
        for row in read_retrainings(folder / "reruns.jsonl"):
            found[str(row["key"])] = row
    return {
        key: {str(k): v for k, v in row.items() if k not in VOLATILE and not _is_nothing(v)}
        for key, row in found.items()
    }


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, float) and pd.isna(value))


def searched(found: Rows) -> bool:
    """Whether all trials of the study are finished."""
    return sum(key.startswith("slot") for key in found) >= TRIALS


def differing(some: Rows, others: Rows) -> list[str]:
    """What both have and not alike."""
    return [key for key in some if key in others and some[key] != others[key]]


def strike(process: psutil.Process, victim: Victim) -> bool:
    """Kills the victim of a running command; False where it is not there, or gone."""
    try:
        if victim == "driver":
            process.kill()
        elif victim in ("SIGTERM", "SIGINT"):
            process.send_signal(getattr(signal, victim))
        else:
            found = [p for p in process.children(recursive=True) if _is(p, victim)]
            for one in found:
                one.kill()
            return bool(found)
    except psutil.Error:
        return False
    return True


def _is(process: psutil.Process, victim: Victim) -> bool:
    try:
        name = (process.cmdline() or [""])[0]
        return (
            name.startswith("ray::MoonsTrial")
            if victim == "worker"
            else (process.name() == CORE[victim])
        )
    except psutil.Error:
        return False


def attempt(
    folder: Path, victim: Victim, rng: random.Random, usual_s: float, *, rerun: bool
) -> tuple[int, bool, str]:
    """Runs a command with one kill; its exit code, whether it was hit, and what it said last.

    Args:
        folder: of the study.
        victim: what is killed, or sent.
        rng: of the moment.
        usual_s: how long the command takes that nobody disturbs.
        rerun: whether it is one of retrainings.
    """
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command(folder, rerun=rerun), cwd=ROOT, stdout=said, stderr=said, start_new_session=True
        ) as process,
    ):
        running = psutil.Process(process.pid)
        moment = time.monotonic() + rng.uniform(FIRST_S, max(2 * FIRST_S, SHARE * usual_s))
        while time.monotonic() < moment and process.poll() is None:
            time.sleep(0.05)
        hit = process.poll() is None and strike(running, victim)
        try:
            code = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            code = -1  # it hung
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        said.seek(0)
        return code, hit, (said.read().strip().splitlines() or [""])[-1]
