"""A browser that opens pages as a reader does: from a file, without a network."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from analysis.page.write import study_page
from study.record.results import read_results
from tests.analysis.synthetic import Recipe, make_study
from tests.analysis.trained import with_checkpoint, with_reruns

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without one the tests are skipped, but never in CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        assert not os.environ.get("CI"), "CI must have Chromium: .ci/run installs it"
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=found, args=ARGUMENTS) as browser,
    ):
        yield browser


@pytest.fixture(scope="session")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 60 trials whose best trial has weights, and retrainings."""
    recipe = Recipe(n_trials=60, seed=5, failing_share=0.05)
    folder = make_study(tmp_path_factory.mktemp("explored") / "made-up", recipe)
    best = read_results(folder).best_trial
    assert best is not None
    with_checkpoint(folder, best)
    with_reruns(folder)
    (folder / "report.html").write_text(study_page(read_results(folder)))
    return folder


class Reader:
    """A page that is open, and what went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.wrong.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, address: str) -> "Reader":
        """Opens an address and waits until the page is drawn."""
        self.page.goto(address)
        self.page.wait_for_function(
            "document.documentElement.dataset.ready === 'yes'", timeout=15000
        )
        return self

    def at(self, plot: str, x: float, y: float) -> tuple[float, float]:
        """Where a point of a plot is on the screen, once it is in sight."""
        self.page.locator(f"[data-plot={plot}]").scroll_into_view_if_needed()
        found = self.page.evaluate(
            """([name, x, y]) => {
              const view = Bokeh.index.find_one(page.named(name));
              const box = view.el.getBoundingClientRect(), { x_scale, y_scale } = view.frame;
              return [box.left + x_scale.compute(x), box.top + y_scale.compute(y)];
            }""",
            [plot, x, y],
        )
        return found[0], found[1]

    def rows(self) -> list[int]:
        """The trials in the table, in its order."""
        rows = self.page.locator("#table tbody tr")
        return [int(row.get_attribute("data-trial") or -1) for row in rows.all()]

    def marked(self, plot: str) -> list[int]:
        """The trials that a plot of trials draws as selected."""
        found = self.page.evaluate(
            """(name) => {
              const view = Bokeh.index.find_one(page.named(name).renderers.find(
                (r) => r.data_source === page.named("trials")));
              return view.model.data_source.selected.indices.map(
                (row) => view.model.data_source.data.trial[row]);
            }""",
            plot,
        )
        return sorted(found)


@pytest.fixture
def reader(browser: Browser) -> Iterator[Callable[..., Reader]]:
    """Opens pages; each must be without an error on its console at the end."""
    opened: list[Reader] = []

    def new(width: int = 1280, scheme: str = "light") -> Reader:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        opened.append(Reader(context.new_page()))
        return opened[-1]

    yield new
    for one in opened:
        assert one.wrong == []
        one.page.context.close()
