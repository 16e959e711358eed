"""The record of a plan, new or resumed."""

from collections.abc import Iterator
from contextlib import contextmanager

import optuna

from study.plan import Plan
from study.record.opening import Record, created, reopened
from study.samplers.choice import make_sampler
from study.warm_start import learn_from


@contextmanager
def opened(plan: Plan) -> Iterator[Record]:
    """Opens the record of a plan and holds its lock.

    Raises:
        StudyError: the folder is there already, another driver has it, or it is damaged.
        OSError: the disk is full or not writable.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = make_sampler(plan.space, plan.seed)
    if plan.resumed:
        with reopened(plan.folder, sampler) as record:
            yield record
        return
    learned = learn_from(plan, plan.warm_start) if plan.warm_start else None
    points = tuple(plan.space.grid()) if plan.space.is_grid else ()
    history = learned.trials if learned else ()
    with created(plan.folder, plan.manifest(), sampler, points, history) as record:
        if learned:
            print(f"warm start: {learned}")
        yield record
