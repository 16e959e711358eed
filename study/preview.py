"""`--list-spaces` and `--dry-run`: what there is, and what a study would do."""

import random
import time
from dataclasses import replace
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from moons.seeds import derive_seed
from moons.words import count
from search_spaces.load import load_space, space_names
from search_spaces.space import SearchSpace
from study.monitoring.progress import clock
from study.plan import Plan

SAMPLED_CONFIGS = 5
MICRO_EPOCHS = 5
# Measured: from the command to the first report, and Tune's driver for each trial after that.
START_S, DRIVER_S_PER_TRIAL = 13.0, 0.03
# Where a trial usually ends: what the median complete trial of the base spaces takes.
USUAL_EPOCHS = 200


def show_spaces() -> None:
    """Prints each space with its ranges."""
    console = Console(highlight=False)
    for name in space_names():
        space = load_space(name)
        console.print(
            f"[bold]{space.name}[/]: {space.about}\n  {space.sampler}, minimises {space.metric}"
        )
        console.print(_ranges(space))


def _ranges(space: SearchSpace) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for key, domain in space.searched.items():
        table.add_row(key, str(domain))
    for key, value in space.fixed.items():
        table.add_row(f"[dim]{key}", f"[dim]{value}, fixed")
    return table


def show_plan(plan: Plan) -> None:
    """Prints what the study would do, with one timed micro-trial; writes nothing."""
    console = Console(highlight=False)
    space = plan.space
    stops = f"ASHA at epochs {', '.join(map(str, plan.rungs))}" if plan.rungs else "no early stops"
    workers = count(plan.workers, "worker") if plan.workers else "all workers"
    console.print(
        f"[bold]{plan.folder}[/]: {count(plan.trials, 'trial')} of {space.model_name}, "
        f"{space.sampler}, minimising {space.metric}; {stops}; at most "
        f"{count(plan.max_epochs, 'epoch')} a trial; {workers}; seed {plan.seed}, of the data "
        f"{plan.data_seed}"
    )
    console.print(_ranges(space))
    sampled = sample_configs(plan, SAMPLED_CONFIGS)
    console.print(_config_table(plan, sampled))
    epoch_s = time_epoch(plan, sampled)
    console.print(
        f"an epoch takes {epoch_s * 1e3:.1f} ms (the mean of these, on one core): about "
        f"{clock(estimate_s(plan, epoch_s))} for the study"
    )


def sample_configs(plan: Plan, n: int) -> list[dict[str, Any]]:
    """Points of the space, drawn at random."""
    seed = derive_seed(plan.seed, "preview")
    if plan.space.sampler == "grid":
        points = list(plan.space.grid())
        return random.Random(seed).sample(points, min(n, len(points)))
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=seed)
    study = optuna.create_study(sampler=sampler)
    return [study.ask(plan.space.distributions()).params for _ in range(n)]


def _config_table(plan: Plan, sampled: list[dict[str, Any]]) -> Table:
    from moons.models import count_parameters

    table = Table(title=f"{count(len(sampled), 'config')} of the space", box=box.SIMPLE)
    for column in [*plan.space.searched, "parameters"]:
        table.add_column(column.replace("_", "_\n"), justify="right")
    for params in sampled:
        cells = [f"{v:.3g}" if isinstance(v, float) else str(v) for v in params.values()]
        table.add_row(*cells, f"{count_parameters(plan.config(params), plan.space.model):,}")
    return table


def time_epoch(plan: Plan, sampled: list[dict[str, Any]]) -> float:
    """Mean seconds an epoch over the sampled configs, after one that warms up."""
    import torch

    from moons.fit import fit, start

    torch.set_num_threads(1)
    seconds = []
    for params in sampled:
        config = replace(plan.config(params), max_epochs=MICRO_EPOCHS + 1)
        records = fit(start(config, 0, engine=plan.engine, model_class=plan.space.model))
        next(records)
        began = time.perf_counter()
        epochs = sum(1 for _ in records)
        seconds.append((time.perf_counter() - began) / max(1, epochs))
    return sum(seconds) / len(seconds)


def estimate_s(plan: Plan, epoch_s: float) -> float:
    """Seconds the study may take: epochs by ASHA's survival, the driver, Ray's start."""
    usual = min(USUAL_EPOCHS, plan.max_epochs)
    epochs, surviving, last = 0.0, 1.0, 0
    for rung in plan.rungs:
        epochs += surviving * (min(rung, usual) - last)
        surviving, last = surviving / plan.reduction, min(rung, usual)
    epochs += surviving * (usual - last)
    work_s = plan.trials * plan.replicates * epochs * epoch_s / (plan.workers or 1)
    return START_S + max(work_s, plan.trials * DRIVER_S_PER_TRIAL)
