"""Who stops trials early: a rule for each name of `--scheduler`, a pure function of the rungs."""

import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Reported = Mapping[int, Mapping[int, float]]  # by rung, by slot; less is better
ENOUGH = 3  # trials that a median is taken of, as in Ray Tune
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Arrival:
    """A trial that reports at a rung.

    Attributes:
        slot: the trial's.
        rung: where it reports.
        value: what it reports, finite; less is better.
        reported: what trials reported before, at all rungs in ascending order.
        reduction: as in `--reduction`.
    """

    slot: int
    rung: int
    value: float
    reported: Reported
    reduction: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """One way to stop trials early.

    Attributes:
        title: what sentences call it.
        goes_on: whether a trial trains on from a rung.
        one_in: how many trials there are for one that goes on from a rung, by `--reduction`.
    """

    title: str
    goes_on: Callable[[Arrival], bool]
    one_in: Callable[[int], int]


def goes_on(value: float, earlier: Iterable[float], reduction: int) -> bool:
    """Whether asynchronous successive halving lets a trial train on from a rung.

    The first trial to arrive goes on; later ones do if they are among the best `1 / reduction` of
    those that arrived before them, ties included.

    Args:
        value: the trial's metric at the rung, finite; less is better.
        earlier: the values that arrived before it.
        reduction: one in how many goes on.
    Source: Li et al. 2020, arXiv:1810.05934, algorithm 2, as Ray Tune computes it.
    """
    import numpy as np  # `--help` need not load it

    scores = [-other for other in earlier]
    return not scores or -value >= float(np.percentile(scores, (1 - 1 / reduction) * 100))


def halving(arrival: Arrival) -> bool:
    """ASHA in one bracket: all trials compete at every rung."""
    return goes_on(arrival.value, arrival.reported[arrival.rung].values(), arrival.reduction)


def median(arrival: Arrival) -> bool:
    """The median rule: a trial ends where its best value so far is worse than most trials' means.

    It is compared with the other trials that reached the rung: with the median of the mean of what
    each of them reported up to it. Where fewer than three did, the trial goes on.

    Source: Golovin et al. 2017, doi:10.1145/3097983.3098043, section 3.2.1.
    """
    reported, rung = arrival.reported, arrival.rung
    until = [values for epoch, values in reported.items() if epoch <= rung]
    others = [slot for slot in reported[rung] if slot != arrival.slot]
    if len(others) < ENOUGH:
        return True
    means = [statistics.fmean(v[slot] for v in until if slot in v) for slot in others]
    own = [values[arrival.slot] for values in until if arrival.slot in values]
    return min([arrival.value, *own]) <= statistics.median(means)


def brackets(arrival: Arrival) -> bool:
    """Asynchronous Hyperband: ASHA in several brackets, whose first rungs differ.

    A trial competes with those of its bracket alone, from the bracket's first rung on.

    Source: Li et al. 2018, arXiv:1603.06560, and 2020, arXiv:1810.05934, section 3.3.
    """
    rungs, reduction = list(arrival.reported), arrival.reduction
    first = bracket(arrival.slot, len(rungs), reduction)
    if rungs.index(arrival.rung) < first:
        return True
    at = arrival.reported[arrival.rung].items()
    rivals = [value for slot, value in at if bracket(slot, len(rungs), reduction) == first]
    return goes_on(arrival.value, rivals, reduction)


def bracket(slot: int, rungs: int, reduction: int) -> int:
    """The index of the first rung at which Hyperband may stop the trial; `rungs` for none.

    Each bracket has as many trials as make its budget that of the others, and multiples of the
    golden ratio spread them evenly over the slots, so that every stretch of a study has its share.
    """
    halvings = range(rungs, -1, -1)
    sizes = [math.ceil((rungs + 1) / (n + 1) * reduction**n) for n in halvings]
    place = slot * GOLDEN % 1 * sum(sizes)
    return sum(place >= end for end in itertools.accumulate(sizes[:-1]))


STOPPING: Mapping[str, Stopping] = {
    "asha": Stopping("ASHA", halving, lambda reduction: reduction),
    "median": Stopping("the median rule", median, lambda _: 2),
    "hyperband": Stopping("Hyperband", brackets, lambda reduction: reduction),
}
