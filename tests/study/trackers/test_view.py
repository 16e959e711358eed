"""What a tracker is told: plain names, plain numbers, and which trial ran to its end."""

import json
import math
from pathlib import Path

from moons.config import Config
from study.trackers.view import TrialView, plain_result
from study.training.job import Report, TrialJob

ROW = {"epochs": 20, "val_kl": math.nan, "engine": "fused", "best_epoch": None, "train_s": 1.5}


def view(folder: Path) -> TrialView:
    config = Config(family="cvae", encoder_hidden=(8, 4))
    job = TrialJob(trial=7, config=config, seed=11, rungs=(), metrics=("val_mse",), engine="auto")
    return TrialView(job, "abc", "mine", folder)


def test_a_config_is_told_as_names_and_plain_values(tmp_path: Path) -> None:
    told = view(tmp_path).config
    assert json.loads(json.dumps(told)) == told
    assert (told["family"], told["trial"], told["seed"]) == ("cvae", 7, 11)
    assert all(isinstance(value, str | int | float | None) for value in told.values())


def test_a_run_is_named_by_the_trial_s_number(tmp_path: Path) -> None:
    assert str(view(tmp_path)) == "trial-7"


def test_only_finite_numbers_are_told() -> None:
    report = Report(status="running", epochs=20, metrics={"val_mse": 0.5}, row=ROW)
    assert plain_result(report) == {
        "epochs": 20,
        "training_iteration": 20,
        "train_s": 1.5,
        "val_mse": 0.5,
        "complete": 0,
    }


def test_the_last_report_of_a_trial_that_ran_to_its_end_says_so() -> None:
    ends = {"complete": 1, "running": 0, "diverged": 0, "failed": 0}
    for status, complete in ends.items():
        assert plain_result(Report(status=status, epochs=3))["complete"] == complete
