"""Searches against each other: over repetitions, by their best configs, and their bands."""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np

from analysis.comparison.convergence import Search, convergence_data
from analysis.stats import CONFIDENCE, Floats, difference, holm, share_in_range
from tests.benchmarks.coverage.boards import SPLITS, losses_of
from tests.benchmarks.coverage.case import LAWS, Case, coverage, error, scores

CHEAP = 4  # so many times the repeats of cases that take longer
AMONG = ((1, 1), (5, 1), (5, 5))  # configs that each search's best was chosen among


def comparisons(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Searches over repetitions."""
    times = CHEAP * repeats
    for law, n in product(LAWS, (3, 5, 10)):
        held, wrong, some = [], [], []
        for _ in range(times):
            three = scores(law, rng, 3, n)
            found = [difference(*pair) for pair in combinations(three, 2)]
            interval, p = found[0]
            held.append(interval.low <= 0 <= interval.high)
            wrong.append(p < 1 - CONFIDENCE)
            corrected = holm(np.array([p for _, p in found]))
            some.append(corrected.min() < 1 - CONFIDENCE)
        yield coverage("difference of searches", law, n, "", np.mean(held), times)
        yield error("two searches", law, n, "", np.mean(wrong), times)
        yield error("three searches", law, n, "", np.mean(some), times)


def best_configs(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """The best configs of two searches over seeds, each chosen by the very same seeds."""
    points, spread = SPLITS["validation"]
    times = CHEAP * repeats
    for law, n, among in product(LAWS, (5, 20), AMONG):
        by_seeds, by_points = [], []
        for _ in range(times):
            exact = scores(law, rng, sum(among), n)
            by_seeds.append(_told_apart(exact, among))
            losses = losses_of(law, rng, n, points, spread, 0.005, sum(among))
            by_points.append(_told_apart(losses, among))
        about = f"of {among[0]} and {among[1]}"
        name = "best configs of two searches"
        yield error(name, law, n, f"{about}, exact figure", np.mean(by_seeds), times)
        yield error(name, law, n, f"{about}, shared points", np.mean(by_points), times)


def _told_apart(losses: Floats, among: tuple[int, int]) -> bool:
    """Whether the best of the first configs is told apart from the best of the others."""
    means = losses.reshape(*losses.shape[:2], -1).mean(axis=(1, 2))
    first, other = means[: among[0]].argmin(), among[0] + means[among[0] :].argmin()
    return difference(losses[first], losses[other], among)[1] < 1 - CONFIDENCE


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
