"""The outcome of a comparison in sentences."""

import math
from collections.abc import Sequence

import numpy as np

from analysis.comparison.checks import Check
from analysis.comparison.pairs import Pair, verdict
from analysis.comparison.repetitions import Search
from analysis.comparison.standing import Standing, telling_figure
from analysis.comparison.winners import Parameter, differences
from analysis.findings.advice import go_on
from analysis.reruns import Retrained
from analysis.stats import mean_interval
from analysis.words import alike, count, ends, listed, number, with_interval
from study.record.columns import STATES
from study.record.results import StudyResults


def findings(
    metric: str,
    checks: Sequence[Check],
    searches: Sequence[Search],
    standings: Sequence[Standing],
    pairs: Sequence[Pair],
    again: Sequence[Retrained | None],
    parameters: Sequence[Parameter],
    studies: Sequence[StudyResults],
) -> tuple[str, ...]:
    """Sentences, the verdict first; arguments as in `Comparison`, and the studies themselves."""
    sentences = [
        f"{_unranked(standing, metric)} {go_on(study)}"
        for standing, study in zip(standings, studies, strict=True)
        if standing.top.empty
    ]
    graver = [check.what for check in checks if check.level == "differs"]
    if graver and pairs:
        what = listed(list(dict.fromkeys(graver)))
        sentences.append(
            f"The studies are not comparable as they stand ({what}, see the checks): what follows "
            "compares their numbers, not their models."
        )
    sentences += [_repeated(search, standings, metric) for search in searches if search.repeated]
    for pair in pairs:
        sentences += verdict(pair)
    sentences += [
        _luck(standing, own, metric)
        for standing, own in zip(standings, again, strict=True)
        if own is not None
    ]
    known = [standing for standing in standings if len(standing.top)]
    if len(known) > 1:
        if figure := telling_figure(known):
            sentences.append(_reported(figure, known))
        sentences += differences(parameters)
    return tuple(sentences)


def _repeated(search: Search, standings: Sequence[Standing], metric: str) -> str:
    bests = np.array([standings[place].best for place in search.members])
    bests = bests[np.isfinite(bests)]
    if not len(bests):
        return f"{search.name} has no complete trial in any of its repetitions."
    found = mean_interval(bests)
    shown = with_interval(found.value, found.low, found.high)
    return (
        f"{search.name} was repeated with {count(len(search.members), 'seed')}: the best {metric} "
        f"is {shown} on average, from {number(bests.min())} to {number(bests.max())}."
    )


def _unranked(standing: Standing, metric: str) -> str:
    total = sum(standing.states.values())
    if not total:
        return f"{standing.name} recorded no trial: it cannot be ranked."
    counts = [f"{standing.states[s]:,} {s}" for s in STATES if s in standing.states]
    return (
        f"{standing.name} cannot be ranked: it has no complete trial with a {metric}; of "
        f"{count(total, 'trial')}: {listed(counts)}."
    )


def _luck(standing: Standing, own: Retrained, metric: str) -> str:
    interval, half = "", (own.high - own.low) / 2
    mean, luck = alike(half, own.mean, abs(own.luck))
    if not math.isnan(own.low):
        interval = f" (95 % interval {ends(own.low, own.high)})"
    text = (
        f"{standing.name}, {own.config}, retrained under {count(own.n_seeds, 'fresh seed')}: "
        f"mean {metric} {mean}{interval}"
    )
    if not math.isnan(own.luck):
        how = "lower" if own.luck > 0 else "higher"
        text += f"; the trial itself scored {luck} {how}"
    return text + "."


def _reported(figure: str, standings: Sequence[Standing]) -> str:
    values = [f"{own.reported_with_error(figure)} for {own.name}" for own in standings]
    return f"{figure} of the best trial, which it was not chosen by: {listed(values)}."
