"""A source of one's own in a space file: checked, recognised by its code, opened anywhere."""

import pickle
import re

import numpy as np
import pytest

from moons import sources
from moons.data import Origin
from moons.sources import UnknownData, receive, source_named, to_send
from moons.sources.chosen import Data
from search_spaces.load import load_space

FILE = """
import numpy as np
from scale_of_own import SCALE
from moons.sources.source import Source
from moons.split import Split
from search_spaces.space import Float, SearchSpace


class Ours(Source):
    columns = ("place",)
    classes = ("left", "right")

    def draw(self, n, noise, seed):
        y = np.arange(n) % 2
        x = np.random.default_rng(seed).normal(2.0 * y, SCALE + noise)
        return Split(x[:, None], y)

    def log_densities(self, x, noise):
        z = (np.asarray(x) - [0.0, 2.0]) / (SCALE + noise)
        return -0.5 * z**2 - np.log(np.sqrt(2 * np.pi) * (SCALE + noise))


SPACE = SearchSpace(
    name="ours", about="", family="cvae", searched={"lr": Float(1e-3, 0.1)}, data=Ours
)
"""


@pytest.fixture(autouse=True)
def _forgets(monkeypatch):
    monkeypatch.setattr(sources, "_known", dict(sources._known))
    monkeypatch.setattr(sources, "_open", dict(sources._open))


def written(folder, old="", new="", scale=1.0):
    assert old in FILE
    (folder / "scale_of_own.py").write_text(f"SCALE = {scale}\n")
    (folder / "ours.py").write_text(FILE.replace(old, new) if old else FILE)
    return folder / "ours.py"


def elsewhere():
    """As in another process, which knows the project's own data only."""
    sources._known = dict(sources.SOURCES)
    sources._open = {}


def test_a_class_in_a_space_file_is_the_data_of_every_config(tmp_path):
    space = load_space(written(tmp_path))
    config = space.config({"lr": 0.01}, data_seed=1, max_epochs=2)
    assert (config.data_dim, config.classes) == (1, 2)
    assert re.fullmatch(r"Ours#[0-9a-f]{16}", config.data)
    origin = Origin.of(config)
    assert origin.known
    assert origin.source.columns == ("place",)


def test_an_instance_will_do_as_well(tmp_path):
    space = load_space(written(tmp_path, "data=Ours", "data=Ours()"))
    assert source_named(space.modelled.name).classes == ("left", "right")


def test_the_manifest_identifies_it_by_file_class_and_a_hash_of_all_its_code(tmp_path):
    space = load_space(written(tmp_path))
    recorded = space.as_dict()["data"]
    assert recorded["class"] == "Ours"
    assert recorded["path"] == str(tmp_path / "ours.py")
    assert recorded["name"] == f"Ours#{space.code.digest}"
    changed = load_space(written(tmp_path, scale=1.5))
    assert changed.modelled.name != recorded["name"]


def test_another_process_opens_it_from_the_record(tmp_path):
    recorded = load_space(written(tmp_path)).as_dict()["data"]
    elsewhere()
    data = Data.from_dict(recorded)
    assert data.as_dict() == recorded
    assert source_named(data.name).draw(10, 0.1, 3).x.shape == (10, 1)


@pytest.mark.parametrize("name", ["ours.py", "scale_of_own.py"])
def test_code_that_changed_is_refused_and_not_run(tmp_path, name):
    recorded = load_space(written(tmp_path)).as_dict()["data"]
    elsewhere()
    (tmp_path / name).write_text("raise SystemExit('it is run')")
    data = Data.from_dict(recorded)
    with pytest.raises(UnknownData, match="is not what it was when the study was begun"):
        source_named(data.name)


def test_a_file_that_is_gone_is_a_sentence(tmp_path):
    file = written(tmp_path)
    recorded = load_space(file).as_dict()["data"]
    elsewhere()
    file.unlink()
    with pytest.raises(UnknownData, match=r"No such file.*the study needs it as it was"):
        source_named(Data.from_dict(recorded).name)


def test_a_worker_runs_the_code_that_it_is_sent(tmp_path):
    file = written(tmp_path)
    name = load_space(file).modelled.name
    drawn = source_named(name).draw(10, 0.1, 3)
    sent = pickle.dumps(to_send(name))
    elsewhere()
    file.unlink()
    receive(name, pickle.loads(sent))
    assert source_named(name).name == name
    np.testing.assert_array_equal(source_named(name).draw(10, 0.1, 3).x, drawn.x)


def test_data_of_the_project_are_not_sent():
    assert to_send("moons") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("data=Ours", "data=Float", "derives from moons.sources.source.Source, got"),
        ("data=Ours", "data=3", "derives from moons.sources.source.Source, got int"),
        ('("place",)', '"place"', "columns must be 1 to 64 different names, got 'place'"),
        ('("left", "right")', '("left", "left")', "classes must be 1 to 100 different names"),
        ('("left", "right")', '("a", "b", "c")', "each label from 0 to 2, one of each"),
        ('("place",)', '("place", "time")', r"x of shape (1000, 2), got (1000, 1)"),
        ("Split(x[:, None], y)", "x", "draw must return a moons.split.Split, got ndarray"),
        ("Split(x[:, None], y)", "Split(x, y)", "cannot be drawn: ValueError: x must be points"),
        ("default_rng(seed)", "default_rng()", "the same points for the same seed"),
        ("default_rng(seed)", "default_rng(0)", "other points for another seed"),
        ("- np.log(", "- 1 - np.log(", "must integrate to 1 over each class"),
        ("[0.0, 2.0]", "[2.0, 0.0]", "must be those of what it draws"),
        ("[0.0, 2.0]", "0.0", "log_densities must have shape (points, classes), got (20000, 1)"),
        ("return -0.5", "return np.nan -0.5", "must be finite where it draws, got nan"),
        (
            "    columns =",
            "    def __init__(self, n): ...\n    columns =",
            "made without",
        ),
    ],
)
def test_what_breaks_the_contract_is_refused_in_a_sentence(tmp_path, old, new, said):
    with pytest.raises(ValueError, match=re.escape(said)) as refused:
        load_space(written(tmp_path, old, new))
    assert "ours.py" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_without_a_density_none_is_claimed(tmp_path):
    space = load_space(written(tmp_path, "def log_densities", "def unused"))
    assert not space.modelled.known
    assert not Data.from_dict(space.modelled.as_dict()).known
