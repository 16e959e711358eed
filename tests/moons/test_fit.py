"""Stopping, schedule and divergence against sequences worked out by hand; then real training."""

import math
import pickle
from dataclasses import astuple, replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moons.config import Config
from moons.data import load_data
from moons.fit import Diverged, Finished, fit, start
from tests.moons.scripted import scripted_run

SMALL = Config(n_samples=200, batch_size=32, max_epochs=4)


def kept_epoch(run):
    return int(run.best_weights()["epoch"])


@pytest.mark.parametrize(
    ("val_mse", "patience", "best", "end"),
    [
        # epochs:  1    2    3    4    5    6    7
        ([5.0, 4.0, 3.0, 3.5, 3.1, 3.2, 9.0], 3, 3, 6),  # three epochs after the best one
        ([5.0, 4.0, 3.0, 3.0, 3.0, 3.0, 9.0], 3, 3, 6),  # as good is not better
        ([5.0, 4.0, 3.0, 3.5, 3.1, 2.9, 9.0, 9.0, 9.0], 3, 6, 9),  # better just in time
        ([1.0, 2.0, 0.5, 0.6, 0.4], 1, 1, 2),  # a patience of one epoch
        ([1.0, 1.0, 1.0], 2, 1, 3),  # nothing ever beats the first epoch
    ],
)
def test_training_stops_patience_epochs_after_the_best_one(val_mse, patience, best, end):
    run = scripted_run(val_mse, patience=patience, max_epochs=100)
    records = list(fit(run))
    assert run.outcome == Finished(end, "patience")
    assert [record.epoch for record in records] == list(range(1, end + 1))
    assert run.best == records[best - 1]
    assert kept_epoch(run) == best


@pytest.mark.parametrize(
    ("val_mse", "min_epochs", "end"),
    [
        ([1.0] * 8, 5, 5),  # patience ran out in epoch 3, which was too early
        ([1.0] * 8, 3, 3),
        ([1.0] * 4 + [0.5] + [1.0] * 4, 5, 7),  # a better epoch at the least number starts it again
    ],
)
def test_training_never_stops_before_its_least_number_of_epochs(val_mse, min_epochs, end):
    run = scripted_run(val_mse, patience=2, min_epochs=min_epochs, max_epochs=100)
    list(fit(run))
    assert run.outcome == Finished(end, "patience")


def test_training_that_gets_better_and_better_ends_at_its_largest_number_of_epochs():
    run = scripted_run([5.0, 4.0, 3.0, 2.0], patience=1)
    assert len(list(fit(run))) == 4
    assert run.outcome == Finished(4, "max_epochs")
    assert kept_epoch(run) == 4


def test_the_best_epoch_is_chosen_by_what_is_monitored():
    val_mse, val_loss = [3.0, 1.0, 2.0], [3.0, 2.0, 1.0]
    by_mse = scripted_run(val_mse, val_loss=val_loss)
    by_loss = scripted_run(val_mse, val_loss=val_loss, monitor="val_loss")
    list(fit(by_mse)), list(fit(by_loss))
    assert (by_mse.best.epoch, kept_epoch(by_mse)) == (2, 2)
    assert (by_loss.best.epoch, kept_epoch(by_loss)) == (3, 3)


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=15), st.integers(1, 6))
def test_the_weights_kept_are_those_of_the_least_value_met(val_mse, patience):
    run = scripted_run(val_mse, patience=patience)
    met = [record.val_mse for record in fit(run)]
    assert run.best.val_mse == min(met)
    assert kept_epoch(run) == run.best.epoch == met.index(min(met)) + 1


