"""A model of `moons.train` is read as a study of one trial."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import analysis
from moons.config import Config
from moons.single import TRAINING, train
from study.errors import StudyError
from study.record.damage import DamagedRecord
from study.rerun import main as rerun
from study.run import main as run

CONFIG = Config(family="cvae", n_samples=60, max_epochs=10, encoder_hidden=(4, 3), beta=0.045)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "mine"
    train(CONFIG, 11).save(folder)
    return folder


@pytest.fixture
def model(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "mine")


def test_it_has_a_trial_with_its_row_its_curve_and_its_model(model):
    results = analysis.read(model)
    assert (len(results), results.notes, results.manifest.metric) == (1, (), "val_mse")
    best = results.best
    assert (best.number, best.row["seed"]) == (0, 11)
    assert best.config == CONFIG
    assert list(best.epochs["epoch"]) == list(range(1, 11))
    assert best.row["val_mse"] == best.epochs["val_mse"].min()
    assert best.sample(5, label=0).shape == (5, 2)
    assert np.isfinite(best.log_density(np.zeros((2, 2)))).all()
    assert results.manifest.fixed == {"n_samples": 60, "encoder_hidden": [4, 3], "beta": 0.045}


def test_the_data_are_those_that_it_was_trained_on(tmp_path):
    train(replace(CONFIG, data="gaussians", data_dim=0, classes=0), 1).save(tmp_path / "blobs")
    manifest = analysis.read(tmp_path / "blobs").manifest
    assert manifest.data.name == "gaussians"
    assert manifest.fixed["classes"] == len(manifest.data.classes)


def test_its_training_can_be_repeated_to_the_last_bit(model, capsys):
    assert rerun([str(model), "--seed-of-trial", "0"]) == 0
    assert "the same weights, bit for bit" in capsys.readouterr().out


def test_there_is_nothing_to_resume(model, capsys):
    assert run(["--resume", str(model)]) == 2
    assert "got " in capsys.readouterr().err


@pytest.mark.slow
def test_its_page_and_its_figures_are_drawn(model):
    from analysis.figures import draw_figure
    from analysis.report import write_report

    page = write_report(model).read_text()
    assert "mine" in page
    assert not isinstance(draw_figure("samples", analysis.read(model)), str)


@pytest.mark.slow
def test_it_is_retrained_on_fresh_seeds(model, ray_address):
    words = ["--seeds", "2", "--workers", "1", "--address", ray_address]
    assert rerun([str(model), *words]) == 0
    assert len(analysis.read(model).reruns) == 2


@pytest.mark.parametrize("name", [TRAINING, "config.json", "model.safetensors"])
def test_a_damaged_file_is_named(model, name):
    path = model / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedRecord, match=name):
        analysis.read(model)


def test_a_folder_without_its_training_is_no_study(model):
    (model / TRAINING).unlink()
    with pytest.raises(StudyError, match=r"is not a study's folder: it holds no study.json"):
        analysis.read(model)
