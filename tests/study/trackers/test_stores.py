"""Every tracker's store, opened with its own package, holds the trials that the tables hold."""

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

from study.trackers.choice import Tracker
from tests.conftest import Ended

Run = Callable[..., Ended]
TRIALS = 5


@dataclass
class Stored:
    """A run as a tracker keeps it: its name, settings and last values."""

    name: str
    settings: dict[str, str] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)


def tensorboard_runs(folder: Path) -> Iterator[Stored]:
    from tensorboardX.proto.event_pb2 import Event

    for file in folder.glob("*/events.out.tfevents.*"):
        run, data = Stored(file.parent.name), file.read_bytes()
        while data:
            (size,) = struct.unpack("<Q", data[:8])  # length, its checksum, event, its checksum
            event, data = Event.FromString(data[12 : 12 + size]), data[16 + size :]
            for value in event.summary.value:
                if value.tag.startswith("ray/tune/"):
                    run.last[value.tag.removeprefix("ray/tune/")] = value.simple_value
                if b"batch_size" in value.metadata.plugin_data.content:
                    run.settings["batch_size"] = "among the hyperparameters"
        yield run


def mlflow_runs(folder: Path) -> Iterator[Stored]:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("s")
    for run in client.search_runs([experiment.experiment_id]):
        assert run.info.status == "FINISHED"
        yield Stored(run.info.run_name, run.data.params, run.data.metrics)


def wandb_runs(folder: Path) -> Iterator[Stored]:
    from wandb.proto.wandb_internal_pb2 import Record

    for file in folder.glob("wandb/offline-run-*/run-*.wandb"):
        run = Stored("")
        for message in wandb_messages(file.read_bytes()):
            record = Record.FromString(message)
            if record.HasField("run"):
                run.name = record.run.display_name
                run.settings |= {c.key: c.value_json for c in record.run.config.update}
            for item in record.history.item:
                key = item.key or ".".join(item.nested_key)
                run.last[key] = json.loads(item.value_json)
        yield run


def wandb_messages(data: bytes) -> Iterator[bytes]:
    """The records of W&B's log, which is LevelDB's: blocks of 32 KiB, pieces of a record."""
    block, at, message = 32768, 7, b""  # past the file's own seven bytes
    while at + 7 <= len(data):
        if block - at % block < 7:
            at += block - at % block
            continue
        _, size, kind = struct.unpack("<IHB", data[at : at + 7])
        if kind == 0:
            break
        message += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # whole, or the last piece
            yield message
            message = b""


STORES: dict[Tracker, Callable[[Path], Iterator[Stored]]] = {
    "tensorboard": tensorboard_runs,
    "mlflow": mlflow_runs,
    "wandb": wandb_runs,
}


@pytest.mark.slow
@pytest.mark.cluster
def test_every_store_holds_n_runs_with_the_best_value_of_the_table(
    run_study: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tensorboardX", "mlflow", "wandb"):
        pytest.importorskip(module)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    words = ("--space", "cvae", "--trials", TRIALS, "--max-epochs", 12, "--grace", 4)
    ended = run_study(*words, "--name", "s", "--log", ",".join(STORES))
    assert ended.code == 0, ended.err
    assert "stopped" not in ended.err
    trials = pd.read_parquet(tmp_path / "s" / "trials.parquet").set_index("trial")
    best = trials[trials["state"] == "complete"]["val_mse"].min()
    for tracker, runs_of in STORES.items():
        runs = list(runs_of(tmp_path / "s" / "trackers" / tracker))
        assert sorted(run.name for run in runs) == [f"trial-{n}" for n in range(TRIALS)], tracker
        complete = [run.last["val_mse"] for run in runs if run.last["complete"] == 1]
        assert min(complete) == pytest.approx(best, rel=1e-6), tracker  # single precision
        for run in runs:
            assert "batch_size" in run.settings, tracker
            row = trials.loc[int(run.name.removeprefix("trial-"))]
            assert run.last["epochs"] == row["epochs"], tracker
            assert (run.last["complete"] == 1) == (row["state"] == "complete"), tracker


@pytest.mark.slow
@pytest.mark.cluster
def test_a_tracker_that_fails_is_said_so_once_and_the_study_goes_on(
    run_study: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "no-such-scheme://nowhere")
    ended = run_study("--space", "cvae", "--smoke", "--name", "s", "--log", "mlflow")
    assert ended.code == 0
    assert ended.err.count("--log mlflow stopped, the study goes on: ") == 1
    assert len(pd.read_parquet(tmp_path / "s" / "trials.parquet")) == 4


def test_a_tracker_that_is_not_installed_leaves_nothing_behind(
    run_study: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.trackers.choice.find_spec", lambda name: None)
    ended = run_study("--space", "cvae", "--smoke", "--name", "s", "--log", "mlflow")
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert "--log mlflow needs the package mlflow" in ended.err
    assert list(tmp_path.iterdir()) == []
