"""What comes first on the page: the best config, how sure that is, and what is wrong with it."""

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from analysis.findings import PARTS
from analysis.findings.finding import Finding, Level
from analysis.leaderboard import deciding, verdicts
from analysis.reruns import board_of
from analysis.words import value_in_words
from moons.words import count, shell, with_interval
from study.record.labels import short_label, unit
from study.record.measured import Measured, measured
from study.record.results import StudyResults

# Which figure shows what a finding speaks of, by the function that finds it.
SHOWN_BY = {
    "best": "history",
    "unlike": "scatter",
    "held_out": "samples",
    "samples": "samples",
    "seed_noise": "history",
    "ties": "parallel",
    "edges": "slices",
    "latents": "latents",
    "late": "history",
    "unfinished": "timeline",
    "diverged": "parallel",
    "failed": "timeline",
    "pruned": "rungs",
    "pruned_too_early": "rungs",
    "time": "timeline",
}
HEADLINES = ("exact_excess_nll", "fresh_excess_nll", "test_excess_nll", "fresh_energy_distance")
MOST_FIGURES = 4
TRIAL = re.compile(r"\b[Tt]rial (\d+)\b")
OF_STATE = {"diverged": "diverged", "failed": "failed", "pruned": "pruned"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A figure in large type, what it is, and its interval or floor."""

    name: str
    value: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A finding in parts, every second one a command, with a link to what it speaks of."""

    level: Level
    parts: tuple[str, ...]
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The first screen of the page.

    Attributes:
        verdict: whether fresh seeds confirm the best config.
        confirm_by: the command that asks them, where nobody has.
    """

    headline: str
    figures: tuple[Headline, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    verdict: str = ""
    confirmed: bool = False
    confirm_by: str = ""


def answer(results: StudyResults, rivals: int | None = None) -> Answer:
    """What a reader wants to know before anything else.

    Args:
        results: the study's, or of its best trial alone.
        rivals: complete trials that the best one is the best of; by default those in `results`.
    """
    best = results.best_trial
    if best is None:
        left = "No trial is complete yet" if len(results.trials) else "The study has no trials yet"
        return Answer(headline=f"{left}: there is no best config.")
    verdict, confirmed = _verdict(results)
    row = results.trial(best)
    rivals = len(results.complete) if rivals is None else rivals
    among = f"the best of {rivals:,} complete trials" if rivals > 1 else "the only complete trial"
    if results.confirmed is not None:
        among = "the best by its mean over fresh seeds"
        if results.winner != best:
            among += f"; trial {results.winner} had the best score in the search"
    return Answer(
        headline=f"Trial {best} is {among}",
        figures=tuple(_headlines(results)),
        settings=tuple(
            (short_label(d.name), value_in_words(row[d.name]))
            for d in results.manifest.searched
            if d.name in row
        ),
        verdict=verdict,
        confirmed=confirmed,
        confirm_by=_rerun(results) if verdict.endswith(":") else "",
    )


def linked_findings(results: StudyResults) -> dict[str, tuple[Said, ...]]:
    """All findings by heading: first what is wrong, then what was found."""
    said = tuple(_said(results))
    return {
        "What to beware of": tuple(one for one in said if one.level == "warning"),
        "What was found": tuple(one for one in said if one.level != "warning"),
    }


def _headlines(results: StudyResults) -> Iterator[Headline]:
    assert results.best_trial is not None
    row = results.trial(results.best_trial)
    found = {figure.column: figure for figure in measured(row)}
    wanted = [*results.manifest.metrics, *HEADLINES]
    for column in [name for name in dict.fromkeys(wanted) if name in found][:MOST_FIGURES]:
        yield _headline(found[column])


def _headline(figure: Measured) -> Headline:
    about = [of] if (of := unit(figure.column)) else []
    if figure.floor_words:
        about.append(f"exact draws {figure.floor_words}")
    return Headline(name=short_label(figure.column), value=figure.words, about="; ".join(about))


def _verdict(results: StudyResults) -> tuple[str, bool]:
    """Whether fresh seeds confirm the best config, in a sentence or two."""
    board, best = board_of(results), f"trial {results.best_trial}"
    rows = {} if board is None else {row["config"]: row for row in board.to_dict("records")}
    if board is None or best not in rows or not rows[best]["seeds"]:
        text = "Not confirmed: it was trained on one seed, and may have had luck."
        return f"{text} Retrain the best configs on fresh seeds:", False
    figure = deciding(board, results.manifest.metric)
    words = dict(zip(rows, (one.word for one in verdicts(board, figure)), strict=True))
    first = next(iter(rows))
    place = ordinal(list(rows).index(best) + 1)
    said = (
        f"on {count(rows[best]['seeds'], 'fresh seed')} its mean {short_label(figure)} is "
        f"{_mean(rows[best], figure)}, and it is the {place} of {count(len(rows), 'config')}"
    )
    if best == first:
        ties = sum(word == "tie" for word in words.values())
        others = f"; {count(ties, 'other config')} cannot be told from it" if ties else ""
        return f"Confirmed: {said}{others}.", True
    told = f"{first} has {_mean(rows[first], figure)}"
    if words[best] == "worse":
        return f"Not confirmed: {said}; {told}, and is better.", False
    if words[best] is None:
        return f"Not settled: {said}; {told}.", False
    return f"Confirmed as one of the best: {said}; {told}, a tie.", True


def _mean(row: dict[Hashable, Any], figure: str) -> str:
    return with_interval(row[figure], row[f"{figure}_low"], row[f"{figure}_high"])


def ordinal(n: int) -> str:
    """`first`, `second`, `11th`."""
    words = ("first", "second", "third", "fourth", "fifth")
    return words[n - 1] if n <= len(words) else f"{n}th"


def _said(results: StudyResults) -> Iterator[Said]:
    if results.trials.empty:
        return
    for part in PARTS:
        for finding in part(results):
            if part.__name__ == "best" and finding.level == "result":
                continue  # the headline says it
            yield _linked(finding, part.__name__)


def _linked(finding: Finding, part: str) -> Said:
    figure = SHOWN_BY.get(part, "")
    words = []
    numbers = list(dict.fromkeys(TRIAL.findall(finding.text)))
    if numbers:
        words.append(f"trials={','.join(numbers)}")
    elif part in OF_STATE:
        words.append(f"states={OF_STATE[part]}")
    if figure:
        words.append(f"to=figure-{figure}")
    many = "show these trials" if len(numbers) > 1 else "show this trial"
    return Said(
        level=finding.level,
        parts=tuple(finding.text.split("`")),
        link="&".join(words),
        link_text=many if numbers else "show it",
    )


def _rerun(results: StudyResults, seeds: int = 20) -> str:
    folder = results.folder.shown
    return shell("python", "-m", "study.rerun", folder, "--top", 5, "--seeds", seeds)


def meta_line(results: StudyResults) -> str:
    """What the study was, in a line below its name."""
    manifest = results.manifest
    counts = results.trials["state"].value_counts()
    states = ", ".join(f"{counts[state]:,} {state}" for state in counts.index)
    parts = [f"space {manifest.space_name}", f"{len(results.trials):,} trials ({states})"]
    parts += [f"minimises {', '.join(map(short_label, manifest.metrics))}"]
    parts += [f"{manifest.sampler} with {manifest.scheduler}", f"seed {manifest.seed}"]
    if manifest.started:
        parts.append(manifest.started[:16].replace("T", " "))
    return " · ".join(parts)
