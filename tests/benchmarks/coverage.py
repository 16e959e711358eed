"""`python -m tests.benchmarks.coverage`: how often intervals and verdicts are right, simulated.

Every kind of interval and verdict that `analysis` offers, by the very functions that it calls, in
the cases in which it offers them. What is true is known here, so that it can be counted how often
an interval holds it, and how often configs or searches that are equally good are told apart.
"""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.audit import share_interval
from analysis.budget import Budget, Comparison
from analysis.command import run_command
from analysis.comparison.convergence import Search, convergence_data
from analysis.importance import importance
from analysis.layout import Table
from analysis.leaderboard import against_first
from analysis.stats import (
    CONFIDENCE,
    Floats,
    difference,
    holm,
    mean_interval,
    share_in_range,
    spearman_interval,
)
from moons.command_line import Count
from moons.files import appearing, write_whole
from study.options import check_range
from study.record.manifest import Dimension

PROGRAM = "python -m tests.benchmarks.coverage"
Law = Literal["normal", "skewed"]
LAWS: tuple[Law, ...] = ("normal", "skewed")
CONFIGS = 5  # of a board, all equally good
# Points of a split, and the standard deviation of a mean over them, as a reference study has them.
SPLITS = {"validation": (400, 0.0041), "test": (400, 0.0024)}
SEED_SPREADS = (0.001, 0.005)
FAMILY = 0.07  # most that a board may err by
HEAD = """# How often intervals and verdicts are right

Simulated by the functions that `analysis` calls, {repeats:,} times each (fewer where a case is
expensive); ± is twice the standard error of the simulation. Skewed scores are exponential. Boards
are of {configs} configs that are equally good, and an error is a board that calls some config worse
or better than its first. Made by

```console
$ {program}
```

`coverage.parquet` has the same rows.

{table}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of interval or verdict in one case.

    Attributes:
        law: of the scores over seeds.
        n: seeds, repetitions or trials.
        about: what else the case is made of.
        claim: what is said: the share of intervals that hold the truth, or of errors.
        bound: whether the share must be at least or at most the claim, or equal to it.
        share: what was counted in `repeats` cases.
    """

    what: str
    law: str
    n: int
    about: str
    claim: float
    bound: Literal["at least", "at most", "equal"]
    share: float
    repeats: int

    @property
    def margin(self) -> float:
        """Twice the standard error of the share, were the claim true; 0 where it is exact."""
        variance = self.claim * (1 - self.claim)
        return 2 * math.sqrt(variance / self.repeats) if self.repeats else 0.0

    @property
    def holds(self) -> bool:
        """Whether the claim stands, within one and a half times the margin."""
        slack = 1.5 * self.margin + 1e-12
        low, high = self.claim - slack, self.claim + slack
        at_least, at_most = self.share >= low, self.share <= high
        return {"at least": at_least, "at most": at_most, "equal": at_least and at_most}[self.bound]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Simulates how often each interval and verdict of analysis is right, and writes a table."""

    repeats: Count = 1000
    """Simulated cases of each kind."""
    out: Path = Path("results/coverage")
    """The folder for coverage.parquet and README.md."""

    def __post_init__(self) -> None:
        check_range("--repeats", self.repeats, 20, 1_000_000)


def scores(law: Law, rng: np.random.Generator, *shape: int) -> Floats:
    """Draws of mean 0 and standard deviation 1."""
    drawn = rng.standard_normal(shape) if law == "normal" else rng.standard_exponential(shape) - 1
    return np.asarray(drawn, dtype=np.float64)


def means(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Means over seeds, of figures that no points blur."""
    for law, n in product(LAWS, (5, 10, 20)):
        found = [mean_interval(scores(law, rng, n)) for _ in range(repeats)]
        held = np.mean([each.low <= 0 <= each.high for each in found])
        yield _coverage("mean over seeds, exact figure", law, n, "", held, repeats)


