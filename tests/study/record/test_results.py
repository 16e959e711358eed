import json
from pathlib import Path

import pandas as pd
import pytest

from study.record.damage import DamagedRecord
from study.record.folder import StudyFolder
from study.record.parquet import write_table
from study.record.results import read_results
from tests.analysis.known import known_results
from tests.analysis.synthetic import Recipe, make_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_study(tmp_path / "small", Recipe(n_trials=12))


def test_a_folder_is_read_whole(folder: Path) -> None:
    results = read_results(folder)
    assert len(results.trials) == 12
    assert set(results.epochs["trial"]) <= set(results.trials["trial"])
    assert results.manifest.rungs == (10, 40, 160, 640)
    assert [d.name for d in results.manifest.searched] == [
        "lr",
        "batch_size",
        "encoder_hidden",
        "latent_dim",
        "decoder_hidden",
    ]
    assert results.manifest.searched[0].log
    assert results.manifest.searched[1].options == (32, 64, 128, 256)
    assert results.notes == ()


def test_the_best_trial_is_complete_however_good_a_pruned_one_was() -> None:
    results = known_results(
        [
            {"state": "pruned", "val_mse": 0.1},
            {"val_mse": 0.3},
            {"val_mse": 0.2},
            {"state": "diverged", "val_mse": 0.01},
        ]
    )
    assert results.best_trial == 2
    assert results.complete["trial"].tolist() == [2, 1]


def test_the_best_trial_is_that_of_the_config_which_fresh_seeds_confirm(folder: Path) -> None:
    searched = read_results(folder)
    assert (searched.confirmed, searched.best_trial) == (None, searched.winner)
    second = int(searched.complete["trial"].iloc[1])
    board = pd.DataFrame({"rank": [1, 2], "trial": [second, searched.winner], "vary": "split"})
    write_table(board, folder / "leaderboard.parquet")
    confirmed = read_results(folder)
    assert (confirmed.best_trial, confirmed.winner) == (second, searched.winner)
    assert confirmed.best.number == second


def test_without_a_complete_trial_there_is_no_best_one() -> None:
    assert known_results([{"state": "pruned", "val_mse": 0.1}]).best_trial is None


def test_a_trial_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="has no trial 7; its trials: 0 to 1"):
        known_results([{}, {}]).trial(7)


def test_a_list_of_widths_is_an_option_as_the_table_holds_it(folder: Path) -> None:
    about = json.loads((folder / "study.json").read_text())
    about["space"]["searched"]["encoder_hidden"]["options"] = [[32, 16], [64]]
    (folder / "study.json").write_text(json.dumps(about))
    assert read_results(folder).manifest.searched[2].options == ("32,16", "64")


def test_a_curve_is_the_mean_over_replicates(folder: Path) -> None:
    epochs = pd.read_parquet(folder / "epochs.parquet")
    twice = pd.concat(
        [epochs.assign(replicate=0), epochs.assign(replicate=1, val_mse=epochs["val_mse"] + 0.2)]
    )
    twice.to_parquet(folder / "epochs.parquet")
    read = read_results(folder).epochs
    assert len(read) == len(epochs)
    pd.testing.assert_series_equal(
        read["val_mse"], epochs["val_mse"] + 0.1, check_index=False, check_names=False
    )


def test_a_folder_without_a_manifest_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"not a study's folder: it holds no study\.json"):
        read_results(tmp_path)
    with pytest.raises(ValueError, match="is not a folder"):
        read_results(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"name": "a", "space": {}, "options": {}}'])
def test_a_damaged_manifest_is_named(folder: Path, content: str) -> None:
    (folder / "study.json").write_text(content)
    with pytest.raises(DamagedRecord, match=r"study\.json is damaged"):
        read_results(folder)


def test_missing_and_damaged_trials_are_refused_with_the_remedy(folder: Path) -> None:
    remedy = f"make it again with `python -m analysis.tables {folder}`"
    (folder / "trials.parquet").write_bytes(b"PAR1 is how it begins")
    with pytest.raises(DamagedRecord, match=f"trials.parquet is damaged.*{remedy}"):
        read_results(folder)
    (folder / "trials.parquet").unlink()
    with pytest.raises(DamagedRecord, match=f"trials.parquet is missing: {remedy}"):
        read_results(folder)


def test_a_missing_column_and_an_unknown_state_are_refused(folder: Path) -> None:
    trials = pd.read_parquet(folder / "trials.parquet")
    trials.drop(columns="val_mse").to_parquet(folder / "trials.parquet")
    with pytest.raises(DamagedRecord, match="lacks the column val_mse"):
        read_results(folder)
    trials.assign(state="asleep").to_parquet(folder / "trials.parquet")
    with pytest.raises(DamagedRecord, match=r"state must be one of complete, .*, got asleep"):
        read_results(folder)


def test_a_study_without_curves_is_read_with_a_note(folder: Path) -> None:
    (folder / "epochs.parquet").unlink()
    results = read_results(folder)
    assert results.epochs.empty
    assert results.notes == ("epochs.parquet is missing: there are no learning curves.",)
    (folder / "epochs.parquet").write_bytes(b"junk")
    assert "epochs.parquet is damaged" in read_results(folder).notes[0]


def test_an_empty_table_is_read_with_a_note(folder: Path) -> None:
    pd.DataFrame().to_parquet(folder / "trials.parquet")
    results = read_results(folder)
    assert results.trials.empty
    assert results.best_trial is None
    assert results.notes == ("trials.parquet has no rows: no trial was recorded.",)


def test_a_path_is_shown_so_that_it_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert StudyFolder(tmp_path / "elsewhere" / "cvae").shown == "elsewhere/cvae"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert StudyFolder(tmp_path / "cvae").shown == str(tmp_path / "cvae")


def test_a_study_is_read_by_a_text_and_shown_in_a_line(folder: Path) -> None:
    results = read_results(str(folder))
    assert repr(results) == f"StudyResults({folder}: {len(results.trials)} trials)"
