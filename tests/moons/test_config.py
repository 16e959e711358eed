import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moons.config import BOUNDS, CHOICES, Config, check_value
from moons.sources.names import NAMED

WHOLE = [key for key, bounds in BOUNDS.items() if bounds.kind is int]
REAL = [key for key, bounds in BOUNDS.items() if bounds.kind is float]


@st.composite
def settings_of_a_run(draw):
    settings = {key: draw(st.sampled_from(values)) for key, values in CHOICES.items()}
    for key in WHOLE:
        low, high = int(BOUNDS[key].low), int(BOUNDS[key].high)
        settings[key] = draw(st.integers(low, high))
    settings["data"] = draw(st.sampled_from([*NAMED, "my.csv#0123456789abcdef"]))
    least = 2 if settings["family"] == "cvae" else 1
    own = {"data_dim": max(1, settings["data_dim"]), "classes": max(least, settings["classes"])}
    settings |= own if settings["data"] not in NAMED else {"data_dim": 0, "classes": 0}
    for key in REAL:
        settings[key] = draw(st.floats(BOUNDS[key].low, BOUNDS[key].high))
    for part in draw(st.sets(st.sampled_from(["encoder", "decoder"]))):
        settings[f"{part}_hidden"] = draw(st.lists(st.integers(1, 4096), min_size=1, max_size=4))
        settings[f"{part}_layers"] = 1
    if settings["objective"] == "iwae" or settings["prior"] == "mixture":  # they weigh q as it is
        settings |= {"eps_w": 1.0, "beta": settings["beta"] or 1.0}
    return settings


def test_the_defaults_are_those_of_the_study():
    config = Config()
    assert (config.n_samples, config.noise, config.data_seed) == (2000, 0.15, 42)
    assert (config.beta, config.eps_w) == (1.0, 0.1)
    assert (config.max_epochs, config.min_epochs) == (1000, 10)
    assert (config.patience, config.plateau_patience) == (100, 50)
    assert config.monitor == "val_mse"
    assert (config.objective, config.importance_samples) == ("elbo", 1)
    assert (config.activation, config.prior) == ("relu", "standard")
    assert (config.schedule, config.keep) == ("plateau", "best")
    assert config.encoder_widths == config.decoder_widths == (32,)


@given(settings_of_a_run())
def test_a_config_survives_json(settings):
    config = Config.from_mapping(settings, "a test")
    again = Config.from_mapping(json.loads(json.dumps(config.as_dict())), "a file")
    assert again == config


@pytest.mark.parametrize("key", BOUNDS)
def test_the_ends_of_a_setting_s_range_are_allowed_and_what_lies_beyond_is_not(key):
    bounds = BOUNDS[key]
    below, above = (
        (bounds.low - 1, bounds.high + 1)
        if bounds.kind is int
        else (math.nextafter(bounds.low, -math.inf), math.nextafter(bounds.high, math.inf))
    )
    check_value(key, bounds.kind(bounds.low))
    check_value(key, bounds.kind(bounds.high))
    for value in (bounds.kind(below), bounds.kind(above)):
        with pytest.raises(ValueError, match=key):
            check_value(key, value)


@pytest.mark.parametrize("key", [*BOUNDS, *CHOICES])
@pytest.mark.parametrize("value", [None, True, "32", "", math.nan, math.inf, -math.inf, [], {}])
def test_what_is_no_number_or_no_finite_one_is_refused_by_key_and_value(key, value):
    with pytest.raises(ValueError, match=key) as refusal:
        Config.from_mapping({key: value}, "space.py")
    assert repr(value) in str(refusal.value)


