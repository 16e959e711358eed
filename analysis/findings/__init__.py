"""What a study found and what to beware of, in plain words; computed from its tables alone."""

from collections.abc import Callable, Iterator

from analysis.findings import course, generation, quality
from analysis.findings.advice import finish
from analysis.findings.finding import Finding as Finding
from analysis.findings.finding import Level as Level
from analysis.findings.finding import warning
from study.record.results import StudyResults

PARTS: tuple[Callable[[StudyResults], Iterator[Finding]], ...] = (
    quality.best,
    quality.unlike,
    generation.held_out,
    generation.samples,
    quality.seed_noise,
    quality.ties,
    quality.edges,
    generation.latents,
    course.late,
    course.unfinished,
    course.diverged,
    course.failed,
    course.pruned,
    course.pruned_too_early,
    course.time,
)


def findings(results: StudyResults) -> tuple[Finding, ...]:
    """All that can be said of the study, the most important first."""
    if results.trials.empty:
        return (warning("The study has no trials: nothing was found.", finish(results)),)
    return tuple(finding for part in PARTS for finding in part(results))
