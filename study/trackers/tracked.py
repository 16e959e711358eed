"""Hands a study's trials to a tracker, on a thread of its own."""

import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.logger import LoggerCallback
from typing_extensions import override

from study.plan import Plan
from study.trackers.choice import Tracker
from study.trackers.open import open_tracker
from study.trackers.view import TrialView, plain_result
from study.training.job import Report

PATIENCE_S = 20.0  # a tracker's server may take a second for a report


class Tracked(Callback):
    """Feeds one of Ray's logger callbacks with plain views of trials and reports.

    The driver only puts them into a queue: a tracker may take a second for a report, and every
    worker would wait for it. A tracker that fails is said so once and left; the record goes on.
    """

    def __init__(self, tracker: Tracker, plan: Plan) -> None:
        self._tracker, self._study = tracker, plan.name
        self._folder = plan.folder / "trackers" / tracker
        self._views: dict[int, TrialView] = {}
        self._queue: queue.SimpleQueue[Callable[[LoggerCallback], None] | None]
        self._queue = queue.SimpleQueue()
        self._done = 0
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    @override
    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        job = trial.config["job"]
        if job.trial not in self._views:  # it may go on after a worker's death
            view = TrialView(job, trial.trial_id, self._study, self._folder / f"trial-{job.trial}")
            self._views[job.trial] = view
            self._queue.put(lambda logger: logger.log_trial_start(view))

    @override
    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        report: Report = result["report"]
        view, plain = self._views[trial.config["job"].trial], plain_result(report)
        self._queue.put(lambda logger: logger.log_trial_result(iteration, view, plain))

    @override
    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        view = self._views.pop(trial.config["job"].trial, None)
        if view is not None:  # else the study was stopped before the trial had a worker
            self._put_end(view, failed=False)

    def _put_end(self, view: TrialView, *, failed: bool) -> None:
        self._queue.put(lambda logger: logger.log_trial_end(view, failed=failed))

    def close(self) -> None:
        """Waits until the tracker has everything, as long as it gets on; one that hangs is left."""
        for view in self._views.values():  # cut off, or its workers died too often
            self._put_end(view, failed=True)
        self._queue.put(lambda logger: logger.on_experiment_end([]))
        self._queue.put(None)
        while self._thread.is_alive():
            done = self._done
            self._thread.join(PATIENCE_S)
            if self._thread.is_alive() and done == self._done:
                print(
                    f"study.run: --log {self._tracker} said nothing for {PATIENCE_S:.0f} s and is "
                    "left; the study is whole",
                    file=sys.stderr,
                )
                return

    def _keep(self) -> None:
        try:
            logger = open_tracker(self._tracker, self._study, self._folder)
            for act in self._acts():
                act(logger)
                self._done += 1
        except Exception as error:  # whatever a tracker and its server may raise
            said = " ".join(f"{type(error).__name__}: {error}".split())
            print(
                f"study.run: --log {self._tracker} stopped, the study goes on: {said}",
                file=sys.stderr,
            )
            for _ in self._acts():
                pass

    def _acts(self) -> Iterator[Callable[[LoggerCallback], None]]:
        while (act := self._queue.get()) is not None:
            yield act
