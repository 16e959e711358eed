"""The peers of the benchmark, written the way their documentation shows.

All train what the study trains - the same data, model, loss, Adam, clip, plateau schedule,
patience, search space, rungs and number of trials - `optuna` and `tune` in the usual loop over a
`DataLoader`, `pool` as the study's own trial, so that the cost of Ray itself is seen. They are
functions of plain options, run in a process of their own by `python -m tests.benchmarks.peers`.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from moons.config import Config
from moons.data import load_data
from moons.models import build_model
from moons.objective import Reconstruction, elbo
from moons.prior import Prior

if TYPE_CHECKING:
    import optuna

SIZES = [2, 4, 8, 16, 32, 64, 128]
GRACE, REDUCTION = 10, 4


def plain_epochs(config: Config, seed: int) -> Iterator[float]:
    """The plain loop; yields each epoch's validation MSE."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    moons = load_data(config)
    train, val = (
        TensorDataset(torch.tensor(split.x), torch.tensor(split.y))
        for split in (moons.train, moons.val)
    )
    loader = DataLoader(train, batch_size=config.batch_size, shuffle=True)
    val_loader = DataLoader(val, batch_size=len(val))
    model = build_model(config, seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=50)
    # As in the study: under new noise each time, the least of many epochs is the luckiest draw.
    val_noise = torch.randn(len(val), config.latent_dim)
    best, best_epoch = float("inf"), 0
    for epoch in range(1, config.max_epochs + 1):
        model.train()
        for x, y in loader:
            noise = torch.randn(len(x), config.latent_dim)
            x_hat, *rest = model(x, y, noise, config.eps_w)
            made = Reconstruction(x_hat[None], *rest, noise[None])
            loss = elbo(x, made, Prior(), config.beta).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for x, y in val_loader:
                x_hat, *rest = model(x, y, val_noise, config.eps_w)
                made = Reconstruction(x_hat[None], *rest, val_noise[None])
                val_loss = elbo(x, made, Prior(), config.beta)
        schedule.step(val_loss.loss.item())
        val_mse = val_loss.squared_error.item() / (2 * len(val))
        yield val_mse
        if val_mse < best:
            best, best_epoch = val_mse, epoch
        if epoch >= config.min_epochs and epoch - best_epoch >= config.patience:
            return


def proposed(trial: "optuna.Trial", seed: int, max_epochs: int) -> Config:
    """The config that Optuna proposes."""
    return Config(
        family="cvae",
        lr=trial.suggest_float("lr", 1e-4, 1e-1, log=True),
        batch_size=trial.suggest_categorical("batch_size", [32, 64, 128, 256]),
        encoder_hidden=trial.suggest_categorical("encoder_hidden", SIZES),
        latent_dim=trial.suggest_categorical("latent_dim", SIZES),
        decoder_hidden=trial.suggest_categorical("decoder_hidden", SIZES),
        max_epochs=max_epochs,
        data_seed=seed,
    )


def in_the_plain_loop(trial: "optuna.Trial", seed: int, max_epochs: int) -> float:
    """A trial that reports every epoch; its least validation MSE."""
    best = float("inf")
    config = proposed(trial, seed, max_epochs)
    for epoch, val_mse in enumerate(plain_epochs(config, seed + trial.number), start=1):
        best = min(best, val_mse)
        reported(trial, best, epoch)
    return best


def in_the_kernel(trial: "optuna.Trial", seed: int, max_epochs: int) -> float:
    """A trial of the study's own: trained by the kernel, measured in full, without Ray."""
    from study.plan import make_rungs
    from study.training.job import TrialJob
    from study.training.trial import TrialTraining

    torch.set_num_threads(1)
    job = TrialJob(
        trial=trial.number,
        config=proposed(trial, seed, max_epochs),
        seed=seed + trial.number,
        rungs=make_rungs(GRACE, REDUCTION, max_epochs),
        metrics=("val_mse",),
        engine="auto",
    )
    training = TrialTraining(job)
    while (report := training.advance()).status == "running":
        reported(trial, report.metrics["val_mse"], report.epochs)
    return report.metrics.get("val_mse", float("inf"))


