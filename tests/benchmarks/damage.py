"""`python -m tests.benchmarks.damage`: damages files of a record at random and counts what follows.

Each try changes one file of a finished study's folder, in one way. Then another study learns from
it, it is resumed, its tables are made and read, its retrainings and weights read. There follows:

- untouched: every reader gave what it had given before;
- refused: a reader named the file, and nothing was changed;
- said: the study goes on, and what it has lost is said;
- edited: the checksum had been taken out as well, and what the file then says is taken;
- lost, changed: something is missing, or another, and nobody said so;
- crashed, hung: an error of another kind, or no end within ten seconds.
"""

import argparse
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import repeat
from pathlib import Path
from types import FrameType
from unittest import mock

from moons import layout
from moons.checkpoint import load_checkpoint
from moons.terminal import console, show_table
from study.errors import StudyError
from study.history import take_stock
from study.opened import opened
from study.options import parse
from study.record.agreement import outcome
from study.record.folder import StudyFolder
from study.record.results import read_results
from study.record.retrainings import RetrainingWriter, read_retrainings
from study.record.tables import write_tables
from study.resume import plan_to_resume
from study.warm_start import learn_from
from tests.study.in_process import diverge, fail, made_up, quick_plan, run_in_process, train, up_to

FILES = (
    *("study.json", "journal.log", "curves.jsonl", "reruns.jsonl", "trials.parquet"),
    *("epochs.parquet", "checkpoints/0/model.safetensors", "checkpoints/0/config.json"),
)
ENDS = ("untouched", "refused", "said", "edited", "lost", "changed", "crashed", "hung")
BAD = ENDS[4:]
Damage = Callable[[Path, random.Random], None]
Seen = dict[str, object]


def make_record(results: Path) -> Path:
    """A study whose trials ended in every way, with retrainings and tables."""
    plan = quick_plan(results, "--trials=6")
    with mock.patch("study.training.replicate.evaluate", made_up):
        run_in_process(plan, [train, up_to(1), up_to(2), diverge, fail, train])
    writer = RetrainingWriter(StudyFolder(plan.folder).retrainings)
    for index in range(3):
        row = {"key": f"key {index}", "purpose": "rerun", "config": "trial 0", "trial": 0}
        row |= {"vary": "init", "seed_index": index, "seed": 7 + index, "state": "complete"}
        writer.append(row | {"error": None, "epochs": 8, "val_mse": 0.25 + index, "lr": 0.01})
    write_tables(plan.folder)
    return plan.folder


def flip_bit(path: Path, rng: random.Random) -> None:
    """One bit is another."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def cut_short(path: Path, rng: random.Random) -> None:
    """The file ends too early."""
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def cut_lines(path: Path, rng: random.Random) -> None:
    """The file ends too early, with a whole line."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: rng.randrange(len(lines))]))


def lose_middle(path: Path, rng: random.Random) -> None:
    """A part in the middle is gone."""
    lines = path.read_bytes().splitlines(keepends=True)
    first = rng.randrange(len(lines))
    del lines[first : first + rng.randint(1, 3)]
    path.write_bytes(b"".join(lines))


def double_line(path: Path, rng: random.Random) -> None:
    """A line stands there twice."""
    lines = path.read_bytes().splitlines(keepends=True)
    place = rng.randrange(len(lines))
    path.write_bytes(b"".join([*lines[: place + 1], *lines[place:]]))


def zero_block(path: Path, rng: random.Random) -> None:
    """A stretch is zeros, as after a loss of power."""
    content = bytearray(path.read_bytes())
    first = rng.randrange(len(content))
    last = min(len(content), first + rng.randint(1, 4096))
    content[first:last] = bytes(last - first)
    path.write_bytes(content)


def other_types(path: Path, rng: random.Random) -> None:
    """Somewhere in the JSON, a value is of another type, and no checksum tells."""
    if path.suffix in (".parquet", ".safetensors"):
        path.write_bytes(rng.choice([b"", b"PAR1", b"\xff" * 300, b"PAR1" * 200]))
        return
    whole = path.suffix == ".json"
    texts = [path.read_bytes()] if whole else path.read_bytes().splitlines()
    held = [json.loads(text) for text in texts]
    for fields in held:
        fields.pop("crc", None)
        fields |= {"checksum": None} if "checksum" in fields else {}
    _spoil(rng.choice(held), rng)
    path.write_bytes(b"".join(json.dumps(fields).encode() + b"\n" for fields in held))


def _spoil(fields: dict[str, object], rng: random.Random) -> None:
    key = rng.choice(list(fields))
    inner = fields[key]
    if isinstance(inner, dict) and inner and rng.random() < 0.8:
        _spoil(inner, rng)
    elif rng.random() < 0.2:
        del fields[key]
    else:
        others = [None, [], {}, [[]], "text", True, {"a": {"b": []}}, -1.5, 10**30]
        fields[key] = rng.choice([other for other in others if type(other) is not type(inner)])


