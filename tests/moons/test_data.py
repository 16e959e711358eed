import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_moons

from moons.config import Config
from moons.data import DataSet, _loaded, load_data
from moons.fit import start
from moons.sources import source_named
from moons.split import Split

N_SAMPLES = st.integers(20, 3000)
SEEDS = st.integers(0, 2**32 - 1)
MOONS = source_named("moons")


def drawn_moons(n_samples, noise, seed):
    return load_data(Config(n_samples=n_samples, noise=noise, data_seed=seed))


def sorted_rows(*splits: Split):
    rows = np.concatenate([np.column_stack([s.x, s.y]) for s in splits])
    return rows[np.lexsort(rows.T)]


def parts(moons):
    return moons.train, moons.val, moons.test


@given(N_SAMPLES, SEEDS)
def test_each_moon_is_split_60_20_20(n_samples, seed):
    moons = drawn_moons(n_samples, 0.15, seed)
    drawn = MOONS.draw(n_samples, 0.15, seed)
    for moon in (0, 1):
        members = np.sum(drawn.y == moon)
        counts = [int(np.sum(part.y == moon)) for part in parts(moons)]
        assert sum(counts) == members
        assert abs(counts[0] - 0.6 * members) <= 0.5
        assert abs(counts[1] - 0.2 * members) <= 0.5


def test_the_default_data_are_600_200_200_points_of_each_moon():
    for part, expected in zip(
        parts(drawn_moons(2000, 0.15, 42)),
        (600, 200, 200),
        strict=True,
    ):
        assert np.bincount(part.y).tolist() == [expected, expected]
        assert len(part) == 2 * expected


@given(N_SAMPLES, SEEDS, st.integers(1, 2**32 - 1))
def test_another_split_draws_what_validates_anew_and_leaves_the_test_points(n, seed, split_seed):
    own = load_data(Config(n_samples=n, data_seed=seed))
    other = load_data(Config(n_samples=n, data_seed=seed, split_seed=split_seed))
    np.testing.assert_array_equal(own.test.x, other.test.x)
    np.testing.assert_array_equal(
        sorted_rows(own.train, own.val), sorted_rows(other.train, other.val)
    )
    for part, again in zip(parts(own), parts(other), strict=True):
        assert np.bincount(part.y).tolist() == np.bincount(again.y).tolist()
    if n >= 200:
        assert not np.array_equal(own.val.x, other.val.x)


@given(N_SAMPLES, st.sampled_from([0.0, 0.15, 0.3]), SEEDS)
def test_every_drawn_point_is_in_exactly_one_split_and_keeps_its_label(n_samples, noise, seed):
    moons = drawn_moons(n_samples, noise, seed)
    drawn = MOONS.draw(n_samples, noise, seed)
    np.testing.assert_array_equal(sorted_rows(*parts(moons)), sorted_rows(drawn))


def test_no_point_of_one_split_is_in_another():
    seen = [{tuple(x) for x in part.x.tolist()} for part in parts(drawn_moons(2000, 0.15, 42))]
    assert [len(points) for points in seen] == [1200, 400, 400]
    assert len(set.union(*seen)) == 2000


@given(st.integers(2, 300), st.sampled_from([0.0, 0.05, 0.15, 1.3]), st.integers(0, 2**32 - 1))
def test_two_moons_are_bit_by_bit_those_of_scikit_learn(n, noise, seed):
    x, y = make_moons(n_samples=n, noise=noise or None, random_state=seed)
    drawn = MOONS.draw(n, noise, seed)
    assert drawn.x.tobytes() == x.astype(np.float32).tobytes()
    assert drawn.y.tolist() == y.tolist()


