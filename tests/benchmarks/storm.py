"""`python -m tests.benchmarks.storm`: kills at random moments, and what became of the record.

Drivers, workers, raylet and GCS of runs, resumes and reruns are killed, and drivers are sent
signals. After each try what was finished before must still be there, unchanged. A study that has
come to its end by way of kills must hold what one with one worker holds that nobody disturbed.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import psutil
from rich.console import Console
from rich.table import Table

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
    "SIGTERM": {143, -signal.SIGTERM},  # before Python has come to our handler
    "SIGINT": {130, -signal.SIGINT},
}
CORE = {"raylet": "raylet", "GCS": "gcs_server"}
LATEST_S, PATIENCE_S = 22.0, 180.0
VOLATILE = {"trial", "train_s", "eval_s", "start_s", "end_s", "worker"}
TRIALS, SEEDS = 8, 2


@dataclass
class Score:
    """What came of the tries with one victim."""

    tries: int = 0
    missed: int = 0
    refusals: int = 0
    repairs: int = 0
    losses: int = 0
    changes: int = 0
    ends: Counter[int] = field(default_factory=Counter)


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


def rows(folder: Path) -> dict[str, dict[str, Any]]:
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


def attempt(folder: Path, victim: Victim, rng: random.Random, *, rerun: bool) -> tuple[int, bool]:
    """Runs a command with one kill at a random moment; its exit code, and whether it was hit."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command(folder, rerun=rerun), cwd=ROOT, stdout=said, stderr=said, start_new_session=True
        ) as process,
    ):
        running = psutil.Process(process.pid)
        moment = time.monotonic() + rng.uniform(0.5, LATEST_S)
        while time.monotonic() < moment and process.poll() is None:
            time.sleep(0.05)
        hit = process.poll() is None and strike(running, victim)
        try:
            return process.wait(PATIENCE_S), hit
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return -1, hit  # it hung
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def undisturbed(results: Path) -> dict[str, dict[str, Any]]:
    """What a study and its reruns hold that nobody disturbs."""
    folder = results / "undisturbed"
    for rerun in (False, True):
        subprocess.run(command(folder, rerun=rerun), cwd=ROOT, check=True, capture_output=True)
    return rows(folder)


def storm(tries: int, seed: int, results: Path, limit_s: float) -> dict[Victim, Score]:
    """The scores by victim, after so many tries or seconds."""
    rng, scores = random.Random(seed), {victim: Score() for victim in VICTIMS}
    until_s = time.monotonic() + limit_s
    expected = undisturbed(results)
    folders = (results / f"s{number}" for number in range(tries + 1))
    folder, done = next(folders), 0
    while done < tries and time.monotonic() < until_s:
        victim = VICTIMS[done % len(VICTIMS)]
        before = rows(folder) if folder.exists() else {}
        rerun = sum(key.startswith("slot") for key in before) >= TRIALS
        code, hit = attempt(folder, victim, rng, rerun=rerun)
        after, score = rows(folder), scores[victim]
        done += 1
        score.tries += 1
        score.missed += not hit
        score.ends[code] += 1
        score.refusals += code not in (ENDS[victim] | {0})
        score.repairs += hit and bool(set(after) - set(before))
        score.losses += len(set(before) - set(after))
        score.changes += len(differing(before, after)) + len(differing(after, expected))
        print(f"{done}: {victim}, {'rerun' if rerun else 'study'}, exit {code}", flush=True)
        if len(after) == len(expected):
            shutil.rmtree(folder)
            folder = next(folders)
    return scores


def differing(some: dict[str, dict[str, Any]], others: dict[str, dict[str, Any]]) -> list[str]:
    """What both have and not alike."""
    return [key for key in some if key in others and some[key] != others[key]]


def show(scores: dict[Victim, Score]) -> None:
    """Prints the scores."""
    table = Table(title="kills at random moments of runs, resumes and reruns")
    heads = ("victim", "tries", "not there", "ends", "refusals", "went on", "losses", "changes")
    for head in heads:
        table.add_column(head, justify="right")
    for victim, score in scores.items():
        ends = ", ".join(f"{code}: {n}" for code, n in sorted(score.ends.items()))
        counts = (score.refusals, score.repairs, score.losses, score.changes)
        table.add_row(victim, str(score.tries), str(score.missed), ends, *map(str, counts))
    Console().print(table)


def main(arguments: list[str]) -> int:
    """The command; 1 where anything was lost, changed or refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.storm", description=__doc__)
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=7200.0, help="begin none after these")
    parser.add_argument("--damage", type=int, default=500, help="tries with damaged files as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="moons-storm-") as folder:
        scores = storm(options.tries, options.seed, Path(folder), options.seconds)
    show(scores)
    bad = any(s.losses or s.changes or s.refusals for s in scores.values())
    if options.damage:
        from tests.benchmarks import damage

        bad |= bool(damage.main(["--tries", str(options.damage), "--seed", str(options.seed)]))
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