def put_another(path: Path, rng: random.Random) -> None:
    """Something that is no file of the record lies in its place."""
    path.unlink()
    kind = rng.choice(["nothing", "empty", "folder", "pipe", "link", "nested", "text", "device"])
    if kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(path.with_name("elsewhere"))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "nested":
        path.write_bytes(b"[" * 100_000 + b"\n")
    elif kind == "text":
        path.write_bytes(rng.choice([b"null\n", b"{}\n", b'{"op_code": 4}\n', b"\xff\xfe\n"]))


BINARY: tuple[Damage, ...] = (flip_bit, cut_short, zero_block, other_types, put_another)
LINES: tuple[Damage, ...] = (*BINARY, cut_lines, lose_middle, double_line)


def look(folder: Path) -> Seen:
    """All that the readers of a record give, but for what resuming adds."""
    place, seen = StudyFolder(folder), Seen()
    read_results(folder)
    write_tables(folder)
    results = read_results(folder)
    seen["trials"] = results.trials.to_csv()
    seen["epochs"] = results.epochs.to_csv()
    seen["manifest"] = results.manifest
    seen["notes"] = results.notes
    seen["retrainings"] = read_retrainings(place.retrainings)
    loaded = load_checkpoint(place.checkpoint(0))
    weights = {name: w.tolist() for name, w in loaded.model.state_dict().items()}
    seen["weights"] = (weights, loaded.config, loaded.seed)
    return seen


def resume(folder: Path) -> Seen:
    """What a driver finds that goes on."""
    plan = plan_to_resume(parse(["--resume", str(folder)]), folder)
    with opened(plan) as record:
        history = take_stock(plan, record)
        return {t.number: (outcome(t), t.values, t.params) for t in history.finished}  # type: ignore[misc]


def learn(folder: Path) -> Seen:
    """What another study's sampler would be told."""
    learned = learn_from(quick_plan(folder.parent, name="other"), folder)
    return {str(number): (t.values, t.params) for number, t in enumerate(learned.trials)}


def attempt(read: Callable[[Path], Seen], folder: Path, before: Seen) -> str:
    """How one reader fares with a damaged record."""
    said = io.StringIO()
    try:
        with redirect_stdout(said), within(10):
            found = read(folder)
    except TimeoutError:
        return "hung"
    except (StudyError, ValueError, FileNotFoundError) as error:
        return "refused" if str(folder) in str(error) or folder.name in str(error) else "crashed"
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return "crashed"
    if found == before:
        return "untouched"
    if said.getvalue():
        return "said"
    return "lost" if found.keys() < before.keys() else "changed"


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raises TimeoutError where it takes longer."""

    def late(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError

    usual = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)


def storm(tries: int, seed: int, keep: Path | None = None) -> Counter[tuple[str, str, str]]:
    """Counts by file, kind of damage, and the worst that followed.

    Args:
        tries: how many.
        seed: of what is damaged, and how.
        keep: a folder for the damaged files with which it went badly.
    """
    rng, counted = random.Random(seed), Counter[tuple[str, str, str]]()
    with tempfile.TemporaryDirectory() as name:
        whole = make_record(Path(name) / "whole")
        copy = shutil.copytree(whole, Path(name) / "resumed")
        readers = (learn, look, resume)
        untouched = [read(copy) for read in readers]
        for number in range(tries):
            folder = Path(name) / "damaged" / "s"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(whole, folder)
            file = rng.choice(FILES)
            lines = file.endswith((".log", ".jsonl"))
            damage = rng.choice(LINES if lines else BINARY)
            damage(folder / file, rng)
            before = (folder / file).read_bytes() if (folder / file).is_file() else b""
            ends = map(attempt, readers, repeat(folder), untouched)
            worst = max(ends, key=ENDS.index)
            if damage is other_types and worst in ("lost", "changed"):
                worst = "edited"
            counted[file, damage.__name__, worst] += 1
            if keep is not None and worst in BAD:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}-{damage.__name__}-{worst}-{Path(file).name}").write_bytes(before)
    return counted


def table_of(counted: Counter[tuple[str, str, str]]) -> layout.Table:
    """Files by what followed."""
    lines = []
    for file in FILES:
        found = Counter[str]()
        for (name, _, end), times in counted.items():
            found[end] += times if name == file else 0
        lines.append((file, str(found.total()), *(str(found[end]) for end in ENDS)))
    return layout.Table(("file", "tries", *ENDS), tuple(lines))


def went_badly(counted: Counter[tuple[str, str, str]]) -> bool:
    """Something was lost, changed, crashed or hung."""
    return any(end in BAD for _, _, end in counted)


def main(arguments: list[str]) -> int:
    """The command; 1 where something was lost, changed, crashed or hung."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.damage", description=__doc__)
    parser.add_argument("--tries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=None, help="a folder for what went badly")
    options = parser.parse_args(arguments)
    counted = storm(options.tries, options.seed, options.keep)
    show_table(console(), table_of(counted).rich("damaged files, and the worst that followed"))
    return int(went_badly(counted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
