"""What becomes of a study of a model of a user's own: reruns on fresh seeds, and the export."""

import json
import runpy
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from moons.checkpoint import load_checkpoint
from moons.evaluation.generate import generate
from moons.models import CVAE, evaluation_mode
from search_spaces.load import load_space
from study import rerun
from tests.moons.own_models import OWN, Generating, Normed, Plain, WithoutParameters
from tests.study.in_process import made_up, retraining_in_process, run_in_process
from tests.study.own_files import file_of, plan_of

every_model = pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.__name__)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    monkeypatch.setattr("moons.evaluation.evaluate", lambda *given: made_up(*given[:3]))
    retraining_in_process(monkeypatch)


@pytest.fixture
def without_onnx(monkeypatch):
    monkeypatch.setattr("analysis.export.can_write_onnx", lambda: False)


def rerun_of(study, file, *words):
    return rerun.main([str(study), "--space", str(file), "--top=1", "--seeds=2", *map(str, words)])


@every_model
def test_it_is_retrained_on_fresh_seeds_and_its_winner_exported(tmp_path, kind, without_onnx):
    file, study, out = file_of(tmp_path, kind), tmp_path / "s", tmp_path / "out"
    run_in_process(plan_of(file, tmp_path))
    assert rerun_of(study, file, "--export", out) == 0
    reruns = pd.read_parquet(study / "reruns.parquet")
    assert reruns[["state", "engine"]].values.tolist() == [["complete", "torch"]] * 2
    about = json.loads((out / "config.json").read_text())
    recorded = json.loads((study / "study.json").read_text())["space"]["code"]
    assert about["code"] == recorded
    exported = load_checkpoint(out, load_space(out / "model" / "own.py").model)
    measured = json.loads((out / "metrics.json").read_text())["this_model"]
    same_seed = reruns.set_index("seed").loc[exported.seed]
    assert measured["val_mse"] == same_seed["val_mse"]
    drawn = runpy.run_path(str(out / "sample.py"))["sample"](50, label=1, seed=3).numpy()
    assert np.isfinite(drawn).all()
    rng = torch.Generator().manual_seed(3)
    z = torch.randn(50, exported.model.latent_dim, generator=rng)
    with evaluation_mode(exported.model, 3), torch.no_grad():
        x = exported.model.decode(z, torch.ones(50, dtype=torch.int64))
    sigma_x = float(measured.get("sigma_x") or exported.config.sigma_x)
    noise = torch.randn(50, 2, generator=rng)
    assert np.array_equal(drawn, (x + sigma_x * noise).numpy())


@pytest.mark.parametrize("kind", [Normed, Generating, WithoutParameters])
def test_its_refitted_winner_is_the_same_each_time(tmp_path, kind, without_onnx, monkeypatch):
    monkeypatch.setattr("moons.evaluation.excess.fit_decoder_noise", lambda *_: 0.25)
    file, study = file_of(tmp_path, kind), tmp_path / "s"
    run_in_process(plan_of(file, tmp_path))
    for name in ("a", "b"):
        assert rerun_of(study, file, "--refit", "--export", tmp_path / name) == 0
    a, b = (tmp_path / name / "model.safetensors" for name in ("a", "b"))
    assert a.read_bytes() == b.read_bytes()
    model = load_checkpoint(tmp_path / "a", load_space(file).model).model
    assert generate(model, 5, 0, sigma_x=0.1).shape == (5, 2)


@pytest.mark.slow
def test_the_exported_script_needs_nothing_of_the_project(tmp_path):
    file, out = file_of(tmp_path, OWN[0]), tmp_path / "out"
    run_in_process(plan_of(file, tmp_path))
    assert rerun_of(tmp_path / "s", file, "--export", out) == 0
    assert {path.name for path in out.glob("*.onnx")} == {"encoder.onnx", "decoder.onnx"}
    code = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__'); import moons; "
    code += "print(moons.__file__); print(*sorted({n.partition('.')[0] for n in sys.modules}))"
    said = subprocess.run(
        [sys.executable, "-c", code, str(out / "sample.py")],
        cwd=tmp_path / "s",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert said[-2].startswith(str(out / "library"))
    assert not {"ray", "optuna", "study", "analysis"} & set(said[-1].split())
    assert len(said) == 7


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Generating, Plain], ids=lambda kind: kind.__name__)
def test_what_torch_cannot_put_into_a_graph_is_said_in_a_sentence(tmp_path, kind, capsys):
    file, out = file_of(tmp_path, kind), tmp_path / "out"
    run_in_process(plan_of(file, tmp_path))
    assert rerun_of(tmp_path / "s", file, "--export", out) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == str(out)
    written = {path.name for path in out.glob("*.onnx")}
    left_out = {line.split()[1].rstrip(":") for line in said if line.startswith("without ")}
    assert written | left_out == {"encoder.onnx", "decoder.onnx"}
    assert left_out == ({"decoder.onnx"} if kind is Generating else set())
    card = (out / "README.md").read_text()
    assert all(f"`{name}`" in card for name in written)
    assert not any(name in card for name in left_out)
    assert ("label `y`" in card) == issubclass(kind, CVAE)
