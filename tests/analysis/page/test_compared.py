"""The page of a comparison."""

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.comparison import compare
from analysis.page.compared import comparison_page
from study.record.results import StudyResults, read_results
from tests.analysis.page.conftest import Reader
from tests.analysis.synthetic import Recipe, make_study
from tests.analysis.trained import with_reruns


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> list[StudyResults]:
    root = tmp_path_factory.mktemp("compared")
    folders = [
        make_study(root / name, Recipe(name=name, n_trials=40, seed=seed, better_by=better))
        for name, seed, better in (("one", 1, 1.0), ("<b>two", 2, 0.8))
    ]
    with_reruns(folders[0])
    return [read_results(folder) for folder in folders]


def test_the_findings_and_checks_stand_on_the_page_as_text(studies: list[StudyResults]) -> None:
    comparison = compare(studies)
    html = comparison_page(comparison, "the command")
    for sentence in comparison.findings:
        assert sentence.split("<")[0].split("'")[0] in html
    assert "<b>two" not in html
    assert "Best configs on fresh seeds" in html
    assert "Drawn by: the command" in html


@pytest.mark.slow
@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_fits_draws_all_complete_trials_and_asks_nobody(
    studies: list[StudyResults], reader: Callable[..., Reader], tmp_path: Path, width: int
) -> None:
    path = tmp_path / "comparison.html"
    path.write_text(comparison_page(compare(studies), "the command"))
    page = reader(width=width).open(path.as_uri())
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    assert [a for a in page.asked if not a.startswith(("file:", "data:"))] == []
    drawn = page.page.evaluate(
        """models().filter((m) => m.type === "ColumnDataSource" && "share" in Object.fromEntries(
          Object.entries(m.data))).map((m) => m.data.trial.length)"""
    )
    assert sorted(drawn) == sorted(len(study.complete) for study in studies)
