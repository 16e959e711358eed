"""What holds for every scheduler by name, on the study's own trials."""

from pathlib import Path

import pytest

from search_spaces.choices import SCHEDULERS
from tests.study import local
from tests.study.in_process import made_up

SPACE = str(Path(__file__).parents[1] / "spaces" / "ordered.py")


@pytest.mark.parametrize("name", SCHEDULERS)
def test_trials_end_as_they_would_have_when_the_study_is_killed_and_resumed(
    name, tmp_path, monkeypatch
):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    words = ("--scheduler", name, "--trials", 20, "--max-epochs", 9, "--grace", 1)
    words += ("--reduction", 2, "--replicates", 2)
    whole = local.plan(tmp_path, *words, space=SPACE, name="whole")
    local.run_locally(whole)
    cut = local.plan(tmp_path, *words, space=SPACE, name="cut")
    for reports in (9, 13, None):
        local.run_locally(cut, stop_after=reports)
        cut = local.resumed(cut.folder)
    trained = local.trained(whole)
    assert local.trained(cut) == trained
    states = [state for _, state, _ in trained.values()]
    assert len(states) == 20
    assert ("pruned" in states) == (name != "none")
    assert "complete" in states


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("asha", "ASHA at epochs 10, 40, 160, 640"),
        ("median", "the median rule at epochs 10, 40, 160, 640"),
        ("hyperband", "Hyperband at epochs 10, 40, 160, 640"),
        ("none", "no early stops"),
    ],
)
def test_a_plan_says_who_stops_trials_and_where(name, said, tmp_path):
    plan = local.plan(tmp_path, "--scheduler", name, "--max-epochs", 1000, "--grace", 10)
    assert plan.stops == said