@pytest.mark.parametrize("key", WHOLE)
def test_a_fraction_is_no_whole_number(key):
    with pytest.raises(ValueError, match="whole numbers"):
        Config.from_mapping({key: BOUNDS[key].low + 0.5}, "space.py")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"latent_dim": 0},
            "space.py: latent_dim must be whole numbers in [1, 512], got 0",
        ),
        (
            {"family": "gan"},
            "space.py: family must be one of vae, cvae, got 'gan'",
        ),
        (
            {"encoder_hidden": [32, 0]},
            "space.py: encoder_hidden must be whole numbers in [1, 4096], or a list of them, got 0",
        ),
        (
            {"encoder_hidden": [32, 16], "encoder_layers": 3},
            "space.py: encoder_layers must be left out where encoder_hidden lists the widths, "
            "got 3 beside [32, 16]",
        ),
    ],
)
def test_a_refusal_says_where_what_it_got_and_what_is_allowed(settings, sentence):
    with pytest.raises(ValueError, match="must be") as refusal:
        Config.from_mapping(settings, "space.py")
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"objective": "iwae"}, "eps_w must be 1 with objective iwae, .*, got 0.1"),
        ({"prior": "mixture", "eps_w": 2.0}, "eps_w must be 1 with prior mixture, .*, got 2"),
        ({"objective": "iwae", "eps_w": 1.0, "beta": 0.0}, "beta must be above 0 .*, got 0"),
    ],
)
def test_latents_are_weighed_by_no_other_density_than_they_are_drawn_from(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Config(**settings)


def test_a_row_of_an_older_table_has_the_defaults_of_newer_settings():
    config = Config(lr=0.01)
    newer = ("objective", "importance_samples", "prior", "schedule", "keep", "activation")
    row = {key: value for key, value in config.as_dict().items() if key not in newer}
    assert Config.from_row(row, "a table") == config


def test_an_unknown_key_is_refused_with_the_list_of_those_there_are():
    with pytest.raises(ValueError, match="unknown key 'learning_rate'") as refusal:
        Config.from_mapping({"learning_rate": 0.1}, "space.py")
    sentence = str(refusal.value)
    assert sentence.startswith("space.py: ")
    assert all(field.name in sentence for field in dataclasses.fields(Config))


@pytest.mark.parametrize("widths", [[[2, 3]], range(1, 4), b"ab", (2, 3.0), (2, True), {2, 3}])
def test_a_list_of_widths_is_a_flat_list_of_whole_numbers(widths):
    with pytest.raises(ValueError, match="decoder_hidden must be"):
        Config.from_mapping({"decoder_hidden": widths}, "space.py")


@given(st.integers(1, 4096), st.integers(1, 8))
def test_a_width_and_a_number_of_layers_mean_as_many_layers_of_that_width(width, layers):
    config = Config(encoder_hidden=width, encoder_layers=layers)
    assert config.encoder_widths == (width,) * layers
    assert config.decoder_widths == (32,)


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=8))
def test_a_list_of_widths_is_taken_as_it_is(widths):
    config = Config(decoder_hidden=widths)
    assert config.decoder_widths == tuple(widths)
    assert Config(decoder_hidden=tuple(widths)) == config
    assert hash(config) == hash(Config(decoder_hidden=tuple(widths)))


def test_training_never_goes_beyond_its_largest_number_of_epochs_to_reach_the_least():
    assert Config(max_epochs=4).min_epochs == 4
    assert Config(max_epochs=40).min_epochs == 10


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().lr = 0.5  # type: ignore[misc]


@given(st.floats(0.001, 10.0))
def test_the_decoder_s_noise_that_a_loss_implies_leads_back_to_beta(sigma):
    assert Config(beta=2 * sigma**2).sigma_x == pytest.approx(sigma)


@given(st.one_of(st.integers(1, 4096), st.lists(st.integers(1, 4096), min_size=2, max_size=4)))
def test_widths_come_back_from_a_table_whose_column_is_text(widths):
    config = Config(encoder_hidden=widths, encoder_layers=1 if isinstance(widths, list) else 2)
    text = ",".join(map(str, widths)) if isinstance(widths, list) else str(widths)
    assert Config.from_row(config.as_dict() | {"encoder_hidden": text}, "a table") == config


def test_a_value_is_kept_in_its_setting_s_own_type():
    config = Config(beta=1, lr=np.float32(0.5), latent_dim=np.int64(3), encoder_hidden=[np.int8(4)])
    kinds = {"beta": float, "lr": float, "latent_dim": int}
    assert {key: type(getattr(config, key)) for key in kinds} == kinds
    assert config.encoder_hidden == (4,)
    assert type(config.encoder_hidden[0]) is int
    assert json.dumps(config.as_dict())


@pytest.mark.parametrize("value", [True, np.True_, 2.0, "2", None, 10**400])
def test_what_is_no_whole_number_is_none(value):
    with pytest.raises(ValueError, match="latent_dim must be whole numbers"):
        check_value("latent_dim", value)
