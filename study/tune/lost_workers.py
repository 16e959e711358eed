"""Trials outlive their workers: where one dies, its trial goes on elsewhere from its last rung."""

import time
from dataclasses import dataclass, replace
from typing import Protocol

from study.training.job import Report, TrialJob

# After a trial's first, second and third worker. At first there is none, so that no other trial
# comes before it and with one worker a study ends as if nothing had happened.
PAUSES_S = (0.0, 5.0, 20.0)


class Source(Protocol):
    """Where Tune's jobs come from, and where their reports go."""

    def begin(self, key: str) -> TrialJob | None:
        """The next job, under Tune's name for the trial; None when there are no more."""

    def take(self, key: str, report: Report) -> None:
        """Records a report."""

    def close(self, key: str, error: str | None = None) -> None:
        """Ends a trial; `error` says why it could not be trained to its end."""


@dataclass(slots=True)
class _Life:
    """A trial under way.

    Attributes:
        key: the source's name for it, Tune's first.
        job: what to give to its next worker.
        deaths: of its workers.
        due_s: when it may go on.
    """

    key: str
    job: TrialJob
    deaths: int = 0
    due_s: float = 0.0


class RecoveringSource:
    """Hands out a source's jobs, and again those whose workers died, under other names of Tune's.

    Tune's own restarts do not do: they begin from nothing, and there are none for a trial that an
    idle worker of a lost node was to take. A trial that is lost again waits before it goes on,
    since Ray needs some 15 s to notice a lost node and would send it there each time.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lives: dict[str, _Life] = {}
        self._waiting: list[_Life] = []

    @property
    def over(self) -> bool:
        """Whether no trial is under way: none could still come back."""
        return not self._lives and not self._waiting

    def begin(self, key: str) -> TrialJob | None:
        """The next job; None when there is none now."""
        now = time.monotonic()
        life = next((life for life in self._waiting if life.due_s <= now), None)
        if life is not None:
            self._waiting.remove(life)
        elif (job := self._source.begin(key)) is not None:
            life = _Life(key, job)
        else:
            return None
        self._lives[key] = life
        return life.job

    def take(self, key: str, report: Report) -> None:
        """Hands a report on, and keeps what the trial could go on from."""
        life = self._lives[key]
        life.job = replace(life.job, snapshot=report.snapshot)
        self._source.take(life.key, replace(report, snapshot=None))

    def close(self, key: str) -> None:
        """Ends a trial."""
        self._source.close(self._lives.pop(key).key)

    def lose(self, key: str) -> None:
        """Takes note that a worker died; its trial waits, or has failed after too many."""
        life = self._lives.pop(key)
        if life.deaths == len(PAUSES_S):
            self._source.close(life.key, "its worker died too often")
        else:
            life.due_s = time.monotonic() + PAUSES_S[life.deaths]
            life.deaths += 1
            self._waiting.append(life)
