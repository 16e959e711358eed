"""Whole trainings: the engines side by side, repeats, divergence, and the weights that are kept."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from moons.checkpoint import load_checkpoint, pack_weights, save_checkpoint
from moons.config import Config
from moons.engines.fused import FusedEngine
from moons.engines.reference import TorchEngine
from moons.fit import Diverged, fit, start
from tests.moons.engines.problem import make_problem

SMALL = Config(n_samples=400, batch_size=32, max_epochs=50, lr=1e-3)
CONFIGS = [
    SMALL,
    replace(SMALL, family="cvae", batch_size=100, beta=0.045, eps_w=1.0),
    replace(SMALL, family="cvae", encoder_hidden=(8, 12), latent_dim=5, decoder_hidden=(32, 7)),
    replace(SMALL, encoder_hidden=4, latent_dim=1, decoder_hidden=4, batch_size=4096, lr=0.01),
    replace(SMALL, activation="silu", importance_samples=3, keep="last"),
    *(
        replace(SMALL, beta=0.045, eps_w=1.0, activation="tanh", schedule="cosine", **settings)
        for settings in (
            {"objective": "iwae", "importance_samples": 1},
            {"objective": "iwae", "importance_samples": 8, "family": "cvae", "latent_dim": 1},
            {"objective": "iwae", "importance_samples": 32, "prior": "mixture", "batch_size": 50},
            {"importance_samples": 2, "prior": "mixture", "decoder_hidden": (16, 24)},
        )
    ),
]


def train(config, engine, seed=3):
    run = start(config, seed, engine=engine)
    records = list(fit(run))
    assert run.engine.name == engine
    return records, run


@pytest.mark.parametrize("config", CONFIGS)
def test_both_engines_follow_the_same_trajectory(config):
    fused, torch_ = train(config, "fused")[0], train(config, "torch")[0]
    assert len(fused) == len(torch_) == 50
    for name in ("train_loss", "train_mse", "train_kl", "val_loss", "val_mse", "val_kl"):
        ours, theirs = (np.array([getattr(r, name) for r in rs]) for rs in (fused, torch_))
        # Two orders of summation differ by about 1e-7. That stays so until a point comes so close
        # to a ReLU's kink that it falls on another side; from then on the difference grows.
        np.testing.assert_allclose(ours[:10], theirs[:10], rtol=1e-4, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-4, err_msg=name)
    assert [r.lr for r in fused] == [r.lr for r in torch_]


@settings(max_examples=25)
@given(
    st.sampled_from(["vae", "cvae"]),
    st.integers(1, 80),
    st.integers(1, 90),
    st.floats(1e-4, 0.05),
    st.integers(0, 1000),
)
def test_steps_clip_and_move_as_torch_s_do(family, n_train, batch_size, lr, seed):
    config = Config(family=family, batch_size=batch_size, latent_dim=3, beta=20.0, eps_w=1.0)
    problem = make_problem(config, n_train, seed=seed)
    engines = [problem.engine(FusedEngine), problem.engine(TorchEngine)]
    for engine in engines:
        engine.train_epoch(problem.order, problem.noise, lr)
        engine.keep()
    ours, theirs = (engine.kept() for engine in engines)
    steps = -(-n_train // batch_size)
    for name, weights in theirs.items():
        # Adam's first step is lr times the gradient's sign: where the gradient is rounding and
        # nothing else, two right answers lie 2 lr apart.
        wrong = (ours[name] - weights).abs() > 1e-3 * lr * steps + 1e-6
        assert wrong.float().mean() < 0.02, name


def test_a_gradient_larger_than_the_norm_is_clipped_like_torch_s():
    problem = make_problem(Config(batch_size=16, beta=50.0), 48)
    with torch.no_grad():
        problem.model.encoder.net[-1].bias += 2.0  # a KL that pulls hard
    fused, reference = problem.engine(FusedEngine), problem.engine(TorchEngine)
    for _ in range(3):
        ours = fused.train_epoch(problem.order, problem.noise, 0.01)
        theirs = reference.train_epoch(problem.order, problem.noise, 0.01)
        norm = torch.sqrt(sum(g.square().sum() for g in fused.gradient().values()))
        assert norm > 5.0
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)


@pytest.mark.parametrize("config", CONFIGS)
def test_the_same_config_and_seed_give_the_same_bits(config):
    (first, run), (again, other) = train(config, "fused"), train(config, "fused")
    assert first == again
    for name, weights in run.best_weights().items():
        assert torch.equal(weights, other.best_weights()[name])


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_divergence_is_seen_and_nothing_is_raised(family):
    run = start(replace(SMALL, family=family, lr=10.0, latent_dim=64), 0, engine="fused")
    list(fit(run))
    assert isinstance(run.outcome, Diverged)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_weight_that_is_not_finite_or_far_too_large_makes_losses_that_are_not_finite(part, value):
    problem = make_problem(Config(batch_size=32), 90)
    with torch.no_grad():
        getattr(problem.model, part).net[0].bias[:] = value
    engine = problem.engine(FusedEngine)
    assert not np.isfinite(engine.validate().loss)
    assert not np.isfinite(engine.train_epoch(problem.order, problem.noise, 0.01).loss)


def test_moments_that_have_faded_are_zero_and_slow_nothing_down():
    problem = make_problem(Config(batch_size=32), 64)
    engine = problem.engine(FusedEngine)
    plan = engine._plan
    moments = engine._data[plan.first_moment : plan.second_moment + plan.parameters]
    moments[:] = 1e-38
    engine.train_epoch(problem.order, problem.noise, 0.0)
    assert not ((moments != 0) & (np.abs(moments) < 1e-31)).any()


def test_kept_weights_are_those_of_their_epoch_and_go_into_the_model():
    config = replace(SMALL, family="cvae", encoder_hidden=(5, 17), decoder_hidden=(3, 33))
    problem = make_problem(config, 50)
    engine = problem.engine(FusedEngine)
    assert engine.kept() == {}
    engine.keep()
    kept = engine.kept()
    assert list(kept) == list(problem.model.state_dict())
    for name, weights in problem.model.state_dict().items():
        assert torch.equal(kept[name], weights), name
    validated = engine.validate()
    engine.train_epoch(problem.order, problem.noise, 0.1)
    assert engine.validate() != validated
    problem.model.load_state_dict(engine.kept())
    assert problem.engine(FusedEngine).validate() == validated


def test_a_checkpoint_of_the_fused_engine_validates_as_it_did(tmp_path):
    config = replace(SMALL, family="cvae", max_epochs=5)
    records, run = train(config, "fused")
    save_checkpoint(tmp_path, pack_weights(run.best_weights()), config, 3, "cvae")
    model = load_checkpoint(tmp_path).model
    x, y = torch.tensor(run.data.val.x), torch.tensor(run.data.val.y)
    with torch.no_grad():
        mean, _ = model.encode(x, y)
        silent = (x - model.decode(mean, y)).square().mean().item()
    best = min(records, key=lambda r: r.val_mse)
    assert silent == pytest.approx(best.val_mse, rel=0.2)  # that of the mean, without noise


def test_an_epoch_more_or_less_changes_none_before_it():
    longer = replace(SMALL, max_epochs=60)
    assert list(islice(fit(start(longer, 3)), 50)) == train(SMALL, "fused")[0]
