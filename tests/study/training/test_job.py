"""What travels between driver and worker says who it is in a few words."""

from dataclasses import replace

import numpy as np

from moons.config import Config
from moons.data import load_data
from study.record.curves import Block
from study.training.job import Report, TrialJob


def test_jobs_and_reports_are_short_to_write_out() -> None:
    """Tune writes each into several debug messages: arrays there would cost more than a trial."""
    config = Config(family="cvae")
    job = TrialJob(
        trial=7,
        config=config,
        seed=1,
        rungs=(10, 40),
        metrics=("val_mse",),
        engine="auto",
        data=load_data(replace(config, data_seed=0)),
    )
    assert repr(job).startswith("cvae trial 7: ")
    assert len(repr({"job": job})) < 200
    columns = {"val_mse": np.arange(1000.0).tolist()}
    block = Block(replicate=0, first_epoch=1, columns=columns)
    report = Report(status="running", epochs=1000, blocks=(block,), weights=b"w" * 100_000)
    assert repr(report) == "Report(running at epoch 1000)"