def test_the_rate_falls_on_a_plateau_of_the_validation_loss_and_not_of_the_mse():
    # epochs      1    2    3    4    5    6    7    8    9   10
    val_loss = [2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    val_mse = [10.0 - epoch for epoch in range(10)]
    run = scripted_run(val_mse, val_loss=val_loss, plateau_patience=2, lr=0.1)
    lrs = [record.lr for record in fit(run)]
    # 2 is the best; 3 and 4 are the patience, 5 exhausts it; 6 and 7 again, and 8
    assert lrs == pytest.approx([0.1] * 5 + [0.01] * 3 + [0.001] * 2)
    assert [lr for _, _, lr in run.engine.seen] == lrs


def test_the_rate_falls_as_a_cosine_over_the_budget_whatever_the_loss():
    run = scripted_run([1.0, 2.0, 3.0, 4.0], schedule="cosine", lr=0.1)
    lrs = [record.lr for record in fit(run)]
    assert lrs == pytest.approx([0.1 * (1 + math.cos(math.pi * e / 4)) / 2 for e in range(4)])
    assert [lr for _, _, lr in run.engine.seen] == lrs


def test_the_last_weights_are_kept_where_they_are_asked_for_and_patience_is_none():
    run = scripted_run([3.0, 1.0, 2.0, 2.0, 2.0], keep="last", patience=1)
    records = list(fit(run))
    assert run.outcome == Finished(5, "max_epochs")
    assert run.best == records[-1]
    assert kept_epoch(run) == 5


def test_several_latent_samples_take_as_many_rows_of_noise():
    settings = {"latent_dim": 3, "importance_samples": 4, "n_samples": 100}
    run = scripted_run([1.0, 1.0], objective="iwae", eps_w=1.0, **settings)
    list(fit(run))
    assert all(noise.shape == (12, 60) for _, noise, _ in run.engine.seen)


def test_every_epoch_meets_each_point_once_in_an_order_of_its_own_with_noise_of_its_own():
    run = scripted_run([1.0] * 5, n_samples=100, latent_dim=3)
    list(fit(run))
    orders = [order.tolist() for order, _, _ in run.engine.seen]
    noises = [noise for _, noise, _ in run.engine.seen]
    assert all(sorted(order) == list(range(60)) for order in orders)
    assert len({tuple(order) for order in orders}) == 5
    assert all(noise.shape == (3, 60) for noise in noises)
    assert len({noise.sum().item() for noise in noises}) == 5


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("term", ["train_loss", "val_loss"])
def test_a_value_that_is_not_finite_ends_training_as_a_value_that_says_where(term, value):
    losses = {"train_loss": [1.0] * 6, "val_loss": [3.0, 2.0, 4.0, 1.0, 1.0, 1.0]}
    val_mse = list(losses["val_loss"])
    losses[term][3] = value
    run = scripted_run(val_mse, **losses)
    records = list(fit(run))
    assert run.outcome == Diverged(4, term)
    assert len(records) == 4
    assert str(getattr(records[-1], term)) == str(value)  # as it was met
    assert (run.best.epoch, kept_epoch(run)) == (2, 2)  # what was good stays


def test_a_run_that_diverges_in_its_first_epoch_has_no_best_epoch_and_no_weights():
    run = scripted_run([math.nan, 1.0])
    list(fit(run))
    assert run.outcome == Diverged(1, "val_loss")
    assert run.best is None
    assert run.best_weights() == {}


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_a_learning_rate_far_too_large_diverges_and_raises_nothing(family):
    run = start(replace(SMALL, family=family, lr=10.0, latent_dim=64), seed=0)
    records = list(fit(run))
    assert isinstance(run.outcome, Diverged)
    assert run.outcome.epoch == len(records) == run.epoch


def test_a_run_that_is_over_trains_no_further():
    run = scripted_run([2.0, 1.0])
    list(fit(run))
    assert list(fit(run)) == []
    assert run.epoch == 2


def train(config, seed):
    """The records and the best weights of a whole training."""
    run = start(config, seed)
    return list(fit(run)), run.best_weights()


def same_weights(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, family="cvae", beta=0.045, eps_w=1.0),
        replace(SMALL, family="cvae", encoder_hidden=(16, 8), decoder_hidden=(8, 16)),
        replace(SMALL, objective="iwae", importance_samples=5, eps_w=1.0, activation="tanh"),
        replace(SMALL, prior="mixture", eps_w=1.0, activation="silu", schedule="cosine"),
    ],
)
def test_the_same_config_and_seed_give_the_same_weights_bit_for_bit(config):
    (records, weights), (again, weights_again) = train(config, 7), train(config, 7)
    assert records == again
    assert same_weights(weights, weights_again)