def boards(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Leaderboards on an exact figure and on points that all configs share."""
    for law, n in product(LAWS, (5, 20)):
        wrong = [_errs(scores(law, rng, CONFIGS, n)) for _ in range(repeats)]
        yield _error("board, exact figure", law, n, "", np.mean(wrong), repeats, FAMILY)
    for (split, (points, spread)), law, n, seeds in product(
        SPLITS.items(), LAWS, (5, 20), SEED_SPREADS
    ):
        times = max(repeats // 3, 20)
        held, wrong = [], []
        for _ in range(times):
            losses = _losses(law, rng, n, points, spread, seeds)
            interval = mean_interval(losses[0])
            held.append(interval.low <= 0 <= interval.high)
            wrong.append(_errs(losses))
        about = f"{points:,} points, seeds {seeds}"
        name = f"{split} points"
        yield _coverage(f"mean, {name}", law, n, about, np.mean(held), times)
        yield _error(f"board, {name}", law, n, about, np.mean(wrong), times, FAMILY)


def _losses(
    law: Law, rng: np.random.Generator, n: int, points: int, spread: float, seeds: float
) -> Floats:
    """Losses of equally good configs, (configs, seeds, points): half of a point's is of its own.

    The mean over the points has the standard deviation `spread` in each config by itself, and as
    much again in all of them together; what seeds do to single points has it as well.
    """
    a_point = spread * math.sqrt(points)
    hard = a_point * rng.standard_normal((1, 1, points))
    own = a_point * rng.standard_normal((CONFIGS, 1, points))
    luck = seeds * scores(law, rng, CONFIGS, n, 1)
    return np.asarray(hard + own + luck + a_point * rng.standard_normal((CONFIGS, n, points)))


def _errs(losses: Floats) -> bool:
    """Whether a board of equally good configs tells one from its first."""
    order = np.argsort(losses.reshape(*losses.shape[:2], -1).mean(axis=(1, 2)))
    by_name = {str(place): dict(enumerate(losses[place])) for place in order}
    return any(each.word in ("worse", "better") for each in against_first(by_name))


def comparisons(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Searches over repetitions, and their best configs over seeds."""
    for law, n in product(LAWS, (3, 5, 10)):
        held, wrong, some = [], [], []
        for _ in range(repeats):
            three = scores(law, rng, 3, n)
            found = [difference(*pair) for pair in combinations(three, 2)]
            interval, p = found[0]
            held.append(interval.low <= 0 <= interval.high)
            wrong.append(p < 1 - CONFIDENCE)
            corrected = holm(np.array([p for _, p in found]))
            some.append(corrected.min() < 1 - CONFIDENCE)
        yield _coverage("difference of searches", law, n, "", np.mean(held), repeats)
        yield _error("two searches", law, n, "", np.mean(wrong), repeats)
        yield _error("three searches", law, n, "", np.mean(some), repeats)
    points, spread = SPLITS["validation"]
    for law, n in product(LAWS, (5, 20)):
        times = max(repeats // 2, 20)
        losses = (_losses(law, rng, n, points, spread, 0.005) for _ in range(times))
        found = [difference(of[0], of[1]) for of in losses]
        wrong = [p < 1 - CONFIDENCE for _, p in found]
        yield _error("best configs of two", law, n, "shared points", np.mean(wrong), times)


def bands(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Whether one more repetition is within the band of the others, at the last trial."""
    for n in (3, 5, 10):
        inside = []
        for _ in range(max(repeats // 4, 20)):
            runs = [_search(rng) for _ in range(n + 1)]
            band = convergence_data(runs[:n])
            last = band[band["spent"] == "trials"].iloc[-1]
            inside.append(last["low"] <= runs[n].value.min() <= last["high"])
        yield Case(
            what="best-so-far band",
            law="skewed",
            n=n,
            about="40 random trials",
            claim=share_in_range(n),
            bound="equal",
            share=float(np.mean(inside)),
            repeats=len(inside),
        )


def _search(rng: np.random.Generator) -> Search:
    n_trials = 40
    cost = {spent: np.ones(n_trials) for spent in ("trials", "epochs", "seconds")}
    return Search(rng.lognormal(size=n_trials), cost)


def noise(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """How often a share of importance is beyond noise where no hyperparameter has an effect."""
    widths = (2, 4, 8, 16, 32, 64, 128)
    names = ("encoder_hidden", "latent_dim", "decoder_hidden")
    rate = Dimension(name="lr", kind="float", low=1e-4, high=0.1, log=True)
    searched = [rate, *(Dimension(name=name, kind="choice", options=widths) for name in names)]
    n, times = 32, max(repeats // 20, 20)
    told = []
    for _ in range(times):
        columns = {name: rng.choice(widths, n) for name in names}
        rates = 10 ** rng.uniform(-4, -1, n)
        trials = pd.DataFrame(columns | {"lr": rates, "value": rng.standard_normal(n)})
        seed = int(rng.integers(2**32))
        found = importance(Comparison(Budget(None, "val_mse"), trials), searched, seed)
        told.append(bool(found.telling))
    yield _error("largest share of importance", "normal", n, "no effect", np.mean(told), times)


def others(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Rank correlations between rungs, and the share that an audit estimates."""
    for n, rho in product((10, 30, 100), (0.0, 0.7)):
        truth = 6 / math.pi * math.asin(rho / 2)
        pairs = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], (repeats, n))
        found = [spearman_interval(float(stats.spearmanr(p).statistic), n) for p in pairs]
        held = np.mean([each.low <= truth <= each.high for each in found])
        yield _coverage("rank correlation", "normal", n, f"rho {rho}", held, repeats)
    for n, share in product((5, 10, 20), (0.05, 0.3)):
        counts = np.arange(n + 1)
        ends = [share_interval(int(k), n) for k in counts]
        held = sum(
            float(stats.binom.pmf(k, n, share))
            for k, (low, high) in zip(counts, ends, strict=True)
            if low <= share <= high
        )
        yield _coverage("share in an audit", "binomial", n, f"share {share}", held, 0)


def _coverage(what: str, law: str, n: int, about: str, share: float, repeats: int) -> Case:
    return Case(
        what=what, law=law, n=n, about=about, claim=CONFIDENCE, bound="at least",
        share=float(share), repeats=repeats,
    )  # fmt: skip


def _error(
    what: str, law: str, n: int, about: str, share: float, repeats: int, claim: float = 0.05
) -> Case:
    return Case(
        what=what, law=law, n=n, about=about, claim=claim, bound="at most",
        share=float(share), repeats=repeats,
    )  # fmt: skip


KINDS: tuple[Callable[[int, np.random.Generator], Iterator[Case]], ...] = (
    means,
    boards,
    comparisons,
    bands,
    noise,
    others,
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
            f"{case.share:.1%} ± {case.margin:.1%}" if case.repeats else f"{case.share:.1%}",
            "yes" if case.holds else "no",
        )
        for case in cases
    )  # fmt: skip
    return Table(("what", "law", "case", "n", "claim", "counted", "holds"), rows, words=3)


def run(options: Options) -> int:
    """Simulates, prints and writes the table; 1 where a claim does not hold.

    Raises:
        OSError: it cannot be written.
    """
    from rich.console import Console

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
    page = HEAD.format(
        repeats=options.repeats, configs=CONFIGS, program=command, table=table.markdown()
    )
    write_whole(options.out / "README.md", page)
    Console(width=None if sys.stdout.isatty() else 120).print(table.rich())
    print(path)
    return 0 if all(case.holds for case in cases) else 1


if __name__ == "__main__":
    sys.exit(run_command(run, Options, PROGRAM))
