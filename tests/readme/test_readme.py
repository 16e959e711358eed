"""README's results are what the reference studies say."""

import pytest

from tests.readme import facts
from tests.readme.__main__ import README, rendered, with_results


def test_every_number_in_the_readmes_results_is_that_of_the_reference_studies() -> None:
    text = README.read_text()
    assert with_results(text, rendered()) == text, "run `python -m tests.readme`"


def test_the_facts_are_those_of_the_tables() -> None:
    found = facts.all_facts()
    winner = facts.read_results(facts.REFERENCE / "cvae").complete.iloc[0]
    assert found["cvae"].metric == winner["val_mse"]
    assert f"{winner[facts.excess_of(winner.to_frame().T)]:.3f}" in found["cvae"].excess
    config = found["cvae"].winner
    assert config is not None
    assert config.metric.low < config.metric.value < config.metric.high
    assert found["cvae"].metric < config.metric.value  # the search's own score was lucky


def test_a_readme_without_a_place_for_results_is_refused() -> None:
    with pytest.raises(AssertionError, match="0 places"):
        with_results("no such place", "")
