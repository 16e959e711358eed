"""A study from its command to its tables, on a real cluster."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import optuna
import pandas as pd
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from moons.checkpoint import load_checkpoint
from moons.config import Config
from search_spaces.load import load_space, space_names
from study.record.chosen import on_front
from tests.conftest import Ended

Run = Callable[..., Ended]


def tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.read_parquet(folder / "trials.parquet"), pd.read_parquet(folder / "epochs.parquet")


# The base search, and a density with layers; the others differ in their ranges alone.
IN_ALL_RUNS = {"cvae": [], "vae-generative": [pytest.mark.slow]}
LONG = [pytest.mark.slow, pytest.mark.cluster]


@pytest.mark.parametrize(
    "space", [pytest.param(s, marks=IN_ALL_RUNS.get(s, LONG)) for s in space_names()]
)
def test_every_space_runs_end_to_end_with_smoke(run_study: Run, tmp_path: Path, space: str) -> None:
    ended = run_study("--space", space, "--smoke", "--workers", 2, "--name", "s")
    assert ended.code == 0, ended.err
    trials, epochs = tables(tmp_path / "s")
    grid = list(load_space(space).grid()) if load_space(space).sampler == "grid" else None
    assert len(trials) == (4 if grid is None else len(grid))
    assert set(trials["state"]) <= {"complete", "pruned"}
    assert ended.out.splitlines()[-1].startswith(str(tmp_path / "s"))
    # Every epoch trained stands once.
    assert not epochs.duplicated(["trial", "epoch"]).any()
    counted = epochs.groupby("trial")["epoch"].agg(["size", "max"])
    assert (counted["size"].to_numpy() == trials["epochs"].to_numpy()).all()
    assert (counted["max"].to_numpy() == trials["epochs"].to_numpy()).all()
    if grid is not None:
        visited = trials[list(load_space(space).searched)].to_dict("records")
        assert sorted(map(str, visited)) == sorted(map(str, grid))


@pytest.mark.slow
def test_a_row_holds_the_whole_config_and_the_best_epoch_of_its_curve(smoke: Path) -> None:
    trials, epochs = tables(smoke)
    for row in trials.to_dict("records"):
        curve = epochs[epochs["trial"] == row["trial"]].set_index("epoch")
        assert row["best_epoch"] == curve["val_mse"].idxmin()
        assert row["val_mse"] == curve["val_mse"].min()
        assert row["val_kl"] == curve["val_kl"][row["best_epoch"]]
        for key in Config.__dataclass_fields__:
            assert row[key] is not None, key
    complete = trials[trials["state"] == "complete"]
    for row in complete.to_dict("records"):
        loaded = load_checkpoint(smoke / "checkpoints" / str(row["trial"]))
        assert loaded.seed == row["seed"]
        assert loaded.config.lr == row["lr"]


@pytest.mark.slow
def test_one_worker_and_one_seed_give_identical_tables_but_for_times(
    run_study: Run, tmp_path: Path
) -> None:
    times = ["train_s", "eval_s", "start_s", "end_s", "worker"]
    frames = []
    for name in ("a", "b"):
        words = ("--space", "cvae", "--trials", 14, "--max-epochs", 45, "--workers", 1)
        assert run_study(*words, "--seed", 7, "--name", name).code == 0
        frames.append([t.drop(columns=times, errors="ignore") for t in tables(tmp_path / name)])
    for first, second in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert {"complete", "pruned"} <= set(frames[0][0]["state"])  # so that ASHA had its part


@pytest.mark.slow
def test_the_manifest_says_what_was_run(smoke: Path) -> None:
    manifest = json.loads((smoke / "study.json").read_text())
    assert manifest["outcome"] == "complete"
    assert manifest["options"]["seed"] == 5
    assert manifest["space"] == load_space("cvae").as_dict()
    assert manifest["rungs"] == [10]
    assert manifest["versions"]["torch"].startswith("2.13.0")
    assert manifest["ended"] > manifest["started"]


def test_an_existing_name_is_refused_and_nothing_changes(run_study: Run, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "mine.txt").write_text("mine")
    ended = run_study("--space", "cvae", "--smoke", "--name", "s")
    assert ended.code == 2
    assert "is there already" in ended.err
    assert [p.name for p in tmp_path.rglob("*")] == ["s", "mine.txt"]


@pytest.mark.slow
def test_the_report_is_written_at_the_end_and_its_path_printed(
    run_study: Run, tmp_path: Path
) -> None:
    space = Path(__file__).parent / "spaces" / "flat.py"  # no more latents than a plane has
    ended = run_study("--space", space, "--smoke", "--name", "s", report=True)
    assert ended.code == 0
    assert re.search(rf"report \d[\d.]* (s|min): {tmp_path / 's' / 'report.html'}\n", ended.out)
    assert (tmp_path / "s" / "report.html").stat().st_size > 100_000
    assert ended.out.splitlines()[-1] == str(tmp_path / "s")


@pytest.mark.slow
def test_two_metrics_end_in_a_pareto_front(run_study: Run, tmp_path: Path) -> None:
    metrics = ["val_mse", "val_excess_nll"]
    words = ("--space", "cvae", "--metric", ",".join(metrics), "--trials", 5, "--max-epochs", 24)
    ended = run_study(*words, "--grace", 6, "--reduction", 2, "--name", "s")
    assert ended.code == 0, ended.err
    trials, _ = tables(tmp_path / "s")
    complete = trials[trials["state"] == "complete"]
    front = on_front(complete[metrics])
    assert f"the Pareto front of val_mse and val_excess_nll: {front.sum()} trials" in ended.out
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "s" / "journal.log")))
    study = optuna.load_study(study_name="s", storage=storage)
    assert set(complete["trial"][front]) == {trial.number for trial in study.best_trials}
