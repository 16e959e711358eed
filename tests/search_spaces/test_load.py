import json

import pytest

from search_spaces.load import load_space, space_names

HEAD = "from search_spaces.space import Choice, Float, Int, SearchSpace\n"
GOOD = """
SPACE = SearchSpace(
    name="mine", about="a test", family="cvae", searched={"latent_dim": Int(1, 4)}, trials=7
)
"""


FAMILIES = ("cvae", "vae")


def write(path, body):
    path.write_text(HEAD + body)
    return str(path)


def searching(searched, **fields):
    """A file's text with that literal as what is searched."""
    more = "".join(f", {key}={value}" for key, value in fields.items())
    return (
        f'SPACE = SearchSpace(name="mine", about="", family="vae", searched={{{searched}}}{more})'
    )


def test_the_spaces_of_the_study_are_there_under_their_names():
    families = [f"{family}{kind}" for kind in ("", "-generative", "-proba") for family in FAMILIES]
    assert space_names() == sorted([*families, "data"])
    for name in space_names():
        assert load_space(name).name == name


def test_a_file_of_one_s_own_is_loaded(tmp_path):
    space = load_space(write(tmp_path / "some.py", GOOD))
    assert (space.name, space.family, space.trials) == ("mine", "cvae", 7)
    assert space.as_dict()["searched"] == {
        "latent_dim": {"kind": "int", "low": 1, "high": 4, "log": False}
    }


def test_two_files_of_one_name_are_two_spaces(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = load_space(write(tmp_path / "a" / "mine.py", GOOD))
    second = load_space(write(tmp_path / "b" / "mine.py", GOOD.replace("(1, 4)", "(1, 5)")))
    assert first.digest() != second.digest()


def test_a_file_may_bring_its_own_dataclasses_and_its_own_model(tmp_path):
    body = """
from dataclasses import dataclass
from moons.models import CVAE

@dataclass(frozen=True)
class Range:
    low: float = 0.1

class Wide(CVAE):
    pass

SPACE = SearchSpace(
    name="mine", about="", family="cvae", searched={"beta": Float(Range().low, 1.0)}, model=Wide
)
"""
    space = load_space(write(tmp_path / "mine.py", body))
    assert space.model_name == "Wide"
    assert json.loads(json.dumps(space.as_dict()))["model"] == "Wide"


@pytest.mark.parametrize(
    "name", ["", "gan", "VAE", "vae_proba", "space", "load", "vae.txt", "a\nb"]
)
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(ValueError, match="--space must be one of") as refused:
        load_space(name)
    assert repr(name) in str(refused.value)
    assert f"{', '.join(space_names())}, or a path to a .py file" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="names a file that is not there") as refused:
        load_space(str(tmp_path / "gone.py"))
    assert str(tmp_path / "gone.py") in str(refused.value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            searching('"lr": Float(0.1, 0.01)'),
            "lr has an empty range: low must be below high, got [0.1, 0.01]",
        ),
        (
            searching('"latent_dim": Int(0, 8)'),
            "latent_dim must be whole numbers in [1, 512], got 0",
        ),
        (
            searching('"lr": Float(0.01, 0.1)', fixed='{"latent_dim": 0}'),
            "latent_dim must be whole numbers in [1, 512], got 0",
        ),
        (
            searching('"latent_dims": Int(1, 8)'),
            "unknown key 'latent_dims'; allowed keys: encoder_hidden, encoder_layers, latent_dim,",
        ),
        (
            searching('"lr": Float(0.01, 0.1)', fixed='{"hidden": 3}'),
            "unknown key 'hidden'; allowed keys: encoder_hidden, encoder_layers, latent_dim,",
        ),
        ("", "SPACE must be a SearchSpace, got None"),
        ("SPACE = {'lr': 0.1}", "SPACE must be a SearchSpace, got {'lr': 0.1}"),
        ("SPACE = SearchSpace(", "SyntaxError: '(' was never closed"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import not_installed_anywhere", "ModuleNotFoundError: No module named"),
        (
            "SPACE = SearchSpace(nam='x')",
            "TypeError: SearchSpace.__init__() got an unexpected keyword argument 'nam'",
        ),
    ],
)
def test_a_file_with_a_mistake_is_refused_by_its_path_and_the_mistake(tmp_path, body, sentence):
    path = write(tmp_path / "mine.py", body)
    with pytest.raises(ValueError, match=r".") as refused:
        load_space(path)
    assert str(refused.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(refused.value)


def test_a_file_that_failed_leaves_no_module_behind(tmp_path):
    path = write(tmp_path / "mine.py", "1 / 0")
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        load_space(path)
    assert load_space(write(tmp_path / "mine.py", GOOD)).name == "mine"
