"""`python -m tests.benchmarks.storm`: kills at random moments, and what became of the record.

Drivers, workers, raylet and GCS of runs, resumes and reruns are killed, and drivers are sent
signals. After each try what was finished before must still be there, unchanged. A study that has
come to its end by way of kills must hold what one with one worker holds that nobody disturbed.

Tries are kept in a file, and `--tries` counts those that it holds: a storm may be run in slices.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path

from moons.files import write_whole
from moons.layout import Table
from moons.terminal import console, show_table
from tests.benchmarks import damage
from tests.benchmarks.kills import (
    ENDS,
    VICTIMS,
    Rows,
    Victim,
    attempt,
    command,
    differing,
    rows,
    searched,
)
from tests.benchmarks.measured import ROOT

HEAD = """# What kills at random moments cost

A try kills one process of a study's run, resume or rerun, or sends its driver a signal, at a
random moment between the command's first half second and its usual end. *Went on* counts tries
after which more was on record than before; a refusal is an end with an exit code that README does
not have for it; a loss is a finished trial or retraining that was there before and is gone; a
change is one that differs from what it was before, or from that of a study that nobody disturbed.

```console
$ python -m tests.benchmarks.storm --out results/reference/storm
```

{kills}

Files of a finished study's record were damaged at random; this is the worst that followed in
any of their readers (`python -m tests.benchmarks.damage` says what the words mean):

{damaged}
"""


@dataclass(frozen=True, slots=True)
class Try:
    """One kill, and what became of the record."""

    victim: Victim
    command: str
    code: int
    hit: bool
    said: str
    went_on: bool
    losses: int
    changes: int

    @property
    def refused(self) -> bool:
        """The command ended in a way that nobody was told of."""
        return self.code not in (ENDS[self.victim] | {0})

    @property
    def bad(self) -> bool:
        """Something is to be mended."""
        return bool(self.losses or self.changes or self.refused)


class Scene:
    """The studies of a storm, and the one that nobody disturbs; kept from slice to slice."""

    def __init__(self, place: Path) -> None:
        self.place, self._calm = place, place / "undisturbed"
        durations = place / "seconds.json"
        if not durations.exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            seconds = [self._undisturbed(rerun=rerun) for rerun in (False, True)]
            write_whole(durations, json.dumps(seconds))
        self.usual_s: list[float] = json.loads(durations.read_text())
        self.expected: Rows = rows(self._calm)

    def _undisturbed(self, *, rerun: bool) -> float:
        began = time.monotonic()
        subprocess.run(command(self._calm, rerun=rerun), cwd=ROOT, check=True, capture_output=True)
        return time.monotonic() - began

    def strike(self, number: int, seed: int, lane: int) -> Try:
        """Kills once, and looks at what was there and what is there; a lane has a study."""
        victim, rng = VICTIMS[number % len(VICTIMS)], random.Random(f"{seed} {number}")
        folder = self.place / f"struck{lane}"
        before = rows(folder) if folder.exists() else {}
        rerun, resumed = searched(before), folder.exists()
        usual_s = self.usual_s[rerun]
        code, hit, said = attempt(folder, victim, rng, usual_s, rerun=rerun)
        after = rows(folder)
        found = Try(
            victim=victim,
            command="rerun" if rerun else "resume" if resumed else "run",
            code=code,
            hit=hit,
            said=said.replace(str(folder), "STUDY")[:300],
            went_on=hit and bool(set(after) - set(before)),
            losses=len(set(before) - set(after)),
            changes=len(differing(before, after)) + len(differing(after, self.expected)),
        )
        if len(after) == len(self.expected):
            shutil.rmtree(folder)
        return found


def table_of(tries: list[Try]) -> Table:
    """The tries by victim."""
    heads = ("victim", "tries", "not there", "ends", "went on", "refusals", "losses", "changes")
    lines = []
    for victim in (*VICTIMS, None):
        of = [t for t in tries if victim in (t.victim, None)]
        ends = sorted(Counter(t.code for t in of).items())
        counts = (
            sum(not t.hit for t in of),
            ", ".join(f"{code}: {n}" for code, n in ends),
            sum(t.went_on for t in of),
            sum(t.refused for t in of),
            sum(t.losses for t in of),
            sum(t.changes for t in of),
        )
        lines.append((victim or "all", str(len(of)), *map(str, counts)))
    return Table(heads, tuple(lines))


def read(path: Path) -> list[Try]:
    """The tries of earlier slices."""
    found = path.read_text().splitlines() if path.exists() else []
    return [Try(**json.loads(line)) for line in found]


def main(arguments: list[str]) -> int:
    """The command; 1 where anything was lost, changed or refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.storm", description=__doc__)
    parser.add_argument("--tries", type=int, default=200, help="with those of earlier slices")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=7200.0, help="begin none after these")
    parser.add_argument("--lanes", type=int, default=2, help="tries at a time")
    parser.add_argument("--damage", type=int, default=1000, help="tries with damaged files")
    parser.add_argument("--out", type=Path, default=Path("results/storm"))
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "moons-storm", help="for studies"
    )
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "tries.jsonl"
    until_s, scene = time.monotonic() + options.seconds, Scene(options.work)
    while (done := len(read(kept))) < options.tries and time.monotonic() < until_s:
        lanes = range(min(options.lanes, options.tries - done))
        with ThreadPoolExecutor(len(lanes)) as pool, kept.open("a") as file:
            numbers = [done + lane for lane in lanes]
            for found in pool.map(scene.strike, numbers, repeat(options.seed), lanes):
                file.write(json.dumps(asdict(found)) + "\n")
                print(found, flush=True)
    tries = read(kept)
    show_table(console(), table_of(tries).rich("kills at random moments"))
    if done < options.tries:
        print(f"{done} of {options.tries} tries; the same command goes on")
        return int(any(t.bad for t in tries))
    counted = damage.storm(options.damage, options.seed)
    damaged = damage.table_of(counted)
    show_table(console(), damaged.rich("damaged files, and the worst that followed"))
    head = HEAD.format(kills=table_of(tries).markdown(), damaged=damaged.markdown())
    write_whole(options.out / "README.md", head)
    return int(any(t.bad for t in tries) or damage.went_badly(counted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
