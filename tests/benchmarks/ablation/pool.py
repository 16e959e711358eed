"""Runs parts in processes of their own, until they are all there or the time is up."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

from tests.benchmarks.ablation.parts import Part


def run_parts(
    parts: Sequence[Part],
    folder: Path,
    workers: int,
    time_budget_s: float | None,
    step: Callable[[Part], None],
) -> int:
    """Runs the parts that the folder does not have, in their order; how many are then missing.

    Args:
        parts: what is wanted.
        folder: where parts are kept.
        workers: processes.
        time_budget_s: seconds after which no part is begun; those under way end.
        step: told of every part that is over.

    Raises:
        Exception: what a part raised; no other is begun after that.
    """
    began = time.monotonic()
    missing = [part for part in parts if not part.path(folder).is_file()]
    under_way: dict[Future[Path], Part] = {}
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_prepare) as pool:
        while missing or under_way:
            in_time = time_budget_s is None or time.monotonic() - began < time_budget_s
            while missing and in_time and len(under_way) < workers:
                part = missing.pop(0)
                under_way[pool.submit(part.run, folder)] = part
            if not under_way:
                break
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                part = under_way.pop(future)
                future.result()
                step(part)
    return len(missing)


def _prepare() -> None:
    """Has a process train as a worker does: on one thread, with the kernel at hand."""
    import torch

    from moons.engines import warm_up

    torch.set_num_threads(1)
    warm_up()
