"""How many trials may be under way: as many as the cluster has workers, also when nodes join."""

import time
from typing import Any

from ray.tune.search import ConcurrencyLimiter, Searcher
from typing_extensions import override

from study.cluster import Cluster, present_cpus

EVERY_S = 2.0  # asking the cluster takes a millisecond


class Room(ConcurrencyLimiter):
    """Holds a searcher back while every worker has a trial.

    Tune's own limit is fixed at its start, so that a node that joins later would idle. Without any
    limit Tune asks for trials long before there is a worker, and they are proposed without what
    those before them would have told.
    """

    def __init__(self, searcher: Searcher, cluster: Cluster) -> None:
        super().__init__(searcher, max_concurrent=cluster.workers)
        self._cluster = cluster
        self._asked_s = time.monotonic()

    @override
    def suggest(self, trial_id: str) -> Any:
        if self._cluster.grows and time.monotonic() - self._asked_s > EVERY_S:
            self._asked_s = time.monotonic()
            self.max_concurrent = present_cpus()
        return super().suggest(trial_id)
