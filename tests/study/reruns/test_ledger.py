"""The account of retrainings: what is missing is trained, what was trained is kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study.record.point_losses import load_losses, pack_losses
from study.record.tables import write_rerun_tables
from study.reruns.candidates import named_candidates, top_candidates
from study.reruns.jobs import Retraining, audited, on_fresh_seeds
from study.reruns.ledger import RerunLedger
from study.training.job import Report, Status


def wanted(finished: Path, seeds: int = 2) -> list[Retraining]:
    trials = pd.read_parquet(finished / "trials.parquet")
    return on_fresh_seeds(top_candidates(trials, "val_mse", 2), seeds, "init", 42, "auto")


def report(status: Status, epochs: int = 12, value: float = 0.1) -> Report:
    error = None if status in ("complete", "running") else "it was a bad day"
    row = {"epochs": epochs, "val_mse": value}
    metrics = {"val_mse": value} if error is None else {}
    return Report(status=status, epochs=epochs, metrics=metrics, row=row, error=error)


def ledger_of(folder: Path, retrainings: list[Retraining]) -> RerunLedger:
    return RerunLedger(folder / "reruns.jsonl", retrainings, ("val_mse",), None)


def train(ledger: RerunLedger, *statuses: Status) -> None:
    for place, status in enumerate(statuses):
        assert ledger.begin(str(place)) is not None
        ledger.take(str(place), report(status))
        ledger.close(str(place))


def test_nothing_is_written_before_a_retraining_has_ended(finished: Path, tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, wanted(finished))
    assert ledger.begin("a") is not None
    assert list(tmp_path.iterdir()) == []


def test_what_ended_is_not_trained_again_and_what_failed_is(finished: Path, tmp_path: Path) -> None:
    retrainings = wanted(finished)
    train(ledger_of(tmp_path, retrainings), "complete", "failed", "diverged")
    again = ledger_of(tmp_path, retrainings)
    assert again.missing == 2  # the failed one and the one that was never begun
    assert again.tally.states == {"complete": 1, "diverged": 1}
    train(again, "complete", "complete")
    write_rerun_tables(tmp_path)
    table = pd.read_parquet(tmp_path / "reruns.parquet")
    assert len(table) == 4  # of the one that was tried twice its last training
    assert sorted(table["state"]) == ["complete", "complete", "complete", "diverged"]
    assert not table.duplicated(["config", "seed_index"]).any()


def test_a_retraining_whose_worker_died_too_often_is_left_to_a_later_call(
    finished: Path, tmp_path: Path
) -> None:
    retrainings = wanted(finished)
    ledger = ledger_of(tmp_path, retrainings)
    assert ledger.begin("a") is not None
    ledger.close("a", "its worker died too often")
    assert ledger.tally.last_error == "its worker died too often"
    assert ledger_of(tmp_path, retrainings).missing == len(retrainings)


def test_an_audit_keeps_what_asha_would_have_seen_at_each_rung(
    finished: Path, tmp_path: Path
) -> None:
    trials = pd.read_parquet(finished / "trials.parquet")
    ledger = ledger_of(tmp_path, audited(trials, 1, 42, 1, (4, 8), "auto"))
    job = ledger.begin("a")
    assert job is not None
    assert job.rungs == (4, 8)
    for epochs, value in ((4, 0.5), (8, 0.25)):
        ledger.take("a", report("running", epochs, value))
    ledger.take("a", report("complete", 12, 0.2))
    ledger.close("a")
    write_rerun_tables(tmp_path)
    [row] = pd.read_parquet(tmp_path / "audit.parquet").to_dict("records")
    assert json.loads(row["rungs"]) == {"4": 0.5, "8": 0.25}


def test_an_audit_of_more_trials_draws_those_of_fewer_too(finished: Path) -> None:
    trials = pd.read_parquet(finished / "trials.parquet")
    assert (trials["state"] == "pruned").sum() > 2

    def drawn(k: int, table: pd.DataFrame) -> list[str]:
        return [r.candidate.label for r in audited(table, k, 42, 1, (), "auto")]

    assert drawn(3, trials)[:2] == drawn(2, trials)
    last = trials.query("state == 'pruned'")["trial"].max()
    earlier = trials[trials["trial"] != last]
    later = [label for label in drawn(8, trials) if label in drawn(8, earlier)]
    assert later == drawn(8, earlier)  # a trial that joins changes the order of no others
    assert len(drawn(8, trials)) == len(later) + 1


@pytest.mark.parametrize("line", ["{", "[]", '{"key": "trial 1", "state": "complete"}'])
def test_a_damaged_line_is_named(finished: Path, tmp_path: Path, line: str) -> None:
    train(ledger_of(tmp_path, wanted(finished)), "complete")
    path = tmp_path / "reruns.jsonl"
    path.write_text(f"{line}\n{path.read_text()}")
    with pytest.raises(Exception, match="is damaged in line 1"):
        ledger_of(tmp_path, wanted(finished))


def test_the_losses_of_points_are_on_the_disk_before_the_line_that_names_them(
    finished: Path, tmp_path: Path
) -> None:
    ledger = ledger_of(tmp_path, wanted(finished))
    assert ledger.begin("a") is not None
    losses = pack_losses({"val_mse": np.array([0.1, 0.3])})
    ledger.take("a", replace(report("complete"), losses=losses))
    ledger.close("a")
    write_rerun_tables(tmp_path)
    name = pd.read_parquet(tmp_path / "reruns.parquet")["losses"][0]
    assert load_losses(tmp_path, [name], "val_mse")[name] == pytest.approx([0.1, 0.3], rel=1e-3)
    assert load_losses(tmp_path, [name, "lost"], "test_excess_nll") == {}


def test_the_best_configs_are_distinct_and_one_is_trained_once(finished: Path) -> None:
    trials = pd.read_parquet(finished / "trials.parquet")
    row = trials[trials["state"] == "complete"].nsmallest(1, "val_mse")
    n = len(trials)
    copies = [row.assign(trial=n + k, val_mse=row["val_mse"] * (1 + k)) for k in range(4)]
    copied = pd.concat([trials, *copies])
    assert top_candidates(copied, "val_mse", 2) == top_candidates(trials, "val_mse", 2)
    again = named_candidates(copied, (int(row["trial"].iloc[0]), n + 1))
    assert len(on_fresh_seeds(again, 1, "init", 42, "auto")) == 1
