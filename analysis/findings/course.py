"""How the study went: what was lost, what was saved, how long it took."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.audit import audit
from analysis.budget import savings, timed_trials, utilisation
from analysis.findings.advice import finish, go_on, later_rung, other_range
from analysis.findings.finding import Finding, warning
from analysis.words import count, duration, number, percent, state_counts
from study.record.clocks import Clocks
from study.record.columns import State
from study.record.labels import short_label
from study.record.manifest import PLANNED, Dimension
from study.record.results import StudyResults

ENDED: tuple[State, ...] = ("complete", "pruned", "diverged", "failed")
LATE = 0.9  # of the trials
FEW = 4  # trials: no pattern can be told from so few


def late(results: StudyResults) -> Iterator[Finding]:
    """Whether the search was still improving when it stopped."""
    ended = results.in_state(*ENDED).sort_values("end_s")
    if len(ended) < 20 or results.best_trial is None or results.manifest.sampler in PLANNED:
        return  # what was drawn without looking does not improve
    place = int(np.flatnonzero(ended["trial"] == results.best_trial)[0]) + 1
    if place > LATE * len(ended):
        yield warning(
            f"The best trial came late, as number {place:,} of {len(ended):,} that ended: the "
            "search was still improving, and more trials may find better ones.",
            go_on(results),
        )


def unfinished(results: StudyResults) -> Iterator[Finding]:
    """How many trials there are of how many, and how they ended."""
    n_trials, n_ended = results.manifest.n_trials, len(results.in_state(*ENDED))
    text = f"Of {count(n_trials, 'trial')} asked for {n_ended:,} ended: {state_counts(results)}."
    if n_ended < n_trials:
        outcome = f"The study is not finished; its outcome is {results.manifest.outcome!r}."
        yield warning(f"{text} {outcome}", finish(results))
    else:
        yield Finding("note", text)


def diverged(results: StudyResults) -> Iterator[Finding]:
    """Trials that met a value that is not finite, and where in the space they did."""
    lost = results.in_state("diverged")
    if len(lost):
        others = results.in_state("complete", "pruned")
        where = _told_apart(lost, others, results.manifest.searched)
        said = f"{_share(lost, results)} diverged{where}."
        yield warning(said, other_range(results)) if where else Finding("note", said)


def _told_apart(lost: pd.DataFrame, others: pd.DataFrame, dimensions: Sequence[Dimension]) -> str:
    """The hyperparameter that tells the diverged trials from the others, if one clearly does."""
    if len(lost) < FEW or len(others) < FEW:
        return ""
    from scipy import stats

    found, higher = "", 0.5
    for dimension in dimensions:
        if dimension.name not in lost or not pd.api.types.is_numeric_dtype(lost[dimension.name]):
            continue
        values = (lost[dimension.name].to_numpy(float), others[dimension.name].to_numpy(float))
        statistic = stats.mannwhitneyu(*values).statistic  # pairs in which the lost one is higher
        share = float(statistic) / (len(lost) * len(others))
        if abs(share - 0.5) > abs(higher - 0.5):
            found, higher = dimension.name, share
    if 0.2 < higher < 0.8:
        return ""
    medians = [number(float(trials[found].median())) for trials in (lost, others)]
    side = "high" if higher > 0.5 else "low"
    return (
        f", mostly at a {side} {short_label(found)} (median {medians[0]}, against {medians[1]} of "
        "the others)"
    )


def failed(results: StudyResults) -> Iterator[Finding]:
    """Trials that crashed, and the most frequent reason."""
    lost = results.in_state("failed")
    if lost.empty:
        return
    errors: list[str] = lost["error"].dropna().astype(str).tolist() if "error" in lost else []
    reasons = pd.Series([error.strip().splitlines()[-1] for error in errors if error.strip()])
    why = f", most often with: {reasons.mode().iloc[0][:200]}" if len(reasons) else ""
    said = f"{_share(lost, results)} failed{why}".rstrip(".") + "."
    yield warning(f"{said} `trials.parquet` has each error.", go_on(results))


def pruned(results: StudyResults) -> Iterator[Finding]:
    """How many trials the scheduler stopped, and the epochs that this saved."""
    stopped = results.in_state("pruned")
    if stopped.empty:
        return
    saved = savings(results)
    was = "was" if len(stopped) == 1 else "were"
    usual = "a complete trial takes" if saved.measured else "a trial may take at most"
    yield Finding(
        "note",
        f"{_share(stopped, results)} {was} pruned. Had each gone on for the {saved.usual:,} epochs "
        f"that {usual}, the study would have trained {saved.saved:,} epochs more than its "
        f"{saved.spent:,}: pruning saved {percent(saved.share)}.",
    )


def pruned_too_early(results: StudyResults) -> Iterator[Finding]:
    """What pruning cost, by an audit."""
    if results.audited is None:
        return
    m = results.manifest
    found = audit(results.audited, results.trials, m.metric, m.rungs, m.seed or 0)
    said = "; ".join(found.sentences())
    text = f"Audit of the pruning: {said}."
    yield warning(text, later_rung(results)) if found.entering else Finding("result", text)


def time(results: StudyResults) -> Iterator[Finding]:
    """How long the study took, and how much of its workers' time it used."""
    clocks = Clocks.of(results.trials, results.manifest)
    timed, busy = timed_trials(results), utilisation(results)
    if clocks is None or busy.empty:
        return
    wall, lengths = float(busy["end_s"].iloc[-1]), timed["end_s"] - timed["start_s"]
    n_workers = int(busy["workers"].iloc[0])
    used = min(float(lengths.sum()) / (wall * n_workers), 1.0)
    yield Finding(
        "note",
        f"How long it took: {clocks}. Until the last trial's end {percent(used)} of the time of "
        f"{count(n_workers, 'worker')} was used; the median trial lasted "
        f"{duration(float(lengths.median()))}.",
    )


def _share(trials: pd.DataFrame, results: StudyResults) -> str:
    share = percent(len(trials) / len(results.trials))
    return f"{len(trials):,} of {count(len(results.trials), 'trial')} ({share})"
