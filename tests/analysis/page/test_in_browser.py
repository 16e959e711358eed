"""What a reader does with a study's page, in Chromium."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.manifold import trustworthiness

from analysis.trained import load_trial
from study.record.results import read_results
from tests.analysis.page.conftest import Reader

pytestmark = pytest.mark.slow
Open = Callable[..., Reader]
# The figures on whose canvas nothing is drawn.
BLANK = """[...document.querySelectorAll("[data-plot]")].filter((place) => {
  const canvas = Bokeh.index.find_one(page.named(place.dataset.plot)).canvas_view.primary.canvas;
  const empty = document.createElement("canvas");
  [empty.width, empty.height] = [canvas.width, canvas.height];
  return canvas.toDataURL() === empty.toDataURL();
}).map((place) => place.dataset.plot)"""


@pytest.fixture
def open_page(reader: Open, explored: Path) -> Callable[..., Reader]:
    def at(hash_: str = "", **how: object) -> Reader:
        return reader(**how).open(f"{(explored / 'report.html').as_uri()}{hash_}")

    return at


@pytest.fixture(scope="module")
def trials(explored: Path) -> pd.DataFrame:
    return pd.read_parquet(explored / "trials.parquet").set_index("trial")


def test_brushing_an_axis_selects_the_same_trials_in_the_curves_and_in_the_table(
    open_page: Open, trials: pd.DataFrame
) -> None:
    page = open_page()
    across = page.page.evaluate("page.view.parallel.across(0)")
    up = page.page.evaluate("page.view.axes[0].scale.to(1e-3)")
    low, high = (page.page.evaluate("t => page.view.parallel.up(t)", t) for t in (up, 1.0))
    start, end = page.at("parallel", across, high), page.at("parallel", across, low)
    page.page.mouse.move(*start)
    page.page.mouse.down()
    page.page.mouse.move(start[0], (start[1] + end[1]) / 2, steps=4)
    page.page.mouse.move(*end, steps=4)
    page.page.mouse.up()
    low_lr, high_lr = page.page.evaluate("page.selection.brushes.lr")
    assert low_lr == pytest.approx(1e-3, rel=0.05)
    wanted = sorted(trials.index[trials["lr"].between(low_lr, high_lr)])
    assert 0 < len(wanted) < len(trials)
    assert page.marked("curves") == wanted
    assert page.marked("history") == wanted
    assert sorted(page.rows()) == wanted
    assert f"{len(wanted)} of {len(trials)} trials selected" in page.page.inner_text("#count")


def test_a_box_in_the_history_selects_complete_trials_alone(
    open_page: Open, trials: pd.DataFrame
) -> None:
    page = open_page()
    page.page.mouse.move(*page.at("history", 0.0, 0.99))
    page.page.mouse.down()
    page.page.mouse.move(*page.at("history", 0.6, 0.5), steps=4)
    page.page.mouse.move(*page.at("history", 1.0, 0.01), steps=4)
    page.page.mouse.up()
    page.page.wait_for_function("page.selection.rows !== null")
    complete = sorted(trials.index[trials["state"] == "complete"])
    assert page.marked("parallel") == complete
    assert sorted(page.rows()) == complete


def test_outcomes_of_trials_with_smaller_budgets_are_on_no_axis(
    open_page: Open, trials: pd.DataFrame
) -> None:
    page = open_page()
    shown = page.page.evaluate("[page.study.values.trial, page.study.values.val_mse]")
    known = {trial for trial, value in zip(*shown, strict=True) if value is not None}
    assert known == set(trials.index[trials["state"] == "complete"])
    drawn = page.page.evaluate("page.named('trials').data.history_y")
    assert sum(value is not None and np.isfinite(value) for value in drawn) == len(known)


def test_a_state_that_is_unchecked_leaves_all_views(open_page: Open, trials: pd.DataFrame) -> None:
    page = open_page()
    page.page.uncheck("#states input[value=pruned]")
    left = sorted(trials.index[trials["state"] != "pruned"])
    assert sorted(page.rows()) == left
    shown = page.page.evaluate("page.named('shown').booleans")
    assert sum(shown) == len(left)
    assert "states=" in page.page.url


def test_a_range_can_be_typed_and_taken_away_again(open_page: Open, trials: pd.DataFrame) -> None:
    page = open_page()
    page.page.click("details.ranges summary")
    page.page.select_option("#range-column", "latent_dim")
    page.page.fill("#range-from", "16")
    page.page.fill("#range-to", "17")
    page.page.click("#ranges button")
    assert "one of 2, 4, 8" in page.page.inner_text("#range-wrong")
    page.page.fill("#range-to", "64")
    page.page.click("#ranges button")
    wanted = sorted(trials.index[trials["latent_dim"].isin([16, 32, 64])])
    assert sorted(page.rows()) == wanted
    page.page.click("#chips button")
    assert len(page.rows()) == len(trials)


def test_the_table_sorts_both_ways_searches_and_copies_what_it_shows(
    open_page: Open, trials: pd.DataFrame
) -> None:
    page = open_page()
    complete = trials[trials["state"] == "complete"].sort_values("val_mse")
    assert page.rows()[: len(complete)] == complete.index.tolist()
    head = page.page.locator("#table th button", has_text="learning rate").first
    head.click()
    assert page.rows() == trials.sort_values("lr").index.tolist()
    page.page.locator("#table th button", has_text="learning rate").first.click()
    assert page.rows() == trials.sort_values("lr", ascending=False).index.tolist()
    page.page.fill("#search", "state=pruned latent_dim=64")
    found = trials[(trials["state"] == "pruned") & (trials["latent_dim"] == 64)]
    assert sorted(page.rows()) == sorted(found.index)
    lines = page.page.evaluate("page.csv()").splitlines()
    assert lines[0].startswith("trial,state,epochs")
    assert [int(line.partition(",")[0]) for line in lines[1:]] == page.rows()


def test_a_link_with_a_selection_shows_it_again(open_page: Open, trials: pd.DataFrame) -> None:
    first = open_page()
    first.page.uncheck("#states input[value=pruned]")
    first.page.locator("#table tbody button").first.click()
    first.page.select_option("#choose-x", "epochs")
    first.page.locator("#table th button", has_text="state").first.click()
    address = first.page.url
    again = open_page("#" + address.partition("#")[2])
    assert again.rows() == first.rows()
    assert len(again.rows()) == 1
    assert again.marked("rungs") == first.marked("rungs") == again.rows()
    assert again.page.input_value("#choose-x") == "epochs"
    assert not again.page.is_checked("#states input[value=pruned]")


def test_a_finding_s_link_selects_the_trials_it_speaks_of(open_page: Open, explored: Path) -> None:
    page = open_page()
    link = page.page.locator(".findings a", has_text="show this trial").first
    link.click()
    page.page.wait_for_function("page.selection.picked !== null")
    number = int((link.get_attribute("href") or "").partition("trials=")[2].partition("&")[0])
    assert page.rows() == [number]


def test_pointing_at_a_trial_says_what_it_was(open_page: Open, trials: pd.DataFrame) -> None:
    page = open_page()
    complete = trials[trials["state"] == "complete"]
    best = int(complete["val_mse"].idxmin())
    row = page.page.evaluate("t => page.study.place.get(t)", best)
    x, y = page.page.evaluate(
        "row => ['history_x', 'history_y'].map((k) => page.named('trials').data[k][row])",
        row,
    )
    page.page.mouse.move(*page.at("history", x, y))
    page.page.wait_for_selector("#tip:not([hidden])")
    said = page.page.inner_text("#tip")
    assert f"trial\n{best}" in said
    assert f"seed\n{trials.loc[best, 'seed']}" in said
    assert "complete" in said


def test_a_slider_moves_the_point_to_where_torch_s_decoder_puts_it(
    open_page: Open, explored: Path
) -> None:
    page = open_page()
    trained = load_trial(read_results(explored))
    page.page.locator("#sliders input").first.scroll_into_view_if_needed()
    latent = int(page.page.locator("#sliders input").first.get_attribute("data-latent") or -1)
    for value in (-2.5, 0.37, 3.0):
        page.page.locator("#sliders input").first.fill(str(value))
        z = np.zeros((2, trained.latent_dim))
        z[:, latent] = value
        expected = trained.decode(z, np.array([0, 1]))
        data = page.page.evaluate("page.named('decoded_points').data")
        assert np.abs(np.stack([data["x"], data["y"]], axis=1) - expected).max() < 1e-5


def test_all_figures_of_the_model_are_torch_s(open_page: Open, explored: Path) -> None:
    page = open_page()
    trained = load_trial(read_results(explored))
    z = np.random.default_rng(0).normal(size=(20, trained.latent_dim))
    for moon in (0, 1):
        found = page.page.evaluate(
            "([z, y]) => z.map((one) => [...page.decode(one, y)])", [z.tolist(), moon]
        )
        expected = trained.decode(z, np.full(20, moon))
        assert np.abs(np.array(found) - expected).max() < 1e-5
    mean, log_var = trained.posterior(trained.data.test)
    points = trained.data.test
    found = page.page.evaluate(
        "([x, y]) => x.map((one, i) => page.encode(one, y[i]))",
        [points.x[:20].astype(float).tolist(), points.y[:20].tolist()],
    )
    both = np.concatenate([mean, log_var], axis=1)[:20]
    assert np.abs(np.array(found) - both).max() < 1e-4 * max(1.0, np.abs(both).max())


def test_new_samples_are_drawn_at_a_click_and_a_point_shows_its_reconstruction(
    open_page: Open, explored: Path
) -> None:
    page = open_page()
    before = page.page.evaluate("page.named('sample_points').data.x")
    page.page.click("#draw")
    after = page.page.evaluate("page.named('sample_points').data.x")
    assert len(after) == len(before) == 1000
    assert after != before
    u, v = page.page.evaluate("['u', 'v'].map((k) => page.named('data_points').data[k][0])")
    page.page.mouse.move(*page.at("latents", u, v))
    page.page.wait_for_function("page.named('reconstruction').data.x.length === 1")
    assert "rebuilt at" in page.page.inner_text("#tip")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280, 1600])
def test_the_page_fits_its_window_and_asks_nobody(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(width=width, scheme=scheme)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    assert [a for a in page.asked if not a.startswith(("file:", "data:", "blob:"))] == []
    ground = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 200) == (scheme == "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_figure_is_blank_out_of_sight_in_another_width_or_in_print(
    open_page: Open, scheme: str
) -> None:
    page = open_page(width=1280, scheme=scheme)
    page.page.set_viewport_size({"width": 1600, "height": 900})
    page.page.wait_for_function(f"{BLANK}.length === 0")
    page.page.pdf()
    assert page.page.evaluate(BLANK) == []


def test_every_figure_has_an_alternative_text_and_every_control_a_name(open_page: Open) -> None:
    page = open_page()
    plots = page.page.locator("[data-plot]").all()
    assert len(plots) >= 12
    assert all(len(plot.get_attribute("aria-label") or "") > 15 for plot in plots)
    unnamed = page.page.evaluate(
        """[...document.querySelectorAll("input, select, button")]
          .filter((one) => !one.labels?.length && !one.ariaLabel && !one.textContent.trim())
          .map((one) => one.outerHTML)"""
    )
    assert unnamed == []


def test_the_filters_and_the_table_are_reached_by_the_keyboard(open_page: Open) -> None:
    page = open_page()
    page.page.focus("#states input")
    page.page.keyboard.press("Space")
    assert page.page.evaluate("page.selection.states !== null")
    page.page.focus("#table tbody button")
    page.page.keyboard.press("Enter")
    assert page.page.evaluate("page.selection.picked.size") == 1


def test_umap_keeps_neighbours_together_and_groups_apart_the_same_each_time(
    open_page: Open,
) -> None:
    rng = np.random.default_rng(0)
    t = rng.uniform(0, np.pi, 150)
    arc = np.stack([np.cos(t), np.sin(t), 0 * t, np.cos(2 * t), np.sin(2 * t)], axis=1)
    points = np.concatenate([arc, arc + np.array([0, 0, 5, 0, 0])]) + rng.normal(
        scale=0.02, size=(300, 5)
    )
    page = open_page()
    first, second = (
        np.array(page.page.evaluate("x => page.umap(x)", points.tolist())) for _ in range(2)
    )
    assert (first == second).all()
    assert trustworthiness(points, first, n_neighbors=15) > 0.97
    distances = np.linalg.norm(first[:, None] - first[None], axis=2)
    assert distances[:150, 150:].min() > np.sort(distances[:150, :150], axis=1)[:, 1].max()


def test_many_latents_are_embedded_when_they_come_into_sight(open_page: Open) -> None:
    page = open_page()
    assert page.page.evaluate("page.model.latent") > 2
    page.page.locator("[data-plot=latents]").scroll_into_view_if_needed()
    page.page.wait_for_function("page.model.umap !== undefined", timeout=30000)
    assert page.page.input_value("#latent-x") == "umap0"
    assert "keeps neighbours together" in page.page.inner_text("#latent-note")
    u, v = page.page.evaluate("['u', 'v'].map((k) => page.named('data_points').data[k][5])")
    assert [u, v] == page.page.evaluate("page.model.umap[5]")
