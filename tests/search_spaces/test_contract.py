"""What holds for every space: each of its points is a model that trains."""

import itertools
import math
import random
from dataclasses import astuple, replace

import optuna
import pytest

from moons.config import Config
from moons.fit import fit, start
from moons.models import build_model, count_parameters
from search_spaces.load import load_space, space_names
from search_spaces.space import SearchSpace

TRAINED, BUILT, CORNERS = 8, 100, 32  # samples of a space


def drawn(space: SearchSpace, n: int) -> list[dict]:
    """Points of the space as a study meets them: its whole grid, or what Optuna proposes."""
    if space.sampler == "grid":
        return list(space.grid())
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [study.ask(space.distributions()).params for _ in range(n)]


def corners(space: SearchSpace) -> list[dict]:
    """Combinations of the first and the last value of each domain: all, or a good part of many."""
    ends = [(domain.ends()[0], domain.ends()[-1]) for domain in space.searched.values()]
    every = list(itertools.product(*ends))
    chosen = random.Random(0).sample(every, min(CORNERS, len(every)))
    return [dict(zip(space.searched, values, strict=True)) for values in chosen]


def config_of(space: SearchSpace, params: dict) -> Config:
    return space.config(params, data_seed=42, max_epochs=1000)


@pytest.fixture(params=space_names())
def space(request) -> SearchSpace:
    return load_space(request.param)


def test_every_sample_builds_a_config_that_holds_it_and_a_model(space):
    for params in drawn(space, BUILT):
        config = config_of(space, params)
        assert {key: getattr(config, key) for key in params} == params
        assert {key: getattr(config, key) for key in space.fixed} == dict(space.fixed)
        assert config.family == space.family
        assert count_parameters(config) > 0


def test_every_sample_trains_one_finite_epoch(space):
    for params in drawn(space, TRAINED):
        config = replace(config_of(space, params), max_epochs=1)
        (record,) = fit(start(config, seed=0))
        assert all(math.isfinite(value) for value in astuple(record)), config


def test_every_corner_trains_one_finite_epoch_on_little_data(space):
    for params in corners(space):
        config = replace(config_of(space, params), max_epochs=1, n_samples=40)
        (record,) = fit(start(config, seed=0))
        assert all(math.isfinite(value) for value in astuple(record)), config


def test_every_corner_s_model_has_the_weights_that_are_counted(space):
    for params in corners(space):
        config = config_of(space, params)
        model = build_model(config, 0)
        assert sum(p.numel() for p in model.parameters()) == count_parameters(config)


def test_a_space_says_what_it_is_for(space):
    assert space.about.strip()
    assert "\n" not in space.about


def test_the_base_spaces_search_the_study_s_own_table():
    sizes = {"kind": "choice", "options": [2, 4, 8, 16, 32, 64, 128]}
    for family in ("vae", "cvae"):
        base = load_space(family)
        assert (base.family, base.sampler, base.metric, base.trials) == (
            *(family, "tpe", "val_mse"),
            100,
        )
        assert base.as_dict()["searched"] == {
            "lr": {"kind": "float", "low": 1e-4, "high": 1e-1, "log": True},
            "batch_size": {"kind": "choice", "options": [32, 64, 128, 256]},
            "encoder_hidden": sizes,
            "latent_dim": sizes,
            "decoder_hidden": sizes,
        }


def test_the_probabilistic_spaces_draw_beta_and_eps_w_at_random():
    for family in ("vae", "cvae"):
        proba = load_space(f"{family}-proba")
        assert (proba.family, proba.sampler) == (family, "random")
        assert proba.as_dict()["searched"] == {
            "eps_w": {"kind": "float", "low": 1e-3, "high": 1.0, "log": True},
            "beta": {"kind": "float", "low": 0.1, "high": 100.0, "log": True},
        }


def test_the_data_space_is_a_full_grid_of_21_points():
    grid = list(load_space("data").grid())
    assert len(grid) == 21
    assert {(p["n_samples"], p["noise"]) for p in grid} == set(
        itertools.product((200, 2000, 20_000), (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3))
    )
