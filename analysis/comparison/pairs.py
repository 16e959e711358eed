"""Two searches against each other, and the sentence that says which is better."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.comparison.advice import repeat, retrain_here
from analysis.comparison.repetitions import LEAST, Search
from analysis.comparison.standing import Standing
from analysis.leaderboard import DATA, EXACT, Basis, retraining_losses
from analysis.reruns import Retrained, fresh_reruns
from analysis.stats import CONFIDENCE, UNKNOWN, Interval, difference, holm
from analysis.words import alike, count, ends, number
from study.record.labels import short_label
from study.record.results import StudyResults

MORE = 20  # seeds, where none are known


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first's mean less the second's; below 0 the first is better.

    Attributes:
        figure: a column of the tables.
        p: of no difference, corrected for the number of pairs; NaN where nothing can be said.
        basis: what the interval is over.
        same_data: whether both were trained on the same data, or on new data with each seed; with
            other data the luck of these is in the difference, and there is no p.
    """

    figure: str
    interval: Interval
    p: float
    basis: Basis = "seeds"
    same_data: bool = True

    @property
    def told(self) -> bool:
        """Whether the two are told apart."""
        return self.p < 1 - CONFIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One search against another.

    Attributes:
        first, second: names.
        repetitions: of each, with a complete trial.
        bests: the best values of the searches, means over repetitions; the interval and p are
            known where each was repeated at least `LEAST` times.
        retrained: the best configurations of the first study of each under fresh seeds, by the
            exact figure where both have it; None where either was not retrained.
        repeat: how to repeat both searches with other seeds.
        retrain: how to retrain the best configurations of both again, on more seeds.
    """

    first: str
    second: str
    repetitions: tuple[int, int]
    bests: Difference
    retrained: Difference | None = None
    repeat: str
    retrain: str


def pair(
    searches: tuple[Search, Search],
    standings: Sequence[Standing],
    studies: Sequence[StudyResults],
    again: Sequence[Retrained | None],
    metric: str,
) -> Pair:
    """Compares two searches that both have a study with a complete trial."""
    bests = []
    for search in searches:
        found = [standings[place].best for place in search.members]
        bests.append(np.array([best for best in found if math.isfinite(best)]))
    gap, p = difference(bests[0], bests[1])
    if min(map(len, bests)) < LEAST:
        gap, p = Interval(gap.value), UNKNOWN
    first, second = (search.members[0] for search in searches)
    return Pair(
        first=searches[0].name,
        second=searches[1].name,
        repetitions=(len(bests[0]), len(bests[1])),
        bests=Difference(figure=metric, interval=gap, p=p),
        retrained=_retrained(
            (studies[first], studies[second]), (again[first], again[second]), metric
        ),
        repeat=repeat((studies[first], studies[second])),
        retrain=_more_seeds((studies[first], studies[second]), (again[first], again[second])),
    )


def _more_seeds(
    studies: tuple[StudyResults, StudyResults],
    again: tuple[Retrained | None, Retrained | None],
) -> str:
    n = 2 * max((one.n_seeds for one in again if one is not None), default=MORE // 2)
    return retrain_here(studies, n)


def corrected(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs with p-values corrected for how many pairs there are."""
    raw = [pair.bests.p for pair in pairs if not math.isnan(pair.bests.p)]
    of_bests = iter(holm(np.array(raw, dtype=np.float64)).tolist())
    raw = [p.retrained.p for p in pairs if p.retrained and not math.isnan(p.retrained.p)]
    of_retrained = iter(holm(np.array(raw, dtype=np.float64)).tolist())
    return tuple(
        replace(
            pair,
            bests=_with_next(pair.bests, of_bests),
            retrained=None if pair.retrained is None else _with_next(pair.retrained, of_retrained),
        )
        for pair in pairs
    )


def _with_next(found: Difference, p_values: Iterator[float]) -> Difference:
    return found if math.isnan(found.p) else replace(found, p=next(p_values))


