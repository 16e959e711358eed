"""`--list-spaces` and `--dry-run`: what there is, and what a study would do."""

import random
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

from rich.text import Text

from moons.layout import Table
from moons.seeds import derive_seed
from moons.terminal import console, say, say_whole, show_table
from moons.words import count, duration, number
from search_spaces.load import load_space, space_names
from search_spaces.space import SearchSpace
from study.cpus import usable_cpus as cpus
from study.errors import StudyError
from study.plan import Plan
from study.record.clocks import Clocks
from study.record.stopping import STOPPING

SAMPLED_CONFIGS = 5
MICRO_EPOCHS = 5
# A study's start in imports of torch: it imports and starts processes, and takes as much longer
# where the machine is slow or busy.
START_IMPORTS = 5.0
DRIVER_S_PER_TRIAL = 0.03  # of Tune's
# Where a trial usually ends: what the mean complete trial of the reference studies takes.
USUAL_EPOCHS = 300
# More trials pass a rung than ASHA aims at: the first ones are compared with few, and later
# ones are better than those they are compared with. In the reference studies it is about the root.
SURVIVAL = 0.55


def show_spaces() -> None:
    """Prints each space with its ranges."""
    screen = console()
    for name in space_names():
        space = load_space(name)
        screen.print(Text.assemble((space.name, "bold"), f": {space.about}"))
        say(screen, f"  {space.sampler}, minimises {space.metric}")
        show_table(screen, _ranges(space).rich())


def _ranges(space: SearchSpace) -> Table:
    searched = [(name, str(domain)) for name, domain in space.searched.items()]
    fixed = [(name, f"{value}, fixed") for name, value in space.fixed.items()]
    return Table(("setting", "range"), (*searched, *fixed), words=2)


def show_plan(plan: Plan) -> None:
    """Prints what the study would do, with one timed micro-trial; writes nothing."""
    screen = console()
    space = plan.space
    workers = count(plan.workers, "worker") if plan.workers else "all workers"
    say_whole(screen, f"{plan.folder}:")
    say(
        screen,
        f"{count(plan.trials, 'trial')} of {space.model_name}, {space.sampler}, minimising "
        f"{space.metric}; {plan.stops}; at most {count(plan.max_epochs, 'epoch')} a trial; "
        f"{workers}; seed {plan.seed}, of the data {plan.data_seed}",
    )
    if plan.confirm:
        seeds = count(plan.confirm, "fresh seed")
        say(screen, f"then the best {count(plan.top, 'config')} on {seeds}")
    show_table(screen, _ranges(space).rich())
    sampled = sample_configs(plan, SAMPLED_CONFIGS)
    if plan.space.model is not None:
        _try_model(plan, sampled)
    title = f"{count(len(sampled), 'config')} of the space"
    show_table(screen, _config_table(plan, sampled).rich(title))
    epoch_s, evaluation_s = time_epoch(plan, sampled), time_evaluation(plan, sampled)
    say(
        screen,
        f"an epoch takes {number(epoch_s * 1e3)} ms (the mean of these, on one core), a trial's "
        f"evaluation {duration(evaluation_s)}",
    )
    predicted = predict(plan, epoch_s, evaluation_s, time_import())
    say(screen, f"predicted, without the report: {predicted}")


def _try_model(plan: Plan, sampled: list[dict[str, Any]]) -> None:
    """Builds, calls and trains a model of one's own with each config.

    Raises:
        StudyError: it fails; says with which config and how.
    """
    from moons.fit import fit, start
    from moons.models import build_model, try_out

    for params in sampled:
        config = replace(plan.config(params), max_epochs=1)
        try:
            try_out(build_model(config, 0, plan.space.model), config)
            run = start(config, 0, engine=plan.engine, model_class=plan.space.model)
            for _ in fit(run):
                run.best_model()
        except (Exception, SystemExit) as error:
            said = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
            file = f"{plan.space.code.path}: " if plan.space.code else ""
            what = ", ".join(f"{key} {value}" for key, value in params.items())
            raise StudyError(
                f"{file}{plan.space.model_name} cannot be trained with {what}: "
                f"{' '.join(said.split())}"
            ) from error


def sample_configs(plan: Plan, n: int) -> list[dict[str, Any]]:
    """Points of the space, drawn at random."""
    seed = derive_seed(plan.seed, "preview")
    if plan.space.is_grid:
        points = list(plan.space.grid())
        return random.Random(seed).sample(points, min(n, len(points)))
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=seed)
    study = optuna.create_study(sampler=sampler)
    return [study.ask(plan.space.distributions()).params for _ in range(n)]


def _config_table(plan: Plan, sampled: list[dict[str, Any]]) -> Table:
    from moons.models import count_parameters

    rows = []
    for params in sampled:
        cells = (number(v) if isinstance(v, float) else str(v) for v in params.values())
        rows.append((*cells, f"{count_parameters(plan.config(params), plan.space.model):,}"))
    return Table((*plan.space.searched, "parameters"), tuple(rows), words=0)


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


def time_evaluation(plan: Plan, sampled: list[dict[str, Any]]) -> float:
    """Seconds that a complete trial's evaluation takes, after one that warms up."""
    from moons.evaluation import EVALUATION_SEED, evaluate
    from moons.models import build_model

    config = plan.config(sampled[0])
    model = build_model(config, 0, plan.space.model).eval()
    for _ in range(2):
        began = time.perf_counter()
        evaluate(model, config, EVALUATION_SEED)
        seconds = time.perf_counter() - began
    return seconds


def time_import() -> float:
    """Seconds that another process takes to import torch, as workers do."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=False)
    return time.perf_counter() - began


def predict(plan: Plan, epoch_s: float, evaluation_s: float, import_s: float) -> Clocks:
    """What the study will take, from what an epoch, an evaluation and an import take here."""
    epochs, complete = expected(plan)
    workers = plan.workers or cpus()
    training = plan.trials * plan.replicates * epochs * epoch_s
    evaluation = plan.trials * plan.replicates * complete * evaluation_s
    trials = max((training + evaluation) / workers, plan.trials * DRIVER_S_PER_TRIAL)
    retraining_s = min(USUAL_EPOCHS, plan.max_epochs) * epoch_s + evaluation_s
    end = plan.confirm * plan.top * retraining_s / workers
    start = START_IMPORTS * import_s
    return Clocks(
        study=start + trials + end,
        start=start,
        trials=trials,
        training=training,
        evaluation=evaluation,
        workers=workers,
        confirmed=bool(plan.confirm),
    )


def expected(plan: Plan) -> tuple[float, float]:
    """Epochs of the mean trial, and the share of trials that run to their end."""
    usual = min(USUAL_EPOCHS, plan.max_epochs)
    epochs, surviving, last = 0.0, 1.0, 0
    for rung in plan.rungs:
        if rung >= usual:
            break
        epochs += surviving * (rung - last)
        one_in = STOPPING[plan.scheduler].one_in(plan.reduction)
        surviving, last = surviving * one_in**-SURVIVAL, rung
    return epochs + surviving * (usual - last), surviving
