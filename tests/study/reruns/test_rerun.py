"""Retraining on fresh seeds, from the command to the leaderboard."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from study.errors import StudyError
from study.record.manifest import Manifest
from study.rerun import main
from study.reruns.candidates import changed, config_from_file, top_candidates
from study.reruns.jobs import audited, on_fresh_seeds


def trials_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "trials.parquet")


def test_all_configs_meet_the_same_seeds_and_none_of_the_search_s(finished: Path) -> None:
    trials = trials_of(finished)
    wanted = on_fresh_seeds(top_candidates(trials, "val_mse", 2), 3, "init", 42, "auto")
    by_config: dict[str, list[int]] = {}
    for retraining in wanted:
        by_config.setdefault(retraining.candidate.label, []).append(retraining.seed)
    first, second = by_config.values()
    assert first == second
    assert len(set(first)) == 3
    assert not set(first) & set(trials["seed"])


def test_a_config_that_is_named_twice_is_trained_once(finished: Path) -> None:
    candidates = top_candidates(trials_of(finished), "val_mse", 2)
    once = on_fresh_seeds(candidates, 3, "init", 42, "auto")
    assert on_fresh_seeds(candidates + candidates[:1], 3, "init", 42, "auto") == once


def test_varying_the_data_draws_new_moons_and_varying_init_does_not(finished: Path) -> None:
    candidates = top_candidates(trials_of(finished), "val_mse", 1)
    drawn = {
        vary: {r.config.data_seed for r in on_fresh_seeds(candidates, 3, vary, 42, "auto")}
        for vary in ("init", "data")
    }
    assert drawn["init"] == {42}
    assert len(drawn["data"]) == 3


def test_varying_the_split_draws_other_points_to_validate_and_no_other_data(
    finished: Path,
) -> None:
    candidates = top_candidates(trials_of(finished), "val_mse", 2)
    drawn = on_fresh_seeds(candidates, 3, "split", 42, "auto")
    assert {r.config.data_seed for r in drawn} == {42}
    by_seed = {r.index: set[int]() for r in drawn}
    for retraining in drawn:
        by_seed[retraining.index].add(retraining.config.split_seed)
    assert all(len(splits) == 1 for splits in by_seed.values())  # configs meet the same points
    assert len(set[int]().union(*by_seed.values())) == 3


def test_an_audit_takes_pruned_trials_on_their_own_seeds(finished: Path) -> None:
    trials = trials_of(finished)
    pruned = trials[trials["state"] == "pruned"].set_index("trial")
    for retraining in audited(trials, 2, 42, 1, (10,), "torch"):
        assert retraining.seed == pruned["seed"][retraining.candidate.trial]
        assert retraining.engine == "torch"  # the study's: another one ends in other digits


def test_a_config_is_trained_with_a_setting_changed_beside_it_as_it_is(finished: Path) -> None:
    (best,) = top_candidates(trials_of(finished), "val_mse", 1)
    other = changed(best, ("beta=0.045",))
    assert other.label == f"{best.label}, beta=0.045"
    assert other.config == replace(best.config, beta=0.045)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("beta=0.1,1", "one value a setting"),
        ("noise=0.1", "cannot change the study's data"),
        ("betta=1", "no setting 'betta'"),
        ("max_epochs=5", "use --max-epochs"),
    ],
)
def test_what_a_rerun_cannot_change_is_refused(finished: Path, text: str, said: str) -> None:
    (best,) = top_candidates(trials_of(finished), "val_mse", 1)
    with pytest.raises(StudyError, match=said):
        changed(best, (text,))


def test_configs_of_files_with_one_name_are_told_apart(finished: Path, tmp_path: Path) -> None:
    manifest = Manifest.read(finished / "study.json")
    labels = []
    for width in (8, 16):
        path = tmp_path / str(width) / "config.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"encoder_hidden": width}))
        labels.append(config_from_file(path, manifest).label)
    assert len(set(labels)) == 2
    assert all(label.startswith("config.json ") for label in labels)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no JSON"),
        ('{"latent_dim": 0}', "latent_dim must be whole numbers in"),
        ('{"width": 3}', "unknown key 'width'"),
        ("[1]", "must be a JSON object"),
        ('{"config": null}', "must be a JSON object"),
        ('{"data_seed": 7}', "data_seed must be the study's 42, got 7"),
    ],
)
def test_a_config_file_that_cannot_be_trained_is_refused(
    finished: Path, tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(Exception, match=sentence) as refused:
        config_from_file(path, Manifest.read(finished / "study.json"))
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--trial", "99"), "--trial must be one of 0 to 7, got 99"),
        (("--seed-of-trial", "99"), "--seed-of-trial must be one of 0 to 7, got 99"),
        (("--seeds", "0"), "--seeds must be a whole number in"),
        (("--vary", "all"), "--vary"),
        (("--config", "nowhere.json"), "cannot be read: nowhere.json"),
        (("--config", "two\nlines.json"), "cannot be read: two lines.json"),
        (("--top", "1.5"), "--top: must be a whole number, got '1.5'"),
        (("--trial", "best"), "--trial: must be a whole number, got 'best'"),
        (("--audit", "None"), "--audit: must be a whole number, got 'None'"),
        (("--audit", "2", "--trial", "1"), "--audit draws its trials itself"),
        (("--export", "/"), "--export must name a folder that is not there yet, got /"),
        (("--audit", "2", "--export", "w"), "--export needs a leaderboard; leave --audit"),
        (("--seed-of-trial", "0", "--export", "w"), "--export needs a leaderboard"),
    ],
)
def test_bad_options_are_refused_in_one_line(
    study: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    before = sorted(p.name for p in study.iterdir())
    assert main([str(study), *words]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert sorted(p.name for p in study.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "a model of somebody's own: give its file with --space FILE.py"),
        (("--space", "vae"), "--space must be the file of Mine, which"),
    ],
)
def test_a_model_of_one_s_own_is_retrained_from_its_own_file_alone(
    study: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    manifest = json.loads((study / "study.json").read_text())
    manifest["space"]["model"] = "Mine"
    manifest["checksum"] = None
    (study / "study.json").write_text(json.dumps(manifest))
    assert main([str(study), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not (study / "reruns.jsonl").exists()


@pytest.mark.slow
def test_the_leaderboard_is_made_goes_on_and_is_exported(
    study: Path, ray_address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = [str(study), "--top", "2", "--address", ray_address]
    assert main([*words, "--seeds", "2"]) == 0
    first = pd.read_parquet(study / "reruns.parquet")
    assert len(first) == 4
    assert set(first["state"]) == {"complete"}
    out = tmp_path / "winner"
    assert main([*words, "--seeds", "3", "--export", str(out)]) == 0
    second = pd.read_parquet(study / "reruns.parquet")
    both = first.merge(second, on=list(first.columns), how="inner")
    assert len(both) == 4  # what was there was not trained again
    assert len(second) == 6
    board = pd.read_parquet(study / "leaderboard.parquet")
    assert board["rank"].tolist() == [1, 2]
    assert board["val_mse"].is_monotonic_increasing
    assert str(study / "leaderboard.parquet") in capfd.readouterr().out
    model = json.loads((out / "metrics.json").read_text())["this_model"]
    of_model = (second["config"] == model["config"]) & (second["seed"] == model["seed"])
    [row] = second[of_model].to_dict("records")
    for name in ("epochs", "val_mse", "val_loss", "exact_excess_nll", "sigma_x"):
        assert model[name] == row[name], name
    alone = [sys.executable, "-I", "sample.py"]  # without this project on the path
    drawn = subprocess.run(alone, cwd=out, capture_output=True, text=True, check=True)
    assert drawn.stdout.count("[") == 6
    assert {"encoder.onnx", "decoder.onnx", "README.md", "metrics.json"} <= {
        p.name for p in out.iterdir()
    }


@pytest.mark.slow
def test_an_audit_trains_pruned_trials_to_their_end(
    study: Path, ray_address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([str(study), "--audit", "2", "--address", ray_address]) == 0
    table = pd.read_parquet(study / "audit.parquet")
    stopped = trials_of(study).set_index("trial")["epochs"][table["trial"]]
    assert (table["epochs"].to_numpy() > stopped.to_numpy()).all()
    assert "would have entered the top 5" in capfd.readouterr().out
