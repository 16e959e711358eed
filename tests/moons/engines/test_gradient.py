"""The kernel's losses and gradient against autograd in double precision."""

import copy
import math
import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from moons.config import Config
from moons.engines.fused import FusedEngine
from moons.engines.reference import batch_loss
from moons.objective import Losses
from tests.moons.engines.problem import make_problem

ROOT = Path(__file__).parents[3]
widths = st.lists(st.integers(1, 40), min_size=1, max_size=3).map(tuple)
configs = st.builds(
    Config,
    family=st.sampled_from(["vae", "cvae"]),
    encoder_hidden=widths,
    latent_dim=st.one_of(st.just(1), st.integers(1, 40)),
    decoder_hidden=widths,
    batch_size=st.integers(1, 150),
    beta=st.one_of(st.just(0.0), st.floats(0.01, 100.0)),
    eps_w=st.one_of(st.just(0.0), st.floats(0.01, 3.0)),
)
several = st.builds(
    Config,
    family=st.sampled_from(["vae", "cvae"]),
    encoder_hidden=widths,
    latent_dim=st.one_of(st.just(1), st.integers(1, 12)),
    decoder_hidden=widths,
    batch_size=st.integers(1, 80),
    beta=st.floats(0.05, 10.0),
    eps_w=st.just(1.0),
    objective=st.sampled_from(["elbo", "iwae"]),
    importance_samples=st.sampled_from([1, 2, 8, 32]),
    activation=st.sampled_from(["relu", "tanh", "silu"]),
    prior=st.sampled_from(["standard", "mixture"]),
    prior_components=st.integers(1, 9),
)
of_any_size = st.builds(
    replace,
    st.one_of(configs, several),
    data=st.just("points.csv#0123456789abcdef"),
    data_dim=st.integers(1, 64),
    classes=st.integers(2, 12),
)
smooth_elbo = st.builds(
    replace, configs, activation=st.sampled_from(["tanh", "silu"]), importance_samples=st.just(3)
)


def with_closest_to_kink(model, run):
    """What `run` returns, and how close a ReLU's input came to 0 in it."""
    inputs = []
    hooks = [
        module.register_forward_pre_hook(lambda _, args: inputs.append(args[0].detach()))
        for module in model.modules()
        if isinstance(module, nn.ReLU)
    ]
    result = run()
    for hook in hooks:
        hook.remove()
    return result, min((values.abs().min().item() for values in inputs), default=math.inf)


class Expected(NamedTuple):
    """Losses in double precision, their gradient, and how close a ReLU's input came to 0."""

    losses: Losses
    gradient: dict[str, Tensor]
    closest: float


def expected(problem, places, split, noise):
    model = copy.deepcopy(problem.model).double()
    x, y = torch.tensor(split.x).double()[places], torch.tensor(split.y)[places]
    loss, closest = with_closest_to_kink(
        model, lambda: batch_loss(model, x, y, noise.double(), problem.config)
    )
    named = dict(model.named_parameters())
    gradient = dict(zip(named, torch.autograd.grad(loss.loss, named.values()), strict=True))
    return Expected(loss.whole(x.shape, problem.config.beta), gradient, closest)


def assert_same_losses(ours, right):
    # A KL is a difference of numbers of order 1, and each is rounded at 6e-8.
    assert ours.mse == pytest.approx(right.mse, rel=1e-5)
    assert ours.kl == pytest.approx(right.kl, rel=1e-5, abs=1e-5)
    assert ours.loss == pytest.approx(right.loss, rel=1e-4)


def assert_same_gradient(ours, right):
    assert ours.keys() == right.keys()
    norm = torch.sqrt(sum(g.square().sum() for g in right.values()))
    for name, gradient in right.items():
        error = torch.linalg.vector_norm(ours[name].double() - gradient)
        assert error <= 1e-5 * norm, name


@settings(max_examples=300)
@given(
    st.one_of(configs, several, of_any_size, smooth_elbo),
    st.integers(1, 140),
    st.integers(0, 2**32 - 1),
)
def test_the_gradient_is_autograd_s(config, n_train, seed):
    # At a rate of 0 the weights stay, so that all batches of the epoch meet the same ones.
    problem = make_problem(config, n_train, seed=seed)
    engine = problem.engine(FusedEngine)
    losses = engine.train_epoch(problem.order, problem.noise, 0.0)
    last = (n_train - 1) // config.batch_size * config.batch_size
    split = problem.data.train
    epoch = expected(problem, problem.order, split, problem.noise)
    assert_same_losses(losses, epoch.losses)
    batch = expected(problem, problem.order[last:], split, problem.noise[:, last:])
    assume(batch.closest > 1e-6)  # within rounding of the kink either side's derivative is right
    assert_same_gradient(engine.gradient(), batch.gradient)


@settings(max_examples=100)
@given(
    st.one_of(configs, several, of_any_size, smooth_elbo),
    st.integers(1, 100),
    st.integers(0, 2**32 - 1),
)
def test_validation_is_the_objective_over_the_whole_split(config, n_val, seed):
    problem = make_problem(config, 1, n_val, seed)
    right = expected(problem, slice(None), problem.data.val, problem.val_noise)
    assert_same_losses(problem.engine(FusedEngine).validate(), right.losses)


@pytest.mark.parametrize("width", [127, 128, 129, 200])
def test_wide_layers_have_autograd_s_gradient(width):
    config = Config(
        family="cvae",
        encoder_hidden=(8, width),
        latent_dim=128,
        decoder_hidden=(width, width),
        batch_size=64,
        eps_w=1.0,
    )
    problem = make_problem(config, 64)
    engine = problem.engine(FusedEngine)
    engine.train_epoch(problem.order, problem.noise, 0.0)
    right = expected(problem, problem.order, problem.data.train, problem.noise)
    assert_same_gradient(engine.gradient(), right.gradient)


def test_large_posteriors_are_as_exact_as_small_ones():
    config = Config(latent_dim=4, eps_w=0.5, beta=0.5)
    problem = make_problem(config, 60)
    with torch.no_grad():
        problem.model.encoder.net[-1].bias[4:] = torch.tensor([-30.0, -4.0, 8.0, 15.0])
    engine = problem.engine(FusedEngine)
    losses = engine.train_epoch(problem.order, problem.noise, 0.0)
    right = expected(problem, problem.order, problem.data.train, problem.noise).losses
    assert losses.kl == pytest.approx(right.kl, rel=1e-6)
    assert losses.mse == pytest.approx(right.mse, rel=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="names x86 processors")
@pytest.mark.parametrize(
    ("processor", "features"), [("haswell", "+avx2,+fma"), ("x86-64", "+sse2")]
)
def test_older_processors_compute_the_same(processor, features, tmp_path):
    asked = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features}
    program = (
        "from moons.config import Config\n"
        "from moons.engines.agreement import obstacle\n"
        "from moons.engines.kernel.lanes import LANES\n"
        "from moons.models import build_model\n"
        "plain = Config(family='cvae', encoder_hidden=(8, 8))\n"
        "more = Config(eps_w=1.0, objective='iwae', importance_samples=8, activation='silu', "
        "prior='mixture')\n"
        "print(LANES, *(obstacle(build_model(c, 0), c) for c in (plain, more)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | asked | {"NUMBA_CACHE_DIR": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["8", "None", "None"]
