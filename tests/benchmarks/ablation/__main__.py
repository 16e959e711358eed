"""`python -m tests.benchmarks.ablation`: what each default of `study.run` is worth, as a table.

Every study of every arm is kept as soon as it is over, so that the command goes on where it was
stopped; a change of the code that trains or proposes asks for a new `--parts` folder.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from tyro.conf import UseAppendAction

from moons.command_line import Count, Number
from search_spaces.load import load_space
from study.errors import StudyError
from study.options import check_range, read_options
from tests.benchmarks.ablation.arms import all_arms, default_arm
from tests.benchmarks.ablation.parts import Part
from tests.benchmarks.ablation.pool import run_parts

PROGRAM = "python -m tests.benchmarks.ablation"
UNFINISHED = 1
LEAST_SEEDS = 5  # with fewer a bootstrap interval is too short to mean anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Compares the defaults of study.run with what differs in one choice, at equal epochs."""

    space: str = "cvae"
    """The search space, by one metric."""
    seeds: Count = 5
    """Study seeds, from 1 on: each draws other data, proposals and weights."""
    epochs: Count = 12_000
    """The budget of a study, in epochs of all its trials."""
    max_epochs: Count = 1000
    """A trial's largest budget, in epochs."""
    replicates: Count = 2
    """Fresh seeds on which a chosen config is retrained for its score."""
    workers: Count = 2
    """Studies at a time, a process each."""
    only: UseAppendAction[tuple[str, ...]] = ()
    """An arm to compare with the default, such as "gp, asha 4/10"; by default all. Repeatable."""
    time_budget: Number = None
    """Begins no study after so many seconds; the next call goes on."""
    out: Path = Path("results/reference/ablation")
    """Table, figure and README.md go into its folder of the space's name."""
    parts: Path = Path("results/ablation-parts")
    """Where each study is kept as soon as it is over."""

    def __post_init__(self) -> None:
        check_range("--seeds", self.seeds, LEAST_SEEDS, 1000)
        check_range("--epochs", self.epochs, 40, 1_000_000_000)
        check_range("--max-epochs", self.max_epochs, 1, 1_000_000)
        check_range("--replicates", self.replicates, 1, 1000)
        check_range("--workers", self.workers, 1, 1000)


def main(argv: Sequence[str]) -> int:
    """Runs what is missing and writes the outcome; the exit status, 1 where it is to go on."""
    try:
        return compare_arms(read_options(Options, argv, PROGRAM))
    except (StudyError, ValueError) as error:
        print("ablation:", *str(error).splitlines(), file=sys.stderr)
        return 2


def compare_arms(options: Options) -> int:
    """Runs the studies that are missing, then writes table, figure and page.

    Raises:
        StudyError: an option is out of range.
        ValueError: there is no such space, or it has two metrics.
    """
    parts = wanted(options)
    log = Console(stderr=True, highlight=False)

    def step(part: Part) -> None:
        log.print(f"{part.arm.name}, seed {part.seed}")

    left = run_parts(parts, options.parts, options.workers, options.time_budget, step)
    if left:
        log.print(f"{left} of {len(parts)} studies are missing; the same command goes on")
        return UNFINISHED
    from tests.benchmarks.ablation.outcome import write_outcome

    table = pd.concat([part.curve(options.parts) for part in parts], ignore_index=True)
    command = f"{PROGRAM} --space {options.space} --seeds {options.seeds} --epochs {options.epochs}"
    command += "".join(f' --only "{name}"' for name in options.only)
    out = options.out / load_space(options.space).name
    for path in write_outcome(table, options.space, options.max_epochs, command, out):
        print(path)
    return 0


def wanted(options: Options) -> list[Part]:
    """Every arm on every seed, seed by seed, so that what is interrupted is balanced."""
    default, *others = all_arms(default_arm(options.space))
    if unknown := set(options.only) - {arm.name for arm in others}:
        names = "; ".join(arm.name for arm in others)
        raise ValueError(f"--only must be one of {names}, got {min(unknown)!r}")
    arms = [default, *(arm for arm in others if not options.only or arm.name in options.only)]
    return [
        Part(
            arm=arm,
            space=options.space,
            seed=seed,
            budget=options.epochs,
            max_epochs=options.max_epochs,
            replicates=options.replicates,
        )
        for seed in range(1, options.seeds + 1)
        for arm in arms
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
