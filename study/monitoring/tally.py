"""What a study has come to so far, for the people who watch it."""

import time
from collections import Counter
from dataclasses import dataclass, field

from study.record.columns import State
from study.training.job import Report, TrialJob


@dataclass(slots=True)
class Tally:
    """Counts, the best complete trial, and how long it may still take.

    Attributes:
        wanted: trials to finish.
        states: finished trials by state.
        running: trials under way.
        epochs: trained by all trials together.
        best: the least first metric among complete trials, whose it is, and what that is.
        began: when this driver did; `reported`, when it had its first report, by a clock that is
            never set.
        before_s: what earlier drivers had worked on the study.
        last_error: of the failed or diverged trial that was closed last.
    """

    wanted: int
    states: Counter[State] = field(default_factory=Counter)
    running: int = 0
    epochs: int = 0
    best: tuple[float, str, str] | None = None
    last_error: str | None = None
    before_s: float = 0.0
    began: float = field(default_factory=time.monotonic)
    reported: float | None = None
    _seen: dict[int, Report] = field(default_factory=dict)
    _before: int = 0

    def __post_init__(self) -> None:
        self._before = self.finished  # by an earlier driver: they say nothing of this one's pace

    @property
    def finished(self) -> int:
        """Trials that are over, in whatever state."""
        return sum(self.states.values())

    @property
    def elapsed_s(self) -> float:
        """Since this driver began."""
        return time.monotonic() - self.began

    @property
    def study_s(self) -> float:
        """The study's clock (`study.record.clocks`)."""
        return self.before_s + self.elapsed_s

    @property
    def progressed(self) -> bool:
        """This driver has finished a trial."""
        return self.finished > self._before

    @property
    def left_s(self) -> float | None:
        """An estimate from the pace so far; None before the first trial is over."""
        done = self.finished - self._before
        return self.elapsed_s / done * (self.wanted - self.finished) if done else None

    def begin(self, job: TrialJob) -> None:
        """A trial has begun."""
        self.running += 1

    def take(self, job: TrialJob, report: Report) -> None:
        """A trial has reported."""
        self.reported = self.reported or time.monotonic()
        last = self._seen.get(job.trial)
        self.epochs += max(0, report.epochs - (last.epochs if last else 0))
        self._seen[job.trial] = report

    def close(
        self, job: TrialJob, state: State, error: str | None = None, name: str | None = None
    ) -> None:
        """A trial is over; `error` says why, where it did not go well, `name` whose it is.

        An interrupted one does not count: it will be begun again.
        """
        self.last_error = error or self.last_error
        self.running -= 1
        if state != "interrupted":
            self.states[state] += 1
        report = self._seen.pop(job.trial, None)
        if state == "complete" and report is not None:
            value = next(iter(report.metrics.values()))
            if self.best is None or value < self.best[0]:
                self.best = (value, name or f"trial {job.trial}", str(job))
