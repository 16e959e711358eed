"""A trial again, from its own config and seed, compared to the last digit."""

import json
from pathlib import Path

import pandas as pd
import pytest

from study.record.folder import StudyFolder
from study.record.manifest import Manifest
from study.record.tables import write_tables
from study.rerun import main
from study.reruns.repeat import repeat_trial
from tests.study.local import plan, run_locally


def trials_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "trials.parquet")


@pytest.mark.parametrize("kind", ["complete", "pruned"])
def test_a_trial_repeats_to_the_last_digit(
    study: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    number = trials_of(study).query("state == @kind")["trial"].iloc[0]
    assert main([str(study), "--seed-of-trial", str(number)]) == 0
    said = capsys.readouterr().out
    assert "the same in every number" in said
    assert ("bit for bit" in said) == (kind == "complete")


def test_a_repeat_that_differs_says_which_version_does(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = trials_of(study).query("state == 'complete'")["trial"].iloc[0]
    weights = study / "checkpoints" / str(number) / "model.safetensors"
    other = next(p for p in (study / "checkpoints").iterdir() if p.name != str(number))
    weights.write_bytes((other / "model.safetensors").read_bytes())
    manifest = json.loads((study / "study.json").read_text())
    manifest["versions"]["numpy"] = "1.0"
    manifest["checksum"] = None
    (study / "study.json").write_text(json.dumps(manifest))
    assert main([str(study), "--seed-of-trial", str(number)]) == 6
    said = capsys.readouterr().out
    assert "other weights" in said
    assert "was 1.0" in said


def test_a_repeat_that_ends_in_another_state_says_so(study: Path) -> None:
    trials = trials_of(study)
    number = int(trials.query("state == 'complete'")["trial"].iloc[0])
    trials.loc[trials["trial"] == number, "state"] = "diverged"
    same, said = repeat_trial(
        StudyFolder(study), trials, Manifest.read(study / "study.json"), number, None
    )
    assert not same
    assert "state 'complete', was 'diverged'" in said


def test_a_trial_that_was_cut_off_after_a_rung_repeats_too(tmp_path: Path) -> None:
    results = tmp_path / "r"
    run_locally(plan(results, "--trials", 3, "--reduction", 2), stop_after=2)
    write_tables(results / "s")
    trials = trials_of(results / "s")
    number = int(trials.query("state == 'running' and epochs > 0")["trial"].iloc[0])
    manifest = Manifest.read(results / "s" / "study.json")
    same, said = repeat_trial(StudyFolder(results / "s"), trials, manifest, number, None)
    assert same, said


@pytest.mark.slow
def test_replicates_take_turns_at_the_rungs_as_they_did(tmp_path: Path) -> None:
    run_locally(plan(tmp_path, "--trials", 4, "--replicates", 2))
    write_tables(tmp_path / "s")
    trials, manifest = trials_of(tmp_path / "s"), Manifest.read(tmp_path / "s" / "study.json")
    for number in trials["trial"]:
        same, said = repeat_trial(StudyFolder(tmp_path / "s"), trials, manifest, int(number), None)
        assert same, said
