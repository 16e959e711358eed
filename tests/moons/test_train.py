"""`python -m moons.train`: one model, to the numbers of a study's trial, in a folder."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moons.checkpoint import load_checkpoint
from moons.config import Config
from moons.single import CURVE, TRAINING, train
from moons.train import main, planned
from study.training.job import TrialJob
from study.training.trial import TrialTraining

ROOT = Path(__file__).parents[2]
SMALL = ["--set", "n_samples=60", "--epochs", "3", "--hidden", "4"]
TIMES = ("train_s", "eval_s", "replicates", "worker")


def test_it_trains_to_the_last_bit_what_a_trial_of_a_study_does():
    config = Config(family="cvae", beta=0.045, eps_w=1, n_samples=200, max_epochs=12, lr=0.01)
    job = TrialJob(trial=3, config=config, seed=7, rungs=(4,), metrics=("val_mse",), engine="auto")
    training = TrialTraining(job)
    reports = [training.advance(), training.advance()]
    single = train(config, 7)
    assert single.weights == reports[-1].weights
    ours, theirs = dict(single.row), dict(reports[-1].row)
    for name in TIMES:
        ours.pop(name, None), theirs.pop(name, None)
    assert ours == theirs
    curve = [
        value for report in reports for block in report.blocks for value in block.columns["val_mse"]
    ]
    assert [record.val_mse for record in single.curve] == curve


def test_the_folder_holds_weights_config_curve_and_figures(tmp_path, capsys):
    out = tmp_path / "new" / "model"
    words = ["--set", "family=cvae", "--seed", "5", "--lr", "0.02", "--latent", "1", "--no-page"]
    assert main([*SMALL, *words, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.rstrip().endswith(str(out))
    assert "val_mse" in said
    checkpoint = load_checkpoint(out)
    assert (checkpoint.seed, checkpoint.config.family) == (5, "cvae")
    assert (checkpoint.config.lr, checkpoint.config.latent_dim) == (0.02, 1)
    assert checkpoint.config.encoder_widths == checkpoint.config.decoder_widths == (4,)
    about = json.loads((out / TRAINING).read_text())
    assert {len(about["curve"][name]) for name in CURVE} == {3}

    again = tmp_path / "again"  # a config.json says what to train, and what from
    config = str(out / "config.json")
    assert main(["--config", config, "--no-page", "--out", str(again)]) == 0
    weights = "model.safetensors"
    assert (again / weights).read_bytes() == (out / weights).read_bytes()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "betta=1"], "--set names no setting 'betta'"),
        (["--set", "beta=-1"], "beta must be numbers in [0, 10000], got -1"),
        (["--set", "beta=1,2"], "beta must be numbers in [0, 10000], got '1,2'"),
        (["--set", "beta=nan"], "beta must be numbers in [0, 10000], got nan"),
        (["--set", "beta"], "--set must be NAME=VALUE, got 'beta'"),
        (["--set", "beta=1", "--set", "beta=2"], "--set must name each setting once, got beta"),
        (["--set", "lr=1", "--lr", "1"], "lr is set by --set and by --lr; leave one of them out"),
        (["--set", "encoder_hidden=8", "--hidden", "8"], "encoder_hidden is set by --set and by"),
        (["--set", "prior=mixture"], "eps_w must be 1 with prior mixture"),
        (["--epochs", "0"], "--epochs: max_epochs must be whole numbers in [1, 1e+06], got 0"),
        (["--epochs", "x"], "--epochs: must be a whole number, got 'x'"),
        (["--seed", "-1"], "--seed must be a whole number in [0, 4294967295], got -1"),
        (["--config", "nowhere"], "--config cannot be read: nowhere"),
        (["--config", "."], "--config must be a config in JSON"),
        (["--out", "."], "--out must name a folder that is not there yet, got ."),
        (["--engine", "gpu"], "invalid choice 'gpu' for argument '--engine'"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    words, sentence, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("moons.train: ")
    assert sentence in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_before_anything_is_trained(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["--out", str(tmp_path / "file" / "model")]) == 5
    assert "file: Not a directory" in capsys.readouterr().err


def test_divergence_is_a_sentence_and_leaves_nothing(tmp_path, capsys):
    words = ["--set", "n_samples=60", "--lr", "10", "--latent", "64", "--epochs", "50"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 6
    assert "was not finite in epoch" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_training_that_is_stopped_leaves_nothing(tmp_path, signum, code):
    words = ["--set", "n_samples=20000", "--set", "patience=1000000", "--epochs", "1000000"]
    mark = tmp_path / "began"
    script = (
        "import sys, moons.train as t, moons.single as s; real = s.train\n"
        "def train(config, seed, engine, watch):\n"
        f"    return real(config, seed, engine, lambda r: open({str(mark)!r}, 'w').close())\n"
        f"s.train = train; sys.exit(t.main({[*words, '--out', str(tmp_path / 'out')]!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as process:
        while not mark.exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signum)
        assert process.wait(60) == code
    assert [path.name for path in tmp_path.iterdir()] == ["began"]


def test_the_settings_are_the_defaults_unless_they_are_said(monkeypatch):
    from moons.command_line import read_command_line
    from moons.train import Options

    nothing = read_command_line(Options, [], "moons.train")
    assert planned(nothing) == (Config(), 42)