def _retrained(
    studies: tuple[StudyResults, StudyResults],
    again: tuple[Retrained | None, Retrained | None],
    metric: str,
) -> Difference | None:
    tables, among = [], []
    for study, best in zip(studies, again, strict=True):
        runs = fresh_reruns(study)
        if best is None or runs is None:
            return None
        runs = runs[(runs["config"] == best.config) & (runs["state"] == "complete")]
        tables.append(runs)
        among.append(best.among)
    known = all(EXACT in runs and runs[EXACT].notna().all() for runs in tables)
    figure = EXACT if known else metric
    found, bases = [], set[Basis]()
    for study, runs in zip(studies, tables, strict=True):
        basis, losses = retraining_losses(
            runs.dropna(subset=[figure]), figure, str(runs["vary"].iloc[0]), study.folder.path
        )
        bases.add(basis)
        found.append(np.array(list(next(iter(losses.values())).values())))
    data = [runs[[c for c in DATA if c in runs]].drop_duplicates() for runs in tables]
    drawn_anew = all((runs["vary"] == "data").all() for runs in tables)
    same_data = drawn_anew or (data[0].to_numpy().tolist() == data[1].to_numpy().tolist())
    if found[0].shape[1:] != found[1].shape[1:] or (found[0].ndim == 2 and not same_data):
        bases, found = {"points as given"}, [f.reshape(len(f), -1).mean(axis=1) for f in found]
    gap, p = difference(found[0], found[1], (among[0], among[1]))
    basis = "points as given" if "points as given" in bases else max(bases, key=len)
    judged = same_data and basis != "points as given"
    p = p if judged else UNKNOWN
    return Difference(figure=figure, interval=gap, p=p, basis=basis, same_data=same_data)


def verdict(pair: Pair) -> list[str]:
    """Which of the two is better, by how much and how sure that is, in sentences."""
    return [_of_searches(pair), *_of_configs(pair)]


def _of_searches(pair: Pair) -> str:
    gap, figure = pair.bests, pair.bests.figure
    better, worse = _order(pair, gap.interval.value)
    n = [count(n, "repetition") for n in pair.repetitions]
    if math.isnan(gap.p):
        seen = f"The best {figure} of {better} is {number(abs(gap.interval.value))} below {worse}'s"
        return (
            f"{seen}, with {n[0]} of {pair.first} and {n[1]} of {pair.second}. Whether that is the "
            "search or the luck of its seed cannot be known from so few: repeat both with other "
            f"seeds, {LEAST} times or more each, and compare all of them: {pair.repeat}."
        )
    how = (
        f"over {n[0]} of {pair.first} and {n[1]} of {pair.second} its best {figure} is on average "
        f"{_below(gap)} below {worse}'s (Welch's t test, p = {gap.p:.2g})"
    )
    if gap.told:
        return f"{better} is the better search than {worse}: {how}."
    return (
        f"{pair.first} and {pair.second} cannot be told apart as searches: {better} leads, {how}."
    )


def _of_configs(pair: Pair) -> list[str]:
    gap = pair.retrained
    if gap is None:
        return []
    better, worse = _order(pair, gap.interval.value)
    text = (
        f"Retrained on fresh seeds, the best configuration of {better} has a mean "
        f"{short_label(gap.figure)} {_below(gap)} below that of {worse}"
    )
    if not gap.same_data:
        said = "they were trained on different data, so there is no verdict; see the checks"
        return [f"{text}; {said}."]
    if gap.basis == "points as given":
        said = "other validation points would move both, so there is no verdict; retrained anew"
        return [f"{text}; {said} they have one: {pair.retrain}"]
    how = f"(over {gap.basis}, p = {gap.p:.2g})"
    if gap.told:
        return [f"{text}: the two configurations are told apart {how}."]
    more = f"More seeds may tell: {pair.retrain}"
    return [f"{text}: the two configurations are not told apart {how}. {more}"]


def _order(pair: Pair, gap: float) -> tuple[str, str]:
    return (pair.first, pair.second) if gap <= 0 else (pair.second, pair.first)


def _below(gap: Difference) -> str:
    """A difference's size with its interval, turned so that it favours the better one."""
    value, low, high = gap.interval.value, gap.interval.low, gap.interval.high
    if math.isnan(low):
        return number(abs(value))
    low, high = (-high, -low) if value <= 0 else (low, high)
    size = alike((high - low) / 2, abs(value))[0]
    return f"{size} (95 % interval {ends(low, high)})"
