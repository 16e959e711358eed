"""Runs the trials that a study is missing, on Ray Tune."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune import Callback, Stopper
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher
from typing_extensions import override

from moons.files import scratch_folder
from study.history import History
from study.ledger import Ledger
from study.monitoring.gauges import gauges
from study.monitoring.progress import Progress
from study.plan import Plan
from study.record.rungs import Rungs
from study.reruns.ledger import RerunLedger
from study.signals import Stop
from study.tune.capacity import CapacityLimiter
from study.tune.cluster import Cluster
from study.tune.internals import lean_tune
from study.tune.lost_workers import RecoveringSource
from study.tune.scheduler import RungScheduler
from study.tune.searcher import HonestOptunaSearch, InTurn, Recorder
from study.tune.trainable import MoonsTrial


def run_trials(plan: Plan, cluster: Cluster, ledger: Ledger, history: History, stop: Stop) -> None:
    """Returns when the last trial is over, or when there was a reason to stop."""
    shown = gauges(plan.name, plan.space.metrics[0], ledger.tally)
    source = RecoveringSource(ledger)
    with Progress(ledger.tally, cluster), shown, told(plan) as trackers:
        run_on_tune(
            source,
            HonestOptunaSearch(plan, source),
            make_scheduler(plan, history),
            cluster,
            lambda: stop.asked or bool(ledger.broken or ledger.hopeless),
            trackers,
        )


def run_retrainings(ledger: RerunLedger, cluster: Cluster, stop: Stop) -> None:
    """Returns when the last retraining is over, or when there was a reason to stop."""
    source = RecoveringSource(ledger)
    with Progress(ledger.tally, cluster):
        run_on_tune(
            source,
            InTurn(source),
            FIFOScheduler(),
            cluster,
            lambda: stop.asked or bool(ledger.broken or ledger.hopeless),
        )


@contextmanager
def told(plan: Plan) -> Iterator[list[Callback]]:
    """The plan's trackers; at the end it waits until they have everything."""
    with ExitStack() as stack:
        if not plan.trackers:
            yield []
            return
        from study.trackers.tracked import Tracked

        yield [stack.enter_context(closing(Tracked(t, plan))) for t in plan.trackers]


def run_on_tune(
    source: RecoveringSource,
    search: Searcher,
    scheduler: TrialScheduler,
    cluster: Cluster,
    stop: Callable[[], bool],
    trackers: Sequence[Callback] = (),
) -> None:
    """Runs the jobs of a source on the cluster, until it has no more or `stop` says so.

    Args:
        source: where jobs come from, and where their reports go.
        search: Tune's view of the source.
        scheduler: which trials go on at a rung.
        cluster: where to run.
        stop: asked after every event.
        trackers: hear of every report, beside the source.
    """
    # For Tune's own files, which nothing reads.
    with scratch_folder(Path(tempfile.gettempdir()) / "moons-study") as scratch, lean_tune():
        # Not `tune.Tuner`: it pickles the searcher and every callback to disk at its start.
        tune.run(
            MoonsTrial,
            resources_per_trial={"cpu": 1},
            num_samples=-1,  # until the source has no more
            search_alg=CapacityLimiter(search, cluster, stop),
            scheduler=scheduler,
            reuse_actors=True,
            stop=_Asked(stop),
            callbacks=[*trackers, Recorder(source)],  # it takes the report out
            storage_path=str(scratch),
            raise_on_failed_trial=False,
            verbose=0,
        )


class _Asked(Stopper):
    """Ends all trials as soon as `asked` says so; Tune looks after every event."""

    def __init__(self, asked: Callable[[], bool]) -> None:
        self._asked = asked

    @override
    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False  # no trial is stopped for itself

    @override
    def stop_all(self) -> bool:
        return self._asked()

    def __getstate__(self) -> dict[str, Any]:
        """Nothing, for Tune's snapshots: what may be asked holds the record's open files."""
        return {}


def make_scheduler(plan: Plan, history: History) -> TrialScheduler:
    """The plan's scheduler with the rungs as they were."""
    if not plan.rungs:
        return FIFOScheduler()
    rungs = Rungs(plan.rungs, plan.scheduler, plan.reduction)
    rungs.refill(history.rung_values())
    return RungScheduler(plan.space.metrics[0], rungs)
