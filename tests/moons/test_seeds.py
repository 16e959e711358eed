import hashlib

from hypothesis import given
from hypothesis import strategies as st

from moons.seeds import derive_seed

SEEDS = st.integers(0, 2**32 - 1)
NAMES = st.lists(st.text("abcdefgh -", min_size=1) | st.integers(0, 10_000), max_size=3)


@given(SEEDS, NAMES)
def test_a_stream_is_the_same_for_the_same_seed_and_names(seed, names):
    assert derive_seed(seed, *names) == derive_seed(seed, *names)


@given(SEEDS, NAMES)
def test_every_stream_is_a_seed_that_numpy_and_torch_both_take(seed, names):
    assert 0 <= derive_seed(seed, *names) < 2**32


@given(SEEDS, st.sets(st.text("abcdef -", min_size=1), min_size=2, max_size=2))
def test_streams_of_other_names_differ(seed, names):
    first, second = sorted(names)
    assert derive_seed(seed, first) != derive_seed(seed, second)


@given(st.sets(SEEDS, min_size=2, max_size=2), st.text("abcdef", min_size=1))
def test_streams_of_other_seeds_differ(seeds, name):
    first, second = sorted(seeds)
    assert derive_seed(first, name) != derive_seed(second, name)


def test_the_trials_of_a_study_all_get_seeds_of_their_own():
    seeds = {derive_seed(42, "trial", slot) for slot in range(1000)}
    assert len(seeds) == 1000


def test_streams_stay_what_they_were_on_every_machine_and_in_every_version():
    digest = hashlib.sha256(b"42/split").hexdigest()
    assert derive_seed(42, "split") == int(digest[:8], 16)
