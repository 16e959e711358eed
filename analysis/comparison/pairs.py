"""Two studies against each other, and the sentence that says which is better."""

import math
from dataclasses import dataclass

import numpy as np

from analysis.comparison.convergence import as_search
from analysis.comparison.standing import Standing, ranked
from analysis.comparison.superiority import (
    BestAgainstBest,
    Estimate,
    best_against_best,
    estimate,
    mean_difference,
    median_difference,
    probability_better,
)
from analysis.reruns import Retrained
from analysis.words import count, number, percent
from study.record.results import StudyResults


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One study against another; a difference below 0 and a chance above 1/2 favour the first.

    Attributes:
        first, second: names.
        trials: P(a random complete trial of the first is better than one of the second).
        medians: difference of the medians of complete trials.
        bests: the bests, and the bests of resampled searches of equal length.
        retrained_chance: P(a retraining of the first's best configuration beats one of the
            second's); None where either was not retrained.
        retrained_difference: difference of their means over fresh seeds.
    """

    first: str
    second: str
    trials: Estimate
    medians: Estimate
    bests: BestAgainstBest
    retrained_chance: Estimate | None = None
    retrained_difference: Estimate | None = None


def pair(
    standings: tuple[Standing, Standing],
    studies: tuple[StudyResults, StudyResults],
    again: tuple[Retrained | None, Retrained | None],
    metric: str,
    seed: int = 0,
) -> Pair:
    """Compares two studies that both have a complete trial."""
    ours, theirs = studies
    values = [ranked(study, metric)[metric].to_numpy(dtype=float) for study in studies]
    first, second = again
    chance = difference = None
    if first is not None and second is not None:
        chance = probability_better(np.array(first.values), np.array(second.values))
        difference = mean_difference(first.values, second.values)
    return Pair(
        first=standings[0].name,
        second=standings[1].name,
        trials=probability_better(*values),
        medians=estimate(median_difference, *values, seed=seed),
        bests=best_against_best(as_search(ours, metric), as_search(theirs, metric), seed),
        retrained_chance=chance,
        retrained_difference=difference,
    )


def verdict(pair: Pair, metric: str) -> list[str]:
    """Which of the two is better, by how much and how sure that is, in sentences.

    Retrainings on fresh seeds decide where there are any; else the bests of resampled searches.
    """
    likely, chance = (pair.first, pair.second), pair.trials
    if chance.value < 0.5:
        likely, chance = (pair.second, pair.first), _turned(chance)
    of_trials = (
        f"A complete trial of {likely[0]} drawn at random has a lower {metric} than one of "
        f"{likely[1]} with {_chance(chance)}."
    )
    return [_by_retraining(pair, metric) or _by_search(pair, metric), of_trials]


def _by_retraining(pair: Pair, metric: str) -> str:
    gap, chance = pair.retrained_difference, pair.retrained_chance
    if gap is None or chance is None:
        return ""
    better, worse = _order(pair, gap.value)
    if better == pair.second:
        chance = _turned(chance)
    told = _told(gap, better, worse)
    text = (
        f"{told}: retrained on fresh seeds, the best configuration of {better} has a mean {metric} "
        f"{_gap(gap)} below that of {worse}, and one retraining of it beats one of the other with "
        f"{_chance(chance)}."
    )
    if pair.bests.observed * gap.value < 0:
        text += f" The best trial of {worse} scored lower, by luck."
    return text


def _by_search(pair: Pair, metric: str) -> str:
    bests = pair.bests
    leader, other = _order(pair, bests.observed)
    seen = f"the best {metric} of {leader} is {number(abs(bests.observed))} below that of {other}"
    if math.isnan(bests.chance):
        return f"{leader} and {other} cannot be told apart with so few complete trials: {seen}."
    better, worse = _order(pair, bests.equal.value)
    chance = bests.chance if better == pair.first else 1 - bests.chance
    return (
        f"{_told(bests.equal, better, worse, 'did better')}: {seen}. In resampled searches of "
        f"{count(bests.n_trials, 'trial')} each, the best of {better} is {_gap(bests.equal)} below "
        f"that of {worse}, and lower in {_share(chance)} of them. A best trial's value holds the "
        "luck of its seed, which retraining tells from quality."
    )


def _order(pair: Pair, gap: float) -> tuple[str, str]:
    return (pair.first, pair.second) if gap <= 0 else (pair.second, pair.first)


def _told(gap: Estimate, better: str, worse: str, is_better: str = "is better") -> str:
    if gap.excludes_zero:
        return f"{better} {is_better} than {worse}"
    if math.isnan(gap.low):
        return f"{better} and {worse} cannot be told apart with so few trials"
    return f"{better} and {worse} cannot be told apart"


def _gap(gap: Estimate) -> str:
    """A difference's size with its interval, turned so that it favours the better one."""
    text = number(abs(gap.value))
    if math.isnan(gap.low):
        return text
    low, high = (-gap.high, -gap.low) if gap.value <= 0 else (gap.low, gap.high)
    ends = [number(end) if math.isfinite(end) else "no bound" for end in (low, high)]
    return f"{text} (95 % interval {ends[0]} to {ends[1]})"


def _chance(chance: Estimate) -> str:
    return f"probability {chance.value:.2f} (95 % interval {chance.low:.2f} to {chance.high:.2f})"


def _turned(chance: Estimate) -> Estimate:
    """The other study's probability."""
    return Estimate(1 - chance.value, 1 - chance.high, 1 - chance.low)


def _share(chance: float) -> str:
    """A share of resamples, which are too few to tell 99.95 % from all."""
    return "over 99.9 %" if chance > 0.999 else percent(chance)
