import dataclasses
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from moons.config import Config
from moons.models import CVAE
from search_spaces.domain import domain_from_dict
from search_spaces.load import load_space, space_names
from search_spaces.space import STUDY_KEYS, Choice, Float, Int, SearchSpace

ROOT = Path(__file__).parents[2]


class Mine(CVAE):
    """A model of somebody's own."""


def space(**fields) -> SearchSpace:
    usual = {"name": "mine", "about": "a test", "family": "vae"}
    return SearchSpace(**usual | {"searched": {"lr": Float(1e-4, 1e-1, log=True)}} | fields)


def refusal(**fields) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        space(**fields)
    return str(refused.value)


@pytest.mark.parametrize(
    ("domain", "distribution"),
    [
        (Float(0.1, 2.0), FloatDistribution(0.1, 2.0)),
        (Float(1e-4, 1e-1, log=True), FloatDistribution(1e-4, 1e-1, log=True)),
        (Int(2, 64), IntDistribution(2, 64)),
        (Int(2, 64, log=True), IntDistribution(2, 64, log=True)),
        (Choice(32, 64), CategoricalDistribution((32, 64))),
        (Float(0.0, 1.0, step=0.1), FloatDistribution(0.0, 1.0, step=0.1)),
        (Int(2, 9, step=3), IntDistribution(2, 8, step=3)),
    ],
)
def test_a_domain_is_the_optuna_distribution_of_the_same_values(domain, distribution):
    assert domain.distribution() == distribution


@pytest.mark.parametrize(
    "domain",
    [
        *(Float(0.1, 2.0, log=True), Int(2, 64), Choice(0.0, "a", 3)),
        *(Float(0.0, 1.0, step=0.25), Int(2, 64, step=2)),
    ],
)
def test_a_domain_comes_back_from_the_manifest(domain):
    assert domain_from_dict(json.loads(json.dumps(domain.as_dict()))) == domain


@pytest.mark.parametrize("fields", [{}, {"kind": "float", "low": 1}, {"kind": "set", "of": [1]}])
def test_what_is_no_domain_is_refused(fields):
    with pytest.raises(ValueError, match="not a domain"):
        domain_from_dict(fields)


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Float(0.1, 2), "uniform in [0.1, 2]"),
        (Float(1e-4, 0.1, log=True), "log-uniform in [0.0001, 0.1]"),
        (Int(2, 64, log=True), "whole, log-uniform in [2, 64]"),
        (Choice(32, 64), "one of 32, 64"),
        (Float(0.0, 1.0, step=0.1), "uniform in [0, 1], 0.1 apart"),
        (Int(2, 8, step=2), "whole, uniform in [2, 8], 2 apart"),
    ],
)
def test_a_domain_reads_like_a_table_s_cell(domain, text):
    assert str(domain) == text


@pytest.mark.parametrize(
    ("searched", "sentence"),
    [
        (
            {"lr": Float(0.1, 0.01)},
            "lr has an empty range: low must be below high, got [0.1, 0.01]",
        ),
        (
            {"lr": Float(0.1, 0.1)},
            "lr has an empty range: low must be below high, got [0.1, 0.1]",
        ),
        (
            {"latent_dim": Int(8, 2)},
            "latent_dim has an empty range: low must be below high, got [8, 2]",
        ),
        (
            {"noise": Float(0.0, 0.3, log=True)},
            "noise has a logarithmic range, which must begin above 0, got 0.0",
        ),
        ({"lr": Float(1e-4, float("nan"))}, "lr must be numbers in [1e-08, 10], got nan"),
        ({"lr": Float("a", "b")}, "lr must be numbers in [1e-08, 10], got 'a'"),
        ({"beta": Float(0.1, 1e5)}, "beta must be numbers in [0, 10000], got 100000.0"),
        ({"latent_dim": Int(0, 8)}, "latent_dim must be whole numbers in [1, 512], got 0"),
        (
            {"latent_dim": Choice(0, 2, 4)},
            "latent_dim must be whole numbers in [1, 512], got 0",
        ),
        ({"latent_dim": Float(2, 8)}, "latent_dim must be whole numbers in [1, 512], got 2.0"),
        (
            {"beta": Int(0.5, 3)},
            "beta must have whole numbers as the ends of its Int, got 0.5",
        ),
        (
            {"monitor": Float("val_loss", "val_mse")},
            "monitor must have numbers as the ends of its Float, got 'val_loss'",
        ),
        ({"lr": Choice()}, "lr needs at least one option in its Choice, got none"),
        (
            {"batch_size": Choice(32, 64, 32)},
            "batch_size needs options that differ, got [32, 64, 32]",
        ),
        (
            {"encoder_hidden": Choice(32, [32, 16])},
            "encoder_hidden must be fixed to be a list, got the option [32, 16]",
        ),
        (
            {"encoder_hidden": Choice([32, 64])},
            "encoder_hidden takes its options one by one, Choice(32, 64), got Choice([32, 64])",
        ),
        ({"beta": Choice(1, 1.0)}, "beta needs options that differ, got [1, 1.0]"),
        (
            {"beta": Float(0.1, 1.0, log=True, step=0.1)},
            "beta has a step of 0.1, which a logarithmic range cannot have",
        ),
        (
            {"beta": Float(0.0, 1.0, step=0)},
            "beta must have a number in (0, 1] as its step, got 0",
        ),
        (
            {"latent_dim": Int(2, 8, step=1.5)},
            "latent_dim must have a whole number in (0, 6] as its step, got 1.5",
        ),
        (
            ["lr"],
            "searched must map settings, as in {\"lr\": Float(1e-4, 1e-1, log=True)}, got ['lr']",
        ),
        ({"lr": 0.1}, "lr must be a Float, an Int or a Choice, got 0.1"),
        (
            {"data_seed": Int(0, 5)},
            "data_seed belongs to the study, not to a space; leave it out",
        ),
        ({}, "searched is empty: name at least one setting and its domain"),
    ],
)
def test_a_domain_that_cannot_be_searched_is_refused_by_key_and_value(searched, sentence):
    assert refusal(searched=searched) == sentence