def reported(trial: "optuna.Trial", best: float, epoch: int) -> None:
    """Tells Optuna, which may end the trial."""
    import optuna

    trial.report(best, epoch)
    if trial.should_prune():
        raise optuna.TrialPruned


def optuna_process(peer: str, journal: str, trials: int, seed: int, max_epochs: int) -> None:
    """One of Optuna's processes: ask, train, report, be pruned."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    objective = {"optuna": in_the_plain_loop, "pool": in_the_kernel}[peer]
    study = optuna.create_study(
        study_name="peer",
        storage=JournalStorage(JournalFileBackend(journal)),
        sampler=optuna.samplers.TPESampler(
            seed=seed + multiprocessing.current_process()._identity[0]
        ),
        pruner=optuna.pruners.SuccessiveHalvingPruner(
            min_resource=GRACE, reduction_factor=REDUCTION
        ),
        direction="minimize",
        load_if_exists=True,
    )
    study.optimize(
        lambda trial: objective(trial, seed, max_epochs),
        callbacks=[optuna.study.MaxTrialsCallback(trials, states=None)],
    )


def run_optuna(peer: str, trials: int, seed: int, max_epochs: int) -> float:
    """A process a core on one journal; returns the least validation MSE of any epoch."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    with tempfile.TemporaryDirectory() as folder:
        journal = str(Path(folder) / "journal.log")
        context = multiprocessing.get_context("spawn")
        workers = [
            context.Process(target=optuna_process, args=(peer, journal, trials, seed, max_epochs))
            for _ in os.sched_getaffinity(0)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        storage = JournalStorage(JournalFileBackend(journal))
        study = optuna.load_study(study_name="peer", storage=storage)
        seen = [value for t in study.trials for value in t.intermediate_values.values()]
        return min([*seen, *(t.value for t in study.trials if t.value is not None)])


def run_tune(trials: int, seed: int, max_epochs: int) -> float:
    """Ray Tune as its tutorials have it: a function that reports every epoch."""
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    def train(settings: dict[str, Any]) -> None:
        config = Config(family="cvae", max_epochs=max_epochs, data_seed=seed, **settings)
        best = float("inf")
        own_seed = seed + zlib.crc32(repr(settings).encode())  # Tune does not number trials here
        for val_mse in plain_epochs(config, own_seed):
            best = min(best, val_mse)
            tune.report({"val_mse": best})

    tuner = tune.Tuner(
        train,
        param_space={
            "lr": tune.loguniform(1e-4, 1e-1),
            "batch_size": tune.choice([32, 64, 128, 256]),
            "encoder_hidden": tune.choice(SIZES),
            "latent_dim": tune.choice(SIZES),
            "decoder_hidden": tune.choice(SIZES),
        },
        tune_config=tune.TuneConfig(
            metric="val_mse",
            mode="min",
            search_alg=OptunaSearch(seed=seed),
            scheduler=ASHAScheduler(
                max_t=max_epochs, grace_period=GRACE, reduction_factor=REDUCTION
            ),
            num_samples=trials,
        ),
        run_config=tune.RunConfig(storage_path=tempfile.mkdtemp(), verbose=0),
    )
    results = tuner.fit()
    return min(
        float(frame["val_mse"].min())
        for frame in results._experiment_analysis.trial_dataframes.values()
        if "val_mse" in frame
    )


def main() -> None:
    """Runs one peer and prints the least validation MSE as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["optuna", "pool", "tune"])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--max-epochs", type=int, default=1000)
    options = parser.parse_args()
    run = run_tune if options.peer == "tune" else partial(run_optuna, options.peer)
    print(json.dumps({"best_val_mse": run(options.trials, options.seed, options.max_epochs)}))


if __name__ == "__main__":
    main()
