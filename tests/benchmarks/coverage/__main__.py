"""`python -m tests.benchmarks.coverage`: how often intervals and verdicts are right, simulated.

Every kind of interval and verdict that `analysis` offers, by the very functions that it calls, in
the cases in which it offers them. What is true is known here, so that it can be counted how often
an interval holds it, and how often configs or searches that are equally good are told apart.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.command import run_command
from moons.command_line import Count
from moons.files import appearing, write_whole
from moons.layout import Table
from moons.terminal import console, show_table
from study.options import check_range
from tests.benchmarks.coverage.boards import CONFIGS, boards, firsts, means, splits
from tests.benchmarks.coverage.case import Case
from tests.benchmarks.coverage.searches import bands, best_configs, comparisons
from tests.benchmarks.coverage.trials import noise, others

PROGRAM = "python -m tests.benchmarks.coverage"
HEAD = """# How often intervals and verdicts are right

Simulated by the functions that `analysis` calls; ± is twice the standard error of the simulation,
so that a test that errs in exactly 5 % of cases is counted at a little more in half of the rows.
Skewed scores are exponential. Boards
are of {configs} configs that are equally good, and an error is a board that calls some config worse
or better than its first. Best configs of two searches are chosen by the scores that are then
compared, all configs being equally good. Made by

```console
$ {program}
```

`coverage.parquet` has the same rows.

{table}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Simulates how often each interval and verdict of analysis is right, and writes a table."""

    repeats: Count = 1000
    """Simulated cases of each kind."""
    out: Path = Path("results/coverage")
    """The folder for coverage.parquet and README.md."""

    def __post_init__(self) -> None:
        check_range("--repeats", self.repeats, 20, 1_000_000)


KINDS: tuple[Callable[[int, np.random.Generator], Iterator[Case]], ...] = (
    means,
    boards,
    comparisons,
    best_configs,
    bands,
    noise,
    others,
    splits,
    firsts,
)


def simulate(repeats: int, seed: int = 0) -> list[Case]:
    """Every case, in the order of the table."""
    rng = np.random.default_rng(seed)
    return [case for kind in KINDS for case in kind(repeats, rng)]


def as_table(cases: Sequence[Case]) -> Table:
    """The cases for a terminal or a README."""
    rows = tuple(
        (
            case.what, case.law, case.about or "-", str(case.n),
            f"{case.bound} {case.claim:.1%}",
            f"{case.repeats:,}" if case.repeats else "all",
            f"{case.share:.1%} ± {case.margin:.1%}" if case.repeats else f"{case.share:.1%}",
            "yes" if case.holds else "no",
        )
        for case in cases
    )  # fmt: skip
    return Table(
        ("what", "law", "case", "n", "claim", "simulated", "counted", "holds"), rows, words=3
    )


def run(options: Options) -> int:
    """Simulates, prints and writes the table; 1 where a claim does not hold.

    Raises:
        OSError: it cannot be written.
    """
    cases = simulate(options.repeats)
    table = as_table(cases)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "coverage.parquet"
    with appearing(path) as draft:
        rows = [asdict(case) | {"margin": case.margin, "holds": case.holds} for case in cases]
        pd.DataFrame(rows).to_parquet(draft, index=False)
    command = (
        PROGRAM
        if options.repeats == Options().repeats
        else f"{PROGRAM} --repeats {options.repeats}"
    )
    page = HEAD.format(configs=CONFIGS, program=command, table=table.markdown())
    write_whole(options.out / "README.md", page)
    show_table(console(), table.rich())
    print(path)
    return 0 if all(case.holds for case in cases) else 1


if __name__ == "__main__":
    sys.exit(run_command(run, Options, PROGRAM))
