"""The script that goes with an exported model draws what the model draws."""

import runpy

import pytest
import torch

from analysis.export import HERE
from moons.checkpoint import pack_weights, save_checkpoint
from moons.config import Config
from moons.evaluation import energy_distance, generate
from moons.models import build_model


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
