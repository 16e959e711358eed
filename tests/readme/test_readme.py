"""What README and docs say of the reference studies holds, and what they link to is there."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.readme import facts
from tests.readme.__main__ import WRITTEN, rendered, with_results

PAGES = (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md")))


@pytest.mark.parametrize("template", WRITTEN)
def test_every_number_in_the_results_is_that_of_the_reference_studies(template: str) -> None:
    text = WRITTEN[template].read_text()
    assert with_results(text, rendered(template)) == text, "run `python -m tests.readme`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http://", "https://")):
            continue
        file, _, heading = target.partition("#")
        found = (page.parent / file) if file else page
        assert found.exists(), target
        if heading:
            named = re.findall(r"^#+ (.+)$", found.read_text(), flags=re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in named}
            assert heading in anchors, target


def test_readme_leads_to_every_page_of_docs() -> None:
    text = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES[2:] if f"docs/{page.name}" not in text] == []


def test_the_facts_are_those_of_the_tables() -> None:
    found = facts.all_facts()
    winner = facts.read_results(facts.REFERENCE / "cvae").complete.iloc[0]
    assert found["cvae"].metric == winner["val_mse"]
    assert f"{winner[facts.excess_of(winner.to_frame().T)]:.3f}" in found["cvae"].excess
    config = found["cvae"].winner
    assert config is not None
    assert config.metric.low < config.metric.value < config.metric.high
    assert found["cvae"].metric < config.metric.value  # the search's own score was lucky


def test_a_page_without_a_place_for_results_is_refused() -> None:
    with pytest.raises(AssertionError, match="0 places"):
        with_results("no such place", "")
