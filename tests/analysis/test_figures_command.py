from pathlib import Path

import pytest

from analysis.figures.__main__ import main
from tests.analysis.synthetic import Recipe, make_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_study(tmp_path / "small", Recipe(n_trials=8, scheduler="none"))


def test_one_figure_is_drawn_as_png_and_on_demand_as_svg(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--only", "timeline", "--svg"]) == 0
    paths = [folder / "figures" / f"timeline.{kind}" for kind in ("png", "svg")]
    assert capsys.readouterr().out.split() == [str(path) for path in paths]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in paths[1].read_text()
    assert [p.name for p in (folder / "figures").iterdir()] != []


def test_the_same_study_gives_the_same_file(folder: Path) -> None:
    path = folder / "figures" / "timeline.svg"
    contents = []
    for _ in range(2):
        main([str(folder), "--only", "timeline", "--svg"])
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


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
        (["--only", "timeline", "--trial", "99"], "has no trial 99; its trials: 0 to 7"),
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
