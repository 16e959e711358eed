"""Points of a file: what is read, and what is refused in a sentence."""

import re

import numpy as np
import pandas as pd
import pytest

from moons.config import Config
from moons.data import Origin, load_data
from moons.evaluation import evaluate
from moons.fit import fit, start
from moons.sources import UnknownData, _known, _open
from moons.sources.chosen import Data
from moons.sources.file import CannotRead, read_points


def table(rows=300, columns=5, classes=3):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, classes, rows)
    x = rng.normal(size=(rows, columns)) + kind[:, None]
    names = [f"c{i}" for i in range(columns)]
    return pd.DataFrame(x, columns=names).assign(kind=np.array(["ant", "bee", "cat"])[kind])


def written(folder, frame, suffix=".csv"):
    path = folder / f"my points{suffix}"
    match suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".parquet":
            frame.to_parquet(path)
        case ".npz":
            np.savez(path, **{str(name): column.to_numpy(str if name == "kind" else float)
                              for name, column in frame.items()})  # fmt: skip
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_every_kind_of_file_gives_the_same_points_and_names(tmp_path, suffix):
    points = read_points(written(tmp_path, table(), suffix), "kind")
    assert points.columns == ("c0", "c1", "c2", "c3", "c4")
    assert points.classes == ("ant", "bee", "cat")
    drawn = points.draw(300, 0.0, 1)
    np.testing.assert_allclose(drawn.x, table().drop(columns="kind").to_numpy(), rtol=1e-6)
    assert points.name.startswith(f"my-points{suffix}#")


def test_an_array_of_rows_is_as_many_columns(tmp_path):
    x = np.random.default_rng(1).normal(size=(50, 3))
    np.savez(tmp_path / "x.npz", x=x, y=np.arange(50) % 2)
    points = read_points(tmp_path / "x.npz", "y")
    assert (points.columns, points.classes) == (("x1", "x2", "x3"), ("0", "1"))


def spoilt(change):
    frame = table()
    change(frame)
    return frame


REFUSED = [
    (lambda f: f.__setitem__("c1", "a"), "kind", "the column c1 holds text such as 'a'"),
    (lambda f: f.__setitem__("c1", f["c1"].where(f.index != 7)), "kind", "c1 lacks 1 of 300"),
    (lambda f: f.__setitem__("c1", 2.5), "kind", "the column c1 is 2.5 in every row"),
    (lambda f: f.__setitem__("c1", 1e20), "kind", "c1 holds numbers of 1e+15 and more"),
    (lambda f: f.__setitem__("c1", np.inf), "kind", "c1 holds numbers of 1e+15 and more"),
    (lambda f: f.__setitem__("kind", "ant"), "kind", "kind is ant in every row"),
    (lambda f: f.__setitem__("kind", f["c0"]), "kind", "kind has 300 different values"),
    (lambda f: f.__setitem__("kind", f["kind"].where(f.index != 3)), "kind", "kind lacks 1 of 300"),
    (lambda f: None, None, "the column kind holds text such as"),
    (lambda f: f.__setitem__("kind", np.where(f.index < 4, "rare", "ant")), "kind", "only 4 rows"),
    (lambda f: f.drop(f.index[19:], inplace=True), "kind", "must have 20 to 10,000,000 rows"),
    (lambda f: None, "species", "--label must name a column of"),
    (lambda f: f.drop(columns=["c0", "c1", "c2", "c3", "c4"], inplace=True), "kind", "1 to 64"),
]


@pytest.mark.parametrize(("change", "label", "said"), REFUSED)
def test_what_no_model_could_be_trained_on_is_refused_in_a_sentence(tmp_path, change, label, said):
    with pytest.raises(CannotRead, match=re.escape(said)) as refused:
        read_points(written(tmp_path, spoilt(change)), label)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("points.txt", "1,2", "a file that ends in .csv, .parquet, .npz"),
        ("points.parquet", "1,2", "is no PARQUET file"),
        ("points.npz", "1,2", "is no NPZ file"),
        ("points.csv", "", "is no CSV file"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(CannotRead, match=re.escape(said)) as refused:
        read_points(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_file_that_changed_since_a_study_began_is_refused(tmp_path):
    path = written(tmp_path, table())
    begun = Data.read(str(path), "kind")
    _known.pop(begun.name), _open.pop(begun.name)
    written(tmp_path, table().iloc[1:])
    data = Data.from_dict(begun.as_dict())
    with pytest.raises(UnknownData, match="is not what it was when the study was begun"):
        Origin.of(config_of(data)).source  # noqa: B018
    path.unlink()
    with pytest.raises(UnknownData, match=r"cannot be read.*the study needs it as it was"):
        Origin.of(config_of(data)).source  # noqa: B018


def config_of(data, **more):
    return Config(**data.defaults | data.settings | more)


@pytest.mark.parametrize("scale", ["none", "standard"])
def test_a_model_of_a_file_is_trained_by_the_kernel_and_evaluated_without_a_density(
    tmp_path, scale
):
    data = Data.read(str(written(tmp_path, table(500))), "kind")
    config = config_of(data, family="cvae", eps_w=1.0, max_epochs=3, scale=scale)
    run = start(config, 1, engine="fused")
    for _ in fit(run):
        pass
    row = evaluate(run.best_model(), config).as_row()
    assert row["exact_excess_nll"] is None
    assert row["val_excess_nll"] is None
    assert row["fresh_label_share"] is None
    assert np.isfinite(row["val_nll"])
    assert row["fresh_energy_distance"] > row["fresh_energy_distance_floor"] > 0


def test_scaled_points_have_mean_0_and_deviation_1_and_come_back(tmp_path):
    data = Data.read(str(written(tmp_path, table(500))), "kind")
    plain, scaled = (config_of(data, scale=scale) for scale in ("none", "standard"))
    train = load_data(scaled).train.x
    np.testing.assert_allclose(train.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=0), 1.0, atol=1e-5)
    back = Origin.of(scaled).scaling.undo(train)
    np.testing.assert_allclose(back, load_data(plain).train.x, atol=1e-5)