@pytest.mark.parametrize("where", ["searched", "fixed"])
def test_an_unknown_key_is_refused_with_the_list_of_those_a_space_may_name(where):
    usual = {"searched": {"lr": Float(1e-4, 0.1)}, "fixed": {}}
    usual[where] = usual[where] | {"learning_rate": Float(1e-4, 0.1)}
    sentence = refusal(**usual)
    assert sentence.startswith("unknown key 'learning_rate'; allowed keys: ")
    allowed = set(sentence.partition("allowed keys: ")[2].split(", "))
    assert allowed == set(Config.__dataclass_fields__) - set(STUDY_KEYS)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"fixed": {"latent_dim": 0}}, "latent_dim must be whole numbers in [1, 512], got 0"),
        ({"fixed": {"lr": 0.1}}, "lr is both searched and fixed; keep one"),
        ({"family": "gan"}, "family must be one of vae, cvae, got 'gan'"),
        ({"sampler": "cma"}, "sampler must be one of tpe, random, grid, gp, cmaes, qmc, got 'cma'"),
        (
            {"sampler": "grid"},
            "lr must be a Choice, as the sampler is a grid, got log-uniform in [0.0001, 0.1]",
        ),
        ({"trials": 0}, "trials must be a whole number above 0, got 0"),
        ({"scheduler": "pbt"}, "scheduler must be one of asha, median, hyperband, none, got 'pbt'"),
        ({"fixed": [1]}, 'fixed must map settings, as in {"lr": 1e-3}, got [1]'),
        ({"name": 3}, "name must match [A-Za-z0-9][A-Za-z0-9._-]{0,39}, got 3"),
        ({"metric": 3}, "metric must be a text such as val_mse, got 3"),
        ({"model": "CVAE"}, "model must be a class, see moons.models.VAE, got 'CVAE'"),
        (
            {"model": CVAE},
            "model must be a class of your own, got CVAE, which comes with the project: say "
            "family vae or cvae and leave model out",
        ),
        ({"grace": 2.5}, "grace must be a whole number above 0, got 2.5"),
        (
            {"fixed": {"encoder_hidden": [64, 32], "encoder_layers": 3}},
            "encoder_layers must be left out where encoder_hidden lists the widths, "
            "got 3 beside [64, 32]",
        ),
        (
            {"searched": {"decoder_layers": Int(1, 3)}, "fixed": {"decoder_hidden": [64, 32]}},
            "decoder_layers must be left out where decoder_hidden lists the widths, "
            "got 3 beside [64, 32]",
        ),
    ],
)
def test_a_space_that_could_not_train_is_refused_when_it_is_made(fields, sentence):
    assert refusal(**fields) == sentence


@pytest.mark.parametrize("name", ["", "../elsewhere", "a/b", ".hidden", "two words", "x" * 41])
def test_a_space_s_name_can_be_a_folder_s(name):
    assert refusal(name=name) == (
        f"name must match [A-Za-z0-9][A-Za-z0-9._-]{{0,39}}, got {name!r}"
    )


@pytest.mark.parametrize(
    "metric", ["", "mse", "val_mse,", "val_mse,val_mse", "val_mse,val_loss,val_excess_nll", "loss,"]
)
def test_a_metric_that_cannot_be_minimised_is_refused_with_those_that_can(metric):
    sentence = refusal(metric=metric)
    assert repr(metric) in sentence
    for allowed in ("val_mse", "val_loss", "val_energy_distance", "val_excess_nll"):
        assert allowed in sentence


def test_two_metrics_joined_by_a_comma_are_two_objectives():
    assert space(metric="val_mse,val_excess_nll").metrics == ("val_mse", "val_excess_nll")
    assert space().metrics == ("val_mse",)


