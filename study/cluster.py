"""Ray: a local cluster of our own, or one that is there, with workers that are warm."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Before Ray is imported. A user's own setting of any of these wins.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # the record replaces them
    "TUNE_DISABLE_AUTO_CALLBACK_SYNCER": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # ours also knows SIGTERM and the exit codes
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # a diverged trial has no metric to report
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",  # the record replaces Tune's snapshots too
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "TUNE_RESULT_BUFFER_LENGTH": "0",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that this driver is connected to.

    Attributes:
        dashboard_url: where people look at it; None where it has no dashboard.
        address: of the cluster.
        workers: trials that run at a time.
    """

    dashboard_url: str | None
    address: str
    workers: int


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[Cluster]:
    """Connects to the cluster at `address`, or starts one of `workers` CPUs; leaves it at the end.

    Raises:
        ConnectionError: nothing answers at the address.
    """
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    import ray

    own = address is None
    context = ray.init(
        address="local" if own else address,
        num_cpus=workers if own else None,
        include_dashboard=True if own else None,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
    try:
        cpus = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        _warm(cpus)
        url = f"http://{context.dashboard_url}" if context.dashboard_url else None
        yield Cluster(url, context.address_info["gcs_address"], cpus)
    finally:
        ray.shutdown()


def _warm(workers: int) -> None:
    """Has the workers import what trials need while the driver goes on; waits for nothing."""
    import ray

    @ray.remote(num_cpus=1)  # type: ignore[untyped-decorator]
    def warm() -> None:
        import study.trainable  # noqa: F401

    for _ in range(workers):
        warm.remote()
