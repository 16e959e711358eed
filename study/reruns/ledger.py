"""The account of retrainings: one line each in `reruns.jsonl`, from which a later call goes on."""

import json
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.errors import DAMAGED, StudyError
from study.record.append import AppendOnly, drop_broken_line
from study.reruns.jobs import Retraining
from study.tally import Tally
from study.trial import Report, State, TrialJob

if TYPE_CHECKING:
    from moons.models import VAE


@dataclass(slots=True)
class _Flight:
    retraining: Retraining
    job: TrialJob
    report: Report | None = None


class RerunLedger:
    """Hands out the retrainings that are missing, and records each when it has ended."""

    def __init__(
        self,
        path: Path,
        wanted: list[Retraining],
        metrics: tuple[str, ...],
        model: "type[VAE] | None",
    ) -> None:
        """Opens the file, or makes it.

        Raises:
            StudyError: a line of it is damaged.
            OSError: it cannot be written.
        """
        done = {row["key"] for row in read_reruns(path)}
        self._missing = deque(r for r in wanted if r.key not in done)
        self._file = AppendOnly(path)
        self._metrics, self._model = metrics, model
        self._flights: dict[str, _Flight] = {}
        finished: Counter[State] = Counter({"complete": len(wanted) - len(self._missing)})
        self.tally = Tally(len(wanted), states=finished)
        self.broken: OSError | None = None
        self._number = 0

    @property
    def missing(self) -> int:
        """Retrainings still to be begun."""
        return len(self._missing)

    def begin(self, key: str) -> TrialJob | None:
        """The next retraining."""
        if not self._missing or self.broken:
            return None
        retraining = self._missing.popleft()
        job = retraining.job(self._number, self._metrics, self._model)
        self._number += 1
        self._flights[key] = _Flight(retraining, job)
        self.tally.begin(job)
        return job

    def take(self, key: str, report: Report) -> None:
        """Keeps the report for the end."""
        self._flights[key].report = report
        self.tally.take(self._flights[key].job, report)

    def close(self, key: str, error: str | None = None) -> None:
        """Records a retraining; one whose worker died too often is left to a later call."""
        flight = self._flights.pop(key)
        report = flight.report
        state: State = "failed"
        if report is not None and error is None and report.status != "running":
            state = report.status
            try:
                self._file.append(_line(flight.retraining, report))
            except OSError as failure:
                self.broken = failure
        self.tally.close(flight.job, state, error or (report.error if report else None))


def _line(retraining: Retraining, report: Report) -> bytes:
    r = retraining
    row: dict[str, Any] = {"key": r.key, "purpose": r.purpose, "config": r.candidate.label}
    row |= {"trial": r.candidate.trial, "vary": r.vary, "seed_index": r.index, "seed": r.seed}
    row |= {"state": report.status, "error": report.error} | r.config.as_dict() | report.row
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def read_reruns(path: Path) -> list[dict[str, Any]]:
    """The retrainings recorded so far; a half-written last line is cut off the file.

    Raises:
        StudyError: a line before the last is damaged.
    """
    rows = []
    for number, line in enumerate(drop_broken_line(path).splitlines(), start=1):
        try:
            row = json.loads(line)
            if "key" not in row:
                raise ValueError
        except (ValueError, TypeError):
            raise StudyError(
                f"{path} is damaged in line {number}: it is no retraining; take the line out, "
                "and what it held is trained again",
                DAMAGED,
            ) from None
        rows.append(row)
    return rows