@given(st.floats(1e-4, 1e-1), st.integers(0, 2**32 - 1), st.integers(1, 1000))
def test_a_point_becomes_a_config_with_what_is_fixed_and_what_the_study_says(lr, seed, epochs):
    made = space(family="cvae", fixed={"latent_dim": 3, "encoder_hidden": [64, 32]}).config(
        {"lr": lr}, data_seed=seed, max_epochs=epochs
    )
    assert made == Config(
        family="cvae",
        lr=lr,
        latent_dim=3,
        encoder_hidden=(64, 32),
        data_seed=seed,
        max_epochs=epochs,
    )


def test_a_point_that_is_not_possible_is_refused_by_the_space_s_name():
    with pytest.raises(ValueError, match=r"space mine: lr must be .*got 100"):
        space().config({"lr": 100}, data_seed=0, max_epochs=10)


def test_a_grid_has_every_combination_once_in_order():
    both = {"n_samples": Choice(200, 2000), "noise": Choice(0.0, 0.1, 0.2)}
    points = list(space(searched=both, sampler="grid").grid())
    assert points == [{"n_samples": n, "noise": s} for n in (200, 2000) for s in (0.0, 0.1, 0.2)]


@pytest.mark.parametrize("name", space_names())
def test_a_space_comes_back_from_its_manifest_with_the_same_hash(name):
    built = load_space(name)
    again = SearchSpace.from_dict(json.loads(json.dumps(built.as_dict())))
    assert again.as_dict() == built.as_dict()
    assert again.digest() == built.digest()


@pytest.mark.parametrize("damage", [{"searched": None}, {"searched": {"lr": {}}}, {"metric": 1}])
def test_a_manifest_s_damaged_space_is_refused(damage):
    with pytest.raises(ValueError, match=r"not a (search space|domain)"):
        SearchSpace.from_dict(space().as_dict() | damage)


@pytest.mark.parametrize(
    "change",
    [
        {"searched": {"lr": Float(1e-4, 2e-1, log=True)}},
        {"searched": {"lr": Float(1e-4, 1e-1)}},
        {"searched": {"lr": Choice(1e-4, 1e-1)}},
        {"fixed": {"beta": 0.5}},
        {"sampler": "random"},
        {"metric": "val_loss"},
        {"family": "cvae"},
        {"model": Mine},
    ],
)
def test_the_hash_changes_with_all_that_decides_what_a_trial_is(change):
    assert space(**change).digest() != space().digest()


def test_values_are_in_their_setting_s_own_type_whatever_they_were_written_as():
    searched = {"beta": Choice(0.1, np.int64(1), 10), "lr": Float(1e-3, 1), "latent_dim": Int(
        np.int32(2), np.int64(8))}  # fmt: skip
    written = space(searched=searched, fixed={"eps_w": 1, "decoder_hidden": np.int64(8)})
    exact = space(
        searched={"beta": Choice(0.1, 1.0, 10.0), "lr": Float(1e-3, 1.0), "latent_dim": Int(2, 8)},
        fixed={"eps_w": 1.0, "decoder_hidden": 8},
    )
    assert json.dumps(written.as_dict()) == json.dumps(exact.as_dict())
    assert space(trials=np.int64(7)).trials == 7


def test_a_tuple_among_what_is_fixed_comes_back_from_json():
    made = space(fixed={"encoder_hidden": (64, 32)})
    again = SearchSpace.from_dict(json.loads(json.dumps(made.as_dict())))
    assert (again.as_dict(), again.fixed) == (made.as_dict(), made.fixed)


@pytest.mark.parametrize(("low", "high", "step"), [(0.0, 1.0, 0.1), (0.1, 0.95, 0.1), (0, 1, 0.3)])
def test_a_stepped_range_ends_where_optuna_s_does(low, high, step):
    domain = Float(low, high, step=step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert domain.ends()[1] == FloatDistribution(low, high, step=step).high


def test_a_model_is_known_by_the_code_of_its_file(tmp_path):
    def found(name, text):
        (tmp_path / name).write_text(text)
        return load_space(str(tmp_path / name)).as_dict()["code"]

    text = (
        "from moons.models import VAE\nfrom search_spaces.space import *\n"
        "class vae(VAE): pass\n"
        "SPACE = SearchSpace(name='a', about='', family='vae', searched={'lr': Float(.1, 1)}, "
        "model=vae)\n"
    )
    one = found("a.py", text)
    assert (one["class"], one["file"]) == ("vae", "a.py")
    assert found("b.py", text)["hash"] == one["hash"]
    assert found("a.py", text + "# more")["hash"] != one["hash"]


def test_the_hash_does_not_depend_on_the_order_or_the_words():
    two = {"lr": Float(1e-4, 0.1), "beta": Float(0.1, 1.0)}
    turned = dict(reversed(two.items()))
    assert space(searched=two).digest() == space(searched=turned, about="else").digest()


def test_the_hash_is_the_same_in_every_process():
    code = "from search_spaces.load import load_space; print(load_space('cvae').digest())"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == load_space("cvae").digest()


def test_a_space_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        space().sampler = "random"  # type: ignore[misc]
