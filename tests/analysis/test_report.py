import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import chapters, pictures, report
from analysis.figures import STUDY_FIGURES, Drawing, draw_figure
from analysis.summary import all_trials, evaluation, side_by_side, top_trials
from study.record.results import StudyResults
from tests.analysis.known import known_results
from tests.analysis.synthetic import Recipe, make_study

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Collects what a page refers to, and whether its elements close as they open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "img":
            self.images.append(found)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action") and v]
        self.ids += [v for k, v in attrs if k == "id" and v]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def few_figures() -> Iterator[None]:
    """Reports with two figures that draw, and one that does not apply."""
    names = ("best_so_far", "timeline", "pareto_front")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chapters, "GROUPS", {"The search": names, "The best model": ()})
        yield


@pytest.fixture(scope="module")
def page(study: Path, few_figures: None, tmp_path_factory: pytest.TempPathFactory) -> Page:
    path = tmp_path_factory.mktemp("report") / "report.html"
    return Page(report.write_report([study], path).read_text())


def test_a_report_holds_all_it_needs(page: Page) -> None:
    outside = [a for a in page.addresses if not a.startswith(("data:", "#"))]
    assert outside == []
    anchors = [a.removeprefix("#") for a in page.addresses if a.startswith("#")]
    assert anchors
    assert set(anchors) <= set(page.ids)


def test_every_image_is_a_picture_with_an_alternative_text(page: Page) -> None:
    assert len(page.images) == 2
    for image in page.images:
        kind, _, content = (image["src"] or "").partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(content).startswith(b"\x89PNG")
        assert "study made-up" in (image["alt"] or "")


def test_findings_come_before_figures_and_tables(page: Page) -> None:
    text = "".join(page.text)
    places = [text.index(part) for part in ("is the best of", "Draw it again", "Best trials")]
    assert places == sorted(places)


def test_a_figure_that_does_not_apply_is_named_with_its_reason(page: Page) -> None:
    text = "".join(page.text)
    assert "Pareto front. The study has one metric, val_mse: there is no trade-off." in text
    assert re.search(r"python -m analysis.figures /\S+/made-up --only timeline", text)


def test_a_figure_that_fails_costs_no_report(
    study: Path, few_figures: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str, results: StudyResults) -> Drawing | str:
        if name == "timeline":
            raise RuntimeError("a defect")
        return draw_figure(name, results)

    monkeypatch.setattr(pictures, "draw_figure", broken)
    page = Page(report.write_report([study], tmp_path / "report.html").read_text())
    assert len(page.images) == 1
    assert "It could not be drawn: RuntimeError: a defect." in "".join(page.text)


@pytest.mark.slow
def test_several_studies_stand_side_by_side(study: Path, few_figures: None, tmp_path: Path) -> None:
    other = make_study(tmp_path / "other", Recipe(name="other", n_trials=8, scheduler="none"))
    path = report.write_report([other, study])
    assert path == tmp_path / "report-other-made-up.html"
    page = Page(path.read_text())
    text = "".join(page.text)
    assert text.index("Side by side") < text.index("Findings: other")
    assert "Findings: made-up" in text
    assert len(page.images) > 4
    assert len(set(page.ids)) == len(page.ids)
    assert re.search(r"python -m analysis.compare /\S+/other /\S+/made-up", text)


def test_what_a_trial_says_is_text_and_never_markup(few_figures: None, tmp_path: Path) -> None:
    folder = make_study(tmp_path / "odd", Recipe(name="<b>odd</b>", n_trials=6))
    trials = pd.read_parquet(folder / "trials.parquet")
    trials.assign(state="failed", error="<script>alert(1)</script>").to_parquet(
        folder / "trials.parquet"
    )
    html = report.write_report([folder]).read_text()
    assert "<b>odd</b>" not in html
    assert html.count("<script>") == 1
    Page(html)