def test_without_noise_label_0_is_the_upper_arc_and_label_1_the_lower_one():
    drawn = MOONS.draw(500, 0.0, 7)
    upper, lower = drawn.x[drawn.y == 0], drawn.x[drawn.y == 1]
    np.testing.assert_allclose(np.linalg.norm(upper, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(lower - [1.0, 0.5], axis=1), 1.0, atol=1e-6)
    assert upper[:, 1].min() > -1e-6
    assert lower[:, 1].max() < 0.5 + 1e-6


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_noise_is_an_isotropic_gaussian_of_that_standard_deviation(noise):
    n = 40_000
    added = MOONS.draw(n, noise, 3).x - MOONS.draw(n, 0.0, 3).x  # the same seed, the same points
    error = noise / np.sqrt(2 * n)  # of a standard deviation's estimate
    np.testing.assert_allclose(added.std(axis=0), noise, atol=5 * error)
    np.testing.assert_allclose(added.mean(axis=0), 0.0, atol=5 * noise / np.sqrt(n))
    assert abs(np.corrcoef(added.T)[0, 1]) < 5 / np.sqrt(n)


def test_each_split_covers_both_arcs_from_end_to_end():
    for part in parts(drawn_moons(2000, 0.0, 42)):
        upper = part.x[part.y == 0]
        angles = np.sort(np.arctan2(upper[:, 1], upper[:, 0]))
        gaps = np.diff(angles, prepend=0.0, append=np.pi)
        assert gaps.max() < np.pi / 10


def test_data_are_a_function_of_their_arguments():
    first = drawn_moons(200, 0.1, 5)
    _loaded.cache_clear()
    again = drawn_moons(200, 0.1, 5)
    for one, other in zip(parts(first), parts(again), strict=True):
        np.testing.assert_array_equal(one.x, other.x)
        np.testing.assert_array_equal(one.y, other.y)
    assert not np.array_equal(first.train.x, drawn_moons(200, 0.1, 6).train.x)


def test_data_are_float32_points_with_whole_labels_that_nobody_can_overwrite():
    moons = drawn_moons(200, 0.1, 5)
    for part in parts(moons):
        assert (part.x.dtype, part.y.dtype) == (np.float32, np.int64)
        assert part.x.shape == (len(part), 2)
        with pytest.raises(ValueError, match="read-only"):
            part.x[0, 0] = 0.0
        with pytest.raises(ValueError, match="read-only"):
            part.y[0] = 0


def test_drawing_leaves_numpy_s_global_generator_alone():
    before = np.random.get_state()[1].copy()
    _loaded.cache_clear()
    drawn_moons(200, 0.1, 5)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((4, 0)), [0, 1, 0, 1], "points in rows, shape (n, columns), got (4, 0)"),
        (np.zeros(4), [0, 1, 0, 1], "points in rows, shape (n, columns), got (4,)"),
        (np.full((1, 2), np.nan), [0], "x must be finite numbers, got np.float64(nan)"),
        ([["a", "b"]], [0], "x must be finite numbers, got np.str_('a')"),
        (np.zeros((4, 2)), [0, 1, -2, 1], "y must be labels 0, 1, 2, ..., got np.int64(-2)"),
        (np.zeros((4, 2)), [0, 1], "one label for each of 4 points, got (2,)"),
        (np.zeros((1, 2)), [0.5], "y must be labels 0, 1, 2, ..., got np.float64(0.5)"),
    ],
)
def test_what_are_no_points_with_labels_is_refused_at_once(x, y, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        Split(x, y)


def test_points_of_any_kind_are_kept_in_the_kind_that_models_take():
    split = Split(np.zeros((2, 2)), np.array([False, True]))
    assert (split.x.dtype, split.y.dtype) == (np.float32, np.int64)
    assert repr(DataSet(split, split, split)) == (
        "DataSet(train=Split(2 points), val=Split(2 points), test=Split(2 points))"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (({"lr": 0.1}, 0), "config must be a moons.config.Config, got dict"),
        ((Config(), 0.5), "seed must be a whole number, got 0.5"),
        ((Config(), 0, np.zeros((3, 2))), "data must be a moons.data.DataSet, got ndarray"),
    ],
)
def test_training_on_something_else_is_refused_at_once(arguments, said):
    config, seed, *data = arguments
    with pytest.raises(ValueError, match=re.escape(said)):
        start(config, seed, data=data[0] if data else None)


def test_there_must_be_points_to_train_and_to_validate_on():
    some, none = Split(np.zeros((2, 2)), [0, 1]), Split(np.zeros((0, 2)), np.zeros(0))
    with pytest.raises(ValueError, match="val is empty"):
        start(Config(), 0, data=DataSet(some, none, none))
    with pytest.raises(ValueError, match=r"train must be a moons.split.Split, got list"):
        DataSet([1], some, some)
