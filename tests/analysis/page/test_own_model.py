"""What a reader sees of a model of a user's own, in Chromium."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analysis.report import write_report
from analysis.trained import TrainedTrial, load_trial
from study.record.results import read_results
from study.record.tables import write_tables
from tests.analysis.page.conftest import Reader
from tests.moons.own_models import Dropped, Tied
from tests.study.in_process import made_up, run_in_process
from tests.study.own_files import file_of, plan_of

pytestmark = pytest.mark.slow
Open = Callable[..., Reader]


@pytest.fixture
def shown(
    reader: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[type], tuple[Reader, TrainedTrial]]:
    """The page of a study of a model, and the model."""
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)

    def show(kind: type) -> tuple[Reader, TrainedTrial]:
        file = file_of(tmp_path, kind)
        run_in_process(plan_of(file, tmp_path))
        write_tables(tmp_path / "s")
        page = reader().open(write_report(tmp_path / "s", model=file).as_uri())
        return page, load_trial(read_results(tmp_path / "s", file))

    return show


def test_a_slider_moves_the_point_to_where_its_decoder_puts_it(shown) -> None:
    page, trained = shown(Dropped)
    slider = page.page.locator("#sliders input").first
    slider.fill("1.5")
    z = np.zeros((2, trained.latent_dim))
    z[:, int(slider.get_attribute("data-latent"))] = 1.5
    data = page.page.evaluate("page.named('decoded_points').data")
    found = np.stack([data["x"], data["y"]], axis=1)
    assert np.abs(found - trained.decode(z, np.array([0, 1]))).max() < 1e-5
    before = page.page.evaluate("page.named('sample_points').data.x")
    page.page.click("#draw")
    assert page.page.evaluate("page.named('sample_points').data.x") != before
    assert page.wrong == []


def test_a_decoder_of_another_kind_has_no_slider_and_the_page_says_why(shown) -> None:
    page, _ = shown(Tied)
    assert page.page.locator("#sliders input").count() == 0
    assert "and Tied decodes otherwise" in page.page.inner_text("#decoded-about")
    assert page.page.locator("#draw").is_hidden()
    assert len(page.page.evaluate("page.named('sample_points').data.x")) == 1000
    assert len(page.page.evaluate("page.named('data_points').data.u")) == 100
    rebuilt = page.page.evaluate("page.model.rebuilt[7]")
    page.page.evaluate("page.hover('latent', { index: { indices: [7] } })")
    data = page.page.evaluate("page.named('reconstruction').data")
    assert [data["x1"][0], data["y1"][0]] == rebuilt
    assert page.wrong == []