@pytest.mark.parametrize("kept", [0, 1])
def test_an_empty_study_and_one_trial_have_a_report(
    kept: int, few_figures: None, tmp_path: Path
) -> None:
    folder = make_study(tmp_path / "small", Recipe(n_trials=1, failing_share=0))
    trials = pd.read_parquet(folder / "trials.parquet")
    trials.head(kept).to_parquet(folder / "trials.parquet")
    page = Page(report.write_report([folder]).read_text())
    expected = "is the only complete trial" if kept else "The study has no trials"
    assert expected in "".join(page.text)


def test_a_report_needs_a_study() -> None:
    with pytest.raises(ValueError, match="at least one study's folder, got none"):
        report.write_report([])


def test_the_command_prints_the_path_or_a_sentence(
    study: Path, few_figures: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "report.html"
    assert report.main([str(study), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert report.main([str(tmp_path)]) == 2
    assert "not a study's folder" in capsys.readouterr().err
    (tmp_path / "study.json").write_text("{")
    assert report.main([str(tmp_path)]) == 4
    assert "study.json is damaged" in capsys.readouterr().err


def test_help_loads_nothing_heavy() -> None:
    heavy = {"matplotlib", "seaborn", "pandas", "scipy", "torch", "optuna", "jinja2"}
    code = (
        "import sys, analysis.report, analysis.figures.__main__;"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_tables_show_complete_trials_first_and_in_order(results: StudyResults) -> None:
    best = top_trials(results)
    assert best.columns[:2] == ("trial", "state")
    assert {row[1] for row in best.rows} == {"complete"}
    assert [int(row[0]) for row in best.rows] == results.complete["trial"].head(10).tolist()
    everything = all_trials(results)
    assert len(everything.rows) == len(results.trials)
    assert everything.rows[: len(best.rows)] == best.rows


def test_only_the_first_of_many_trials_are_listed_and_the_rest_counted() -> None:
    trials = known_results([{"val_mse": 1.0 + n} for n in range(1005)])
    table = all_trials(trials)
    assert len(table.rows) == 1000
    assert table.note == "5 more trials are in trials.parquet."


def test_the_evaluation_has_a_row_a_metric_and_a_column_a_split() -> None:
    row = {"val_mse": 0.25, "test_mse": 0.5, "test_excess_nll": 0.0625, "test_excess_nll_se": 0.01}
    table = evaluation(known_results([row, {"val_mse": np.nan}]))
    assert table is not None
    assert table.columns == ("metric", "validation", "test")
    assert ("MSE (squared data units)", "0.25", "0.5") in table.rows
    assert ("excess NLL (nats a point)", "-", "0.062 ± 0.010") in table.rows
    assert not any(row[0] == "s" for row in table.rows)


def test_a_figure_of_the_evaluation_stands_beside_its_floor_and_lists_are_left_out() -> None:
    row = {
        "fresh_coverage": 0.5,
        "fresh_coverage_floor": 0.97,
        "fresh_points": 10_000.0,
        "fresh_kl_per_latent": "[0.1, 0.2]",
        "fresh_mutual_information": 0.25,
        "fresh_mutual_information_error": 0.125,
    }
    table = evaluation(known_results([{"val_mse": 0.1} | row]))
    assert table is not None
    cells = {cell[0]: cell[-1] for cell in table.rows}
    assert cells["coverage (share)"] == "0.5 (exact draws: 0.97)"
    assert cells["mutual information (nats)"] == "0.25 ± 0.12"
    assert len(cells) == 5  # these two, and the MSE, loss and KL of the validation split


def test_studies_of_different_metrics_are_said_not_to_compare() -> None:
    one = known_results([{"val_mse": 0.1}])
    other = known_results([{"val_kl": 0.1}], metrics=("val_kl",))
    assert side_by_side([one, one]).note == ""
    assert "do not compare" in side_by_side([one, other]).note


@pytest.mark.slow
def test_a_report_over_ten_thousand_trials_shows_a_part_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapters, "GROUPS", {"The search": STUDY_FIGURES, "The best model": ()})
    folder = make_study(tmp_path / "many", Recipe(n_trials=10_000))
    page = Page(report.write_report([folder]).read_text())
    text = "".join(page.text)
    assert "Drawn are 400 of" in text
    assert "9,000 more trials are in trials.parquet." in text
    assert "could not be drawn" not in text
