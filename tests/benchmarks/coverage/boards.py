"""Means over seeds, and leaderboards, by exact figures and by points that all configs share."""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np

from analysis.leaderboard import against_first
from analysis.stats import CONFIDENCE, Floats, mean_interval, widened
from moons.data import TRAIN_SHARE, VAL_SHARE
from tests.benchmarks.coverage.case import LAWS, Case, Law, coverage, error, scores

CONFIGS = 5  # of a board, all equally good
# Points of a split, and the standard deviation of a mean over them, as a reference study has them.
SPLITS = {"validation": (400, 0.0041), "test": (400, 0.0024)}
SEED_SPREADS = (0.001, 0.005)
FAMILY = 0.07  # most that a board may err by
SKEWED_FIRST = 0.92  # least coverage of a board's first where scores are skewed


def means(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Means over seeds, of figures that no points blur."""
    for law, n in product(LAWS, (5, 10, 20)):
        found = [mean_interval(scores(law, rng, n)) for _ in range(repeats)]
        held = np.mean([each.low <= 0 <= each.high for each in found])
        yield coverage("mean over seeds, exact figure", law, n, "", held, repeats)


def boards(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Leaderboards on an exact figure and on points that all configs share."""
    for law, n in product(LAWS, (5, 20)):
        wrong = [_errs(scores(law, rng, CONFIGS, n)) for _ in range(repeats)]
        yield error("board, exact figure", law, n, "", np.mean(wrong), repeats, FAMILY)
    for (split, (points, spread)), law, n, seeds in product(
        SPLITS.items(), LAWS, (5, 20), SEED_SPREADS
    ):
        times = max(repeats // 3, 20)
        held, wrong = [], []
        for _ in range(times):
            losses = losses_of(law, rng, n, points, spread, seeds)
            interval = mean_interval(losses[0])
            held.append(interval.low <= 0 <= interval.high)
            wrong.append(_errs(losses))
        about = f"{points:,} points, seeds {seeds}"
        name = f"{split} points"
        yield coverage(f"mean, {name}", law, n, about, np.mean(held), times)
        yield error(f"board, {name}", law, n, about, np.mean(wrong), times, FAMILY)


def firsts(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """The first of a board, which the metric chose by the same trainings as the figure is of.

    Where all configs are equally good and scores skewed, the least mean is that of scores without
    their tail, which no resampling brings back.
    """
    for law, n, configs, shared in product(LAWS, (5, 20), (5, 10), (0.5, 1.0)):
        held = []
        for _ in range(repeats):
            figure, own = scores(law, rng, configs, n), scores(law, rng, configs, n)
            metric = shared * figure + math.sqrt(1 - shared**2) * own
            interval = mean_interval(figure[metric.mean(axis=1).argmin()], among=configs)
            held.append(interval.low <= 0 <= interval.high)
        about = f"of {configs}, correlation {shared:g} with the metric"
        claim = CONFIDENCE if law == "normal" else SKEWED_FIRST
        yield coverage("mean of a board's first", law, n, about, np.mean(held), repeats, claim)


def splits(repeats: int, rng: np.random.Generator) -> Iterator[Case]:
    """Means over seeds that each validate on points of their own, drawn from the same."""
    points, spread = SPLITS["validation"]
    for n, seeds in product((5, 8, 20), SEED_SPREADS):
        held = []
        for _ in range(repeats):
            losses = spread * math.sqrt(points) * rng.standard_normal(4 * points)
            scored = [rng.choice(losses, points, replace=False).mean() for _ in range(n)]
            found = np.array(scored) + seeds * rng.standard_normal(n)
            interval = mean_interval(widened(found, VAL_SHARE / TRAIN_SHARE))
            held.append(interval.low <= 0 <= interval.high)
        about = f"{points:,} of {4 * points:,} points, seeds {seeds}"
        yield coverage("mean, a split a seed", "normal", n, about, np.mean(held), repeats)


def losses_of(
    law: Law,
    rng: np.random.Generator,
    n: int,
    points: int,
    spread: float,
    seeds: float,
    configs: int = CONFIGS,
) -> Floats:
    """Losses of equally good configs, (configs, seeds, points): half of a point's is of its own.

    The mean over the points has the standard deviation `spread` in each config by itself, and as
    much again in all of them together; what seeds do to single points has it as well.
    """
    a_point = spread * math.sqrt(points)
    hard = a_point * rng.standard_normal((1, 1, points))
    own = a_point * rng.standard_normal((configs, 1, points))
    luck = seeds * scores(law, rng, configs, n, 1)
    return np.asarray(hard + own + luck + a_point * rng.standard_normal((configs, n, points)))


def _errs(losses: Floats) -> bool:
    """Whether a board of equally good configs tells one from its first."""
    order = np.argsort(losses.reshape(*losses.shape[:2], -1).mean(axis=(1, 2)))
    by_name = {str(place): dict(enumerate(losses[place])) for place in order}
    return any(each.word in ("worse", "better") for each in against_first(by_name))
