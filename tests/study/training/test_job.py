"""What travels between driver and worker says who it is in a few words."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from moons.config import Config
from moons.data import load_data
from study.record.curves import Block
from study.training.job import Report, TrialJob
from study.tune.trainable import MoonsTrial


@pytest.fixture
def job() -> TrialJob:
    config = Config(family="cvae")
    return TrialJob(
        trial=7,
        config=config,
        seed=1,
        rungs=(10, 40),
        metrics=("val_mse",),
        engine="auto",
        data=load_data(replace(config, data_seed=0)),
    )


def test_what_tune_keeps_of_every_trial_holds_no_copy_of_its_data(job: TrialJob) -> None:
    assert copy.deepcopy({"job": job})["job"] is job


def test_a_worker_s_result_brings_no_config_back(job: TrialJob) -> None:
    worker = MoonsTrial({"job": job})
    assert worker.get_auto_filled_metrics()["config"] == {}
    assert worker.reset({"job": job})
    assert worker.get_auto_filled_metrics()["config"] == {}


def test_jobs_and_reports_are_short_to_write_out(job: TrialJob) -> None:
    """Tune writes each into several debug messages: arrays there would cost more than a trial."""
    assert repr(job).startswith("cvae trial 7: ")
    assert len(repr({"job": job})) < 200
    columns = {"val_mse": np.arange(1000.0).tolist()}
    block = Block(replicate=0, first_epoch=1, columns=columns)
    report = Report(status="running", epochs=1000, blocks=(block,), weights=b"w" * 100_000)
    assert repr(report) == "Report(running at epoch 1000)"
