"""A config trained on all points but the test split, for as long as validation has chosen."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from moons.config import Config
from moons.data import load_data
from moons.fit import Diverged, Finished, fit, start
from moons.refit import refit
from moons.schedule import GivenSchedule

SMALL = Config(n_samples=200, batch_size=32, max_epochs=12, lr=0.01, plateau_patience=0)


def run_of(config, seed=3):
    run = start(config, seed)
    return run, list(fit(run))


@pytest.mark.parametrize("settings", [{}, {"schedule": "cosine", "keep": "last"}])
def test_it_trains_as_many_epochs_as_the_best_one_at_the_rates_that_led_there(settings):
    run, records = run_of(replace(SMALL, **settings))
    best = records[: run.best.epoch]
    again = refit(run.config, run.seed, best)
    assert again.outcome == Finished(run.best.epoch, "max_epochs")
    assert again.best.epoch == run.best.epoch  # the last weights, whatever validation says
    given = GivenSchedule(tuple(record.lr for record in best))
    for record in best:
        assert given.lr == record.lr
        given.step(1.0)
    assert again.best.lr == best[-1].lr


def test_training_sees_every_point_but_the_test_split_s():
    run, records = run_of(SMALL)
    again = refit(SMALL, run.seed, records[: run.best.epoch])
    data = load_data(SMALL)
    seen = {tuple(point) for point in again.data.train.x.tolist()}
    held = {tuple(point) for point in data.test.x.tolist()}
    wanted = np.concatenate([data.train.x, data.val.x]).tolist()
    assert seen == {tuple(point) for point in wanted}
    assert not seen & held
    assert len(again.data.train.y) == 160


def test_it_is_a_function_of_config_seed_and_the_run_that_chose():
    run, records = run_of(SMALL)
    first, second = (refit(SMALL, run.seed, records[:5]).best_weights() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    shorter = refit(SMALL, run.seed, records[:4]).best_weights()
    assert not all(torch.equal(first[name], shorter[name]) for name in first)


def test_divergence_is_an_outcome_here_too():
    run, records = run_of(SMALL)
    fast = [replace(record, lr=1e4) for record in records[:5]]
    assert isinstance(refit(replace(SMALL, latent_dim=64), run.seed, fast).outcome, Diverged)
