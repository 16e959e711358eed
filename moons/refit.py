"""A config for use: trained on training and validation points, when validation has chosen."""

from collections.abc import Sequence
from dataclasses import replace

from moons.config import Config, EngineChoice
from moons.data import DataSet, joined, load_data
from moons.fit import Run, fit, start
from moons.models import VAE
from moons.schedule import GivenSchedule
from moons.snapshot import EpochRecord


def refit(
    config: Config,
    seed: int,
    records: Sequence[EpochRecord],
    engine: EngineChoice = "auto",
    model_class: type[VAE] | None = None,
) -> Run:
    """Trains a config anew with no points held back but the test split.

    Nothing is left to choose an epoch or a rate by, so both are those of a run that had validation
    points: as many epochs as its best one, at its rates; the last weights are kept. Its figures
    on validation points, which it has seen, say nothing.

    Args:
        config: what to train.
        seed: of weights, order and noise.
        records: of the run, up to its best epoch.
        engine: as in `start`.
        model_class: as in `start`.

    Returns:
        The run at its end; `outcome` says whether it diverged.
    """
    data = load_data(config)
    whole = DataSet(joined(data.train, data.val), data.val, data.test)
    rates = tuple(record.lr for record in records)
    last = replace(config, keep="last", max_epochs=len(rates))
    run = start(last, seed, engine=engine, model_class=model_class, data=whole)
    run.schedule = GivenSchedule(rates)
    for _ in fit(run):
        pass
    return run
