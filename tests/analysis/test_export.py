"""The script that goes with an exported model draws what the model draws."""

import json
import runpy

import pandas as pd
import pytest
import torch

from analysis.export import HERE, export_winner
from moons.checkpoint import load_checkpoint, pack_weights, save_checkpoint
from moons.config import Config
from moons.evaluation import energy_distance, generate
from moons.models import build_model
from study.record.folder import StudyFolder
from study.record.parquet import write_table


@pytest.mark.parametrize("family", ["vae", "cvae"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
@pytest.mark.parametrize("prior", ["standard", "mixture"])
def test_the_script_draws_as_the_model_does(family, activation, prior, tmp_path, monkeypatch):
    config = Config(
        family=family,
        activation=activation,
        prior=prior,
        prior_components=3,
        eps_w=1.0,
        decoder_hidden=(8, 16),
    )
    model = build_model(config, seed=1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)  # an untrained decoder is almost flat
    save_checkpoint(tmp_path, pack_weights(model.state_dict()), config, 1, family)
    script = (HERE / "templates" / "sample.py.txt").read_text()
    (tmp_path / "sample.py").write_text(script.replace("SIGMA_X", "0.1"))
    monkeypatch.chdir(tmp_path)
    drawn = runpy.run_path("sample.py")["sample"](2000, label=1, seed=3).numpy()
    ours, others = (generate(model, 2000, seed, [1] * 2000, sigma_x=0.1) for seed in (4, 5))
    distance, floor = (energy_distance(ours, points) for points in (drawn, others))
    spread = ours.std()
    assert distance < floor + 0.01 * spread


@pytest.fixture
def retrained(tmp_path):
    """A study's folder with a leaderboard of one config and its three retrainings."""
    config = Config(
        n_samples=200, max_epochs=8, eps_w=1.0, objective="iwae", importance_samples=2,
        prior="mixture", prior_components=2, activation="tanh", schedule="cosine", keep="last",
    )  # fmt: skip
    folder = StudyFolder(tmp_path / "study")
    folder.path.mkdir()
    about = {"config": "trial 3", "vary": "init", "state": "complete", "engine": "fused"}
    about |= {"train_s": 1.5}  # of the retraining, and of no other model
    rows = [config.as_dict() | about | {"seed": s, "val_mse": 0.1 + s} for s in range(3)]
    write_table(pd.DataFrame(rows), folder.reruns)
    first = {"config": "trial 3", "vary": "init", "seeds": 3, "val_mse": 1.1}
    first |= {"val_mse_low": 0.5, "val_mse_high": 1.7}
    write_table(pd.DataFrame([first]), folder.leaderboard)
    return folder.path, config


def test_a_refitted_winner_has_seen_validation_and_is_measured_where_it_has_not(
    retrained, tmp_path, monkeypatch
):
    monkeypatch.setattr("analysis.export.can_write_onnx", lambda: False)
    study, config = retrained
    plain, used = (tmp_path / name for name in ("plain", "refit"))
    for out in (plain, used):
        export_winner(study, out, "val_mse", "init", refitted=out == used)
    before, after = (json.loads((out / "metrics.json").read_text()) for out in (plain, used))
    assert before["this_model"]["trained_on"] == "train"
    assert "val_mse" in before["this_model"]
    figures = after["this_model"]
    assert figures["trained_on"] == "train and val"
    assert not any(name.startswith("val_") for name in figures)
    assert "train_s" not in figures
    assert {"exact_excess_nll", "test_excess_nll", "fresh_energy_distance"} <= figures.keys()
    assert figures["sigma_x"] == before["this_model"]["sigma_x"]  # of points not yet seen
    assert figures["exact_excess_nll"] != before["this_model"]["exact_excess_nll"]
    assert "60 % of the points" in (plain / "README.md").read_text()
    card = (used / "README.md").read_text()
    assert "trained on 80 % of the points" in card
    assert "the 8 epochs" in card
    assert "of this model, the median seed" not in card  # which would be of points it has seen
    assert load_checkpoint(used).config == config


def test_the_model_card_names_the_median_seed_s_figures(retrained, tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.export.can_write_onnx", lambda: False)
    out = tmp_path / "out"
    (note,) = export_winner(retrained[0], out, "val_mse", "init")
    assert note.startswith("without ONNX")
    assert load_checkpoint(out).seed == 1
    assert "a learned mixture of 2 Gaussians" in (out / "README.md").read_text()