def test_another_seed_gives_other_weights_on_the_same_data():
    first, other = start(SMALL, 1), start(SMALL, 2)
    assert first.data is other.data
    list(fit(first)), list(fit(other))
    assert not same_weights(first.best_weights(), other.best_weights())


def test_training_neither_reads_nor_moves_the_global_generators():
    before = train(SMALL, 7)
    torch.manual_seed(123)
    np.random.seed(123)
    state = torch.random.get_rng_state()
    records, weights = train(SMALL, 7)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.random.random() == np.random.RandomState(123).random()
    assert records == before[0]
    assert same_weights(weights, before[1])


def test_a_run_does_not_depend_on_what_is_trained_between_its_epochs():
    alone, _ = train(SMALL, 7)
    run, other = fit(start(SMALL, 7)), fit(start(replace(SMALL, lr=0.01), 8))
    interleaved = [next(run)]
    for record in run:
        next(other)
        interleaved.append(record)
    assert interleaved == alone


@pytest.mark.parametrize("engine", ["fused", "torch"])
@given(
    family=st.sampled_from(["vae", "cvae"]),
    hidden=st.sampled_from([3, (8, 4)]),
    batch_size=st.sampled_from([16, 50]),
    cut=st.integers(0, 7),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=15, deadline=None)
def test_a_run_that_goes_on_from_a_snapshot_ends_like_one_that_never_stopped(
    engine, family, hidden, batch_size, cut, seed
):
    config = Config(
        family=family,
        n_samples=100,
        encoder_hidden=hidden,
        batch_size=batch_size,
        max_epochs=8,
        plateau_patience=1,
        lr=0.05,
    )
    whole = start(config, seed, engine=engine)
    records = list(fit(whole))
    stopped = start(config, seed, engine=engine)
    first = list(islice(fit(stopped), cut))
    snapshot = pickle.loads(pickle.dumps(stopped.snapshot()))  # as it travels
    list(fit(stopped))  # a snapshot is a copy: what follows does not reach it
    carried_on = start(config, seed, engine=engine)
    carried_on.restore(snapshot)
    assert first + list(fit(carried_on)) == records
    assert same_weights(carried_on.best_weights(), whole.best_weights())
    assert (carried_on.best, carried_on.outcome) == (whole.best, whole.outcome)


def test_a_longer_training_begins_like_a_shorter_one():
    short, _ = train(SMALL, 7)
    longer = list(islice(fit(start(replace(SMALL, max_epochs=50), 7)), len(short)))
    assert longer == short


def test_validation_meets_the_same_noise_in_every_epoch():
    config = replace(SMALL, lr=1e-8, eps_w=1.0)  # weights that hardly move
    losses = [record.val_loss for record in train(config, 7)[0]]
    assert losses == pytest.approx([losses[0]] * len(losses), rel=1e-4)


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_records_hold_the_loss_that_their_mse_and_kl_make(family):
    config = replace(SMALL, family=family, beta=0.3)
    for record in train(config, 7)[0]:
        assert all(math.isfinite(value) for value in astuple(record))
        assert record.train_loss == pytest.approx(record.train_mse + 0.3 * record.train_kl / 2)
        assert record.val_loss == pytest.approx(record.val_mse + 0.3 * record.val_kl / 2)


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_training_reconstructs_far_better_than_the_data_s_mean_does(family):
    config = Config(family=family, lr=1e-2, beta=0.01, max_epochs=30, n_samples=600)
    run = start(config, seed=1)
    list(fit(run))
    x = load_data(config).val.x
    assert run.best.val_mse < 0.1 * x.var(axis=0).mean()


def test_an_engine_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="engine must be one of auto, fused, torch, got cuda"):
        start(SMALL, 0, engine="cuda")
