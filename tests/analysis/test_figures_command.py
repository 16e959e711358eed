from pathlib import Path

import pytest

from analysis.figures.__main__ import main
from tests.analysis.synthetic import Recipe, make_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_study(tmp_path / "small", Recipe(n_trials=8, scheduler="none"))


KINDS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_study_gives_the_same_file_of_the_kind_and_in_the_folder_asked_for(
    kind: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = []
    for out in (tmp_path / "one", tmp_path / "other"):
        words = ["--only", "best_so_far", "--format", kind, "--out", str(out)]
        assert main([str(folder), *words]) == 0
        assert capsys.readouterr().out.split() == [str(out / f"best_so_far.{kind}")]
        contents.append((out / f"best_so_far.{kind}").read_bytes())
    assert contents[0] == contents[1]
    assert contents[0].startswith(KINDS[kind])
    assert not (folder / "figures").exists()


def test_a_figure_of_another_metric_has_its_name(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--only", "slices", "--metric", "val_loss"]) == 0
    assert capsys.readouterr().out.split() == [str(folder / "figures" / "slices_val_loss.png")]


def test_a_figure_that_does_not_apply_is_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--only", "survival"]) == 6
    told = " ".join(capsys.readouterr().err.split())
    assert "survival is left out. The study compared no trials at rungs" in told
    assert not (folder / "figures").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "scatter"], "there is no figure 'scatter'; figures: best_so_far,"),
        (["--only", "slices", "--trial", "99"], "has no trial 99; its trials: 0 to 7"),
        (["--metric", "lr"], "less is better, got 'lr'; allowed: "),
        (["--format", "gif"], "--format"),
    ],
)
def test_bad_options_are_one_sentence(
    folder: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_damaged_study_has_its_own_exit_status(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "trials.parquet").write_bytes(b"junk")
    assert main([str(folder)]) == 4
    assert "trials.parquet is damaged" in capsys.readouterr().err
