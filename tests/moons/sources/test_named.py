"""The data sets that come with the project: names, draws, and densities against their draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moons.config import Config
from moons.data import load_data
from moons.evaluation import energy_distance
from moons.sources import SOURCES, UnknownData, source_named
from moons.sources.names import NAMED
from moons.sources.quadrature import bayes_label, entropy, log_density, quadrature

OURS = sorted(SOURCES)
noises = st.floats(0.03, 2.0)


def test_every_source_has_its_names():
    assert SOURCES.keys() == NAMED.keys()
    for name in OURS:
        source = source_named(name)
        assert (source.name, source.columns, source.classes) == (
            name,
            NAMED[name].columns,
            NAMED[name].classes,
        )


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(OURS), noises)
def test_the_density_of_every_class_integrates_to_one(name, noise):
    source = source_named(name)
    grid = source.grid(noise, 2.0)
    step = np.diff(np.unique(np.round(grid[:, 0], 9))).min()
    sums = np.exp(source.log_densities(grid, noise)).sum(axis=0) * step**2
    assert sums == pytest.approx(1.0, abs=2e-6)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(OURS), noises, st.integers(0, 2**32 - 1))
def test_the_entropy_is_the_mean_code_length_of_draws(name, noise, seed):
    source = source_named(name)
    drawn = source.draw_fresh(4000, noise, seed)
    for given_label in (False, True):
        lengths = -log_density(source, drawn.x, noise, drawn.y if given_label else None)
        error = lengths.std() / np.sqrt(len(lengths))
        assert entropy(source, noise, given_label) == pytest.approx(lengths.mean(), abs=5 * error)


@pytest.mark.parametrize("name", OURS)
def test_the_density_agrees_with_a_million_draws(name):
    # The share of draws in a small square against the mean density over a lattice in it.
    source, noise, side = source_named(name), 0.15, 0.06
    drawn = source.draw_fresh(1_000_000, noise, 2).x
    lattice = (np.stack(np.meshgrid(*[np.arange(5)] * 2), axis=-1).reshape(-1, 2) - 2) * side / 5
    for centre in source.draw_fresh(10, noise, 3).x:
        share = (np.abs(drawn - centre) < side / 2).all(axis=1).mean()
        exact = np.exp(log_density(source, centre + lattice, noise)).mean() * side**2
        assert share == pytest.approx(exact, abs=5 * np.sqrt(exact / len(drawn)) + 0.002 * exact)


@pytest.mark.parametrize("name", OURS)
def test_training_points_and_fresh_draws_are_of_one_distribution(name):
    source = source_named(name)
    ours, fresh = source.draw(4000, 0.15, 6), source.draw_fresh(4000, 0.15, 7)
    assert energy_distance(ours.x, fresh.x) < 0.003
    counts = np.bincount(ours.y, minlength=len(source.classes))
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", OURS)
def test_draws_repeat_with_their_seed_and_keep_the_labels_asked_for(name):
    source = source_named(name)
    asked = np.arange(200) % len(source.classes)
    first, again = (source.draw_fresh(200, 0.05, 8, asked) for _ in range(2))
    assert (first.x == again.x).all()
    assert (first.y == asked).all()
    assert (bayes_label(source, first.x, 0.05) == asked).mean() > 0.95
    assert (source.draw_fresh(200, 0.05, 9, asked).x != first.x).any()
    assert (source.draw(200, 0.05, 8).x == source.draw(200, 0.05, 8).x).all()


@pytest.mark.parametrize("name", OURS)
def test_without_noise_there_are_points_and_no_density(name):
    source = source_named(name)
    assert not source.known(0.0)
    assert source.log_densities([[0.0, 0.0]], 0.0) is None
    assert quadrature(source, 0.0) is None
    assert np.isfinite(source.draw(50, 0.0, 1).x).all()


@pytest.mark.parametrize("name", OURS)
def test_data_are_split_60_20_20_within_every_class(name):
    config = Config(data=name, n_samples=800)
    data = load_data(config)
    for part, share in ((data.train, 0.6), (data.val, 0.2), (data.test, 0.2)):
        counts = np.bincount(part.y, minlength=config.classes)
        assert counts == pytest.approx(share * 800 / config.classes, abs=1)


def test_data_that_nobody_knows_are_refused_by_name():
    with pytest.raises(UnknownData, match=r"'my\.csv#0123456789abcdef' are not known here"):
        source_named("my.csv#0123456789abcdef")
