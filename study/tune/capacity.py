"""How many trials may be under way: as many as the cluster has workers, also when nodes join."""

import time
from collections.abc import Callable
from typing import Any

from ray.tune.search import ConcurrencyLimiter, Searcher
from typing_extensions import override

from study.tune.cluster import Cluster, present_cpus

EVERY_S = 2.0  # asking the cluster takes a millisecond


class CapacityLimiter(ConcurrencyLimiter):
    """Holds a searcher back while every worker has a trial.

    Tune's own limit is fixed at its start, so that a node that joins later would idle. Without any
    limit Tune asks for trials long before there is a worker, and they are proposed without what
    those before them would have told.
    """

    def __init__(self, searcher: Searcher, cluster: Cluster, stop: Callable[[], bool]) -> None:
        """Takes `stop`, which says that there shall be no more trials."""
        super().__init__(searcher, max_concurrent=cluster.workers)
        self._cluster = cluster
        self._stop = stop
        self._asked_s = time.monotonic()

    @override
    def get_state(self) -> dict[str, Any]:
        return {}  # a study resumes from its record

    @override
    def suggest(self, trial_id: str) -> Any:
        if self._stop():
            return Searcher.FINISHED  # else Tune would wait for a trial that waits for its pause
        if self._cluster.grows and time.monotonic() - self._asked_s > EVERY_S:
            self._asked_s = time.monotonic()
            self.max_concurrent = present_cpus()
        return super().suggest(trial_id)
