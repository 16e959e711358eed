import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import report
from analysis.page.columns import WHEN_STOPPED, columns_of, rows_of
from analysis.page.payload import curves_of, kept_epochs
from analysis.page.write import numbers_of
from analysis.summary import evaluation
from study.record.results import StudyResults
from tests.analysis.known import known_results
from tests.analysis.synthetic import Recipe, make_study

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Collects what a page refers to, and whether its elements close as they open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action") and v]
        self.ids += [v for k, v in attrs if k == "id" and v]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def said(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def path(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write_report(study, tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture(scope="module")
def page(path: Path) -> Page:
    return Page(path.read_text())


def test_a_page_holds_all_it_needs_and_may_not_ask_for_more(page: Page, path: Path) -> None:
    assert [a for a in page.addresses if not a.startswith(("#", "data:"))] == []
    goals = {re.search(r"to=([\w-]+)", a) for a in page.addresses}
    assert {goal[1] for goal in goals if goal} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    html = unescape(path.read_text())
    assert "default-src 'none'" in html
    assert "connect-src 'none'" in html


def test_the_answer_comes_first_and_says_that_nobody_confirmed_it(page: Page) -> None:
    parts = ("is the best of", "Not confirmed", "What to beware of", "Explore the trials")
    places = [page.said.index(part) for part in parts]
    assert places == sorted(places)
    assert re.search(r"python -m study.rerun /\S+/made-up --top 5 --seeds 20", page.said)


def test_what_a_trial_says_is_text_and_never_markup(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "odd", Recipe(name="<b>odd</b>", n_trials=6))
    trials = pd.read_parquet(folder / "trials.parquet")
    trials.assign(state="failed", error="<script>alert(1)</script>").to_parquet(
        folder / "trials.parquet"
    )
    html = report.write_report(folder).read_text()
    assert "<b>odd</b>" not in html
    assert "<script>alert" not in html
    Page(html)


@pytest.mark.parametrize("kept", [0, 1])
def test_an_empty_study_and_one_trial_have_a_page(kept: int, tmp_path: Path) -> None:
    folder = make_study(tmp_path / "small", Recipe(n_trials=1, failing_share=0))
    trials = pd.read_parquet(folder / "trials.parquet")
    trials.head(kept).to_parquet(folder / "trials.parquet")
    page = Page(report.write_report(folder).read_text())
    expected = "is the only complete trial" if kept else "The study has no trials yet"
    assert expected in page.said


def test_the_command_prints_the_paths_or_a_sentence(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "report.html"
    assert report.main([str(study), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    other = make_study(tmp_path / "other", Recipe(name="other", n_trials=4))
    assert report.main([str(study), str(other)]) == 0
    pages = [study / "report.html", other / "report.html"]
    assert capsys.readouterr().out.split() == list(map(str, pages))
    assert report.main([str(study), str(other), "--out", str(out)]) == 2
    assert "--out takes the page of one study, got 2" in capsys.readouterr().err
    assert report.main([]) == 2
    assert "got none" in capsys.readouterr().err
    assert report.main([str(tmp_path)]) == 2
    assert "not a study's folder" in capsys.readouterr().err
    (tmp_path / "study.json").write_text("{")
    assert report.main([str(tmp_path)]) == 4
    assert "study.json is damaged" in capsys.readouterr().err


def loaded_by(code: str) -> set[str]:
    code = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    heavy = {"matplotlib", "seaborn", "pandas", "scipy", "torch", "optuna", "jinja2", "bokeh"}
    assert loaded_by("import analysis.report, analysis.figures.__main__") & heavy == set()


def test_a_page_is_written_without_torch_and_without_what_draws_figures(
    study: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "report.html")
    code = f"from analysis.report import main\nmain([{str(study)!r}, '--out', {out!r}])"
    loaded = loaded_by(code)
    assert "bokeh" in loaded
    assert loaded & {"torch", "matplotlib", "seaborn", "umap", "ray", "optuna"} == set()


def test_outcomes_are_known_of_complete_trials_alone(results: StudyResults) -> None:
    trials, metric = results.trials, results.manifest.metric
    columns = columns_of(results.manifest, trials)
    rows = rows_of(trials, columns, metric)
    complete = (trials["state"] == "complete").tolist()
    for column in columns:
        if column.group == "outcome":
            known = [value is not None for value in rows[column.name]]
            assert all(done or not there for done, there in zip(complete, known, strict=True))
    stopped = [value is not None for value in rows[WHEN_STOPPED]]
    assert not any(done and there for done, there in zip(complete, stopped, strict=True))
    assert any(stopped)


def test_columns_are_the_settings_that_were_searched_and_what_differs(
    results: StudyResults,
) -> None:
    by_name = {c.name: c for c in columns_of(results.manifest, results.trials)}
    assert {d.name for d in results.manifest.searched} <= by_name.keys()
    assert by_name["latent_dim"].options == ("2", "4", "8", "16", "32", "64", "128")
    assert (by_name["lr"].low, by_name["lr"].high, by_name["lr"].log) == (1e-4, 0.1, True)
    assert "max_epochs" not in by_name  # all trials shared it


def test_a_thinned_curve_keeps_its_beginning_its_least_its_end_and_the_rungs() -> None:
    at = np.arange(1, 1001)
    values = 1.0 + np.abs(at - 777) / 1000
    kept = at[kept_epochs(at, values, (40, 160))]
    assert set(range(1, 25)) | {40, 160, 777, 1000} <= set(kept)
    assert len(kept) < 130


def test_a_short_curve_is_whole_and_what_is_not_finite_is_null() -> None:
    epochs = pd.DataFrame({"trial": [3, 3, 8], "epoch": [1, 2, 1], "val_mse": [0.5, np.nan, 0.25]})
    assert curves_of(epochs, ["val_mse"]) == {
        3: {"epoch": [1, 2], "val_mse": [0.5, None]},
        8: {"epoch": [1], "val_mse": [0.25]},
    }


def test_rungs_are_what_trials_reported(results: StudyResults) -> None:
    numbers = numbers_of(results)
    trials = results.trials.set_index("trial")
    for trial, (at, _) in numbers["rungs"].items():
        assert set(at) <= set(results.manifest.rungs)
        assert all(epoch <= trials.loc[trial, "epochs"] for epoch in at)
    assert numbers["rungs"]


def test_a_page_of_a_hundred_trials_is_small(path: Path) -> None:
    assert path.stat().st_size < 3e6


@pytest.mark.slow
def test_a_page_of_ten_thousand_trials_has_them_all_and_stays_below_8_megabytes(
    tmp_path: Path,
) -> None:
    folder = make_study(tmp_path / "many", Recipe(n_trials=10_000))
    assert report.write_report(folder).stat().st_size < 8e6


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
