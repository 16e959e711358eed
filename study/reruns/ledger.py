"""The account of retrainings: one line each in `reruns.jsonl`, from which a later call goes on."""

from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from study.monitoring.tally import Tally
from study.record.columns import State
from study.record.point_losses import save_losses
from study.record.retrainings import RetrainingWriter, read_retrainings
from study.reruns.jobs import Retraining
from study.training.job import OwnModel, Report, TrialJob


@dataclass(slots=True)
class _Flight:
    retraining: Retraining
    job: TrialJob
    report: Report | None = None
    at_rungs: dict[int, float] = field(default_factory=dict)


class RerunLedger:
    """Hands out the retrainings that are missing, and records each when it has ended.

    One that failed is missing: what raised may have been the machine's fault.
    """

    def __init__(
        self,
        path: Path,
        wanted: list[Retraining],
        metrics: tuple[str, ...],
        model: OwnModel | None,
    ) -> None:
        """Reads the file, if it is there.

        Raises:
            DamagedRecord: a line of it is damaged.
        """
        recorded = read_retrainings(path) if path.exists() else []
        ended = {row["key"]: row["state"] for row in recorded}
        done = {key: state for key, state in ended.items() if state != "failed"}
        self._missing = deque(r for r in wanted if r.key not in done)
        self._path = path
        self._file: RetrainingWriter | None = None
        self._metrics, self._model = metrics, model
        self._flights: dict[str, _Flight] = {}
        finished: Counter[State] = Counter(done[r.key] for r in wanted if r.key in done)
        self.tally = Tally(len(wanted), states=finished)
        self.broken: OSError | None = None
        self.hopeless: str | None = None
        self._number = 0

    @property
    def missing(self) -> int:
        """Retrainings still to be begun."""
        return len(self._missing)

    @property
    def unfinished(self) -> int:
        """Retrainings that have not ended, begun or not."""
        return self.tally.wanted - self.tally.finished

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
        """Keeps the report for the end, and of those at rungs what ASHA would have seen."""
        flight = self._flights[key]
        flight.report = report
        if report.fatal:
            self.hopeless = report.error
        if report.status == "running":
            flight.at_rungs[report.epochs] = report.metrics[self._metrics[0]]
        self.tally.take(flight.job, report)

    def close(self, key: str, error: str | None = None) -> None:
        """Records a retraining; one whose worker died too often is left to a later call."""
        flight = self._flights.pop(key)
        report = flight.report
        state: State = "failed"
        if report is not None and error is None and report.status != "running":
            state = report.status
            try:
                self._file = self._file or RetrainingWriter(self._path)
                self._file.append(self._row(flight, report))
            except OSError as failure:
                self.broken = failure
        why = error or (report.error if report else None)
        self.tally.close(flight.job, state, why, flight.retraining.candidate.label)

    def _row(self, flight: _Flight, report: Report) -> dict[str, Any]:
        """A retraining's line; the losses of its points are on the disk before it is."""
        r = flight.retraining
        row: dict[str, Any] = {"key": r.key, "purpose": r.purpose, "config": r.candidate.label}
        row |= {"trial": r.candidate.trial, "vary": r.vary, "seed_index": r.index, "seed": r.seed}
        row |= {"state": report.status, "error": report.error} | r.config.as_dict() | report.row
        if flight.at_rungs:
            row["rungs"] = flight.at_rungs
        if report.losses is not None:
            row["losses"] = save_losses(self._path.parent, r.key, report.losses)
        return row
