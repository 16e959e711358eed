import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.load import load_space
from search_spaces.settings import read_settings, with_settings
from search_spaces.space import Choice, Float, Int

CVAE = load_space("cvae")


def value(text):
    (setting,) = read_settings([text])
    return setting.value


def test_one_value_fixes_a_setting_in_its_own_type():
    assert type(value("beta=1")) is float
    assert value("latent_dim=4") == 4
    assert value("monitor=val_loss") == "val_loss"
    assert value(" noise = 1e-1 ") == 0.1


def test_a_list_of_widths_is_fixed_as_a_list():
    assert value("encoder_hidden=[32, 16]") == (32, 16)


def test_several_values_are_a_choice():
    assert value("latent_dim=1,2,4") == Choice(1, 2, 4)
    assert value("beta=0.1,1") == Choice(0.1, 1.0)
    assert value("monitor=val_mse,val_loss") == Choice("val_mse", "val_loss")


def test_a_range_is_searched_by_the_kind_of_the_setting():
    assert value("lr=log:1e-4..1e-1") == Float(1e-4, 1e-1, log=True)
    assert value("eps_w=0..1/0.25") == Float(0.0, 1.0, step=0.25)
    assert value("latent_dim=1..8") == Int(1, 8)
    assert value("batch_size=log:16..256") == Int(16, 256, log=True)


@given(st.floats(1e-6, 1.0), st.floats(1.5, 9.0))
def test_any_range_that_python_prints_is_read_back(low, high):
    assert value(f"beta={low!r}..{high!r}") == Float(low, high)


def test_what_is_set_takes_the_place_of_what_the_space_had():
    space = with_settings(CVAE, read_settings(["latent_dim=2", "beta=log:0.01..1", "eps_w=1"]))
    assert space.fixed == {"latent_dim": 2, "eps_w": 1.0}
    assert space.searched["beta"] == Float(0.01, 1.0, log=True)
    assert "latent_dim" not in space.searched
    assert set(CVAE.searched) - {"latent_dim"} < set(space.searched)


def test_without_settings_the_space_is_the_same():
    assert with_settings(CVAE, ()) == CVAE


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["beta"], "NAME=VALUE"),
        (["beta="], "NAME=VALUE"),
        (["=1"], "NAME=VALUE"),
        (["betta=1"], "no setting 'betta'; settings: activation, batch_size, beta"),
        (["beta=low"], r"beta must be numbers in \[0, 10000\], got 'low'"),
        (["beta=-1"], r"beta must be numbers in \[0, 10000\], got -1"),
        (["latent_dim=1.5"], "latent_dim must be whole numbers"),
        (["latent_dim=1.5..4"], "latent_dim must be whole numbers|whole numbers as the ends"),
        (["beta=2..1"], "empty range"),
        (["lr=log:0.1..1/0.1"], "step"),
        (["beta=1,1"], "differ"),
        (["monitor=val"], "monitor must be one of"),
        (["encoder_hidden=[32,"], "a value or a list"),
        (["family=vae"], "use --space"),
        (["max_epochs=10"], "use --max-epochs"),
        (["data_seed=1"], "use --data-seed"),
        (["beta=1", "noise=0.1", "beta=2"], "once, got beta=1 and beta=2"),
    ],
)
def test_what_is_no_setting_is_refused_by_name(texts, said):
    with pytest.raises(ValueError, match=said):
        read_settings(texts)


def test_a_space_needs_something_left_to_search():
    texts = [f"{key}={domain.ends()[0]}" for key, domain in CVAE.searched.items()]
    with pytest.raises(ValueError, match="fixes all that cvae searches"):
        with_settings(CVAE, read_settings(texts))


def test_a_grid_takes_choices_alone():
    grid = load_space("data")
    assert len(list(with_settings(grid, read_settings(["noise=0.1,0.2"])).grid())) == 6
    with pytest.raises(ValueError, match="noise must be a Choice"):
        with_settings(grid, read_settings(["noise=0.1..0.2"]))
