"""The rules by which trials are stopped, and one meaning of having reached a rung."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.tune.schedulers import AsyncHyperBandScheduler, MedianStoppingRule

from search_spaces.choices import SCHEDULERS
from study.record.rungs import Rungs, rungs_table
from study.record.stopping import STOPPING, bracket, goes_on
from study.tune.scheduler import RungScheduler

finite = st.floats(-10, 10, allow_nan=False)


def test_the_first_to_arrive_goes_on_and_a_later_one_if_it_is_among_the_best_part() -> None:
    assert goes_on(9.0, [], 4)
    earlier = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert goes_on(2.0, earlier, 4)  # the best quarter ends at 2
    assert not goes_on(2.1, earlier, 4)


@given(st.lists(finite, min_size=1, max_size=40), st.integers(2, 5))
def test_the_rule_decides_as_ray_s_own_does(values: list[float], reduction: int) -> None:
    rung = AsyncHyperBandScheduler(
        time_attr="epochs", metric="m", mode="min", grace_period=1, max_t=2,
        reduction_factor=reduction, stop_last_trials=False,
    )._brackets[0]  # fmt: skip
    rung._rungs = [(1, {})]
    ours = Rungs([1], "asha", reduction)
    for slot, value in enumerate(values):
        trial = type("Trial", (), {"trial_id": str(slot)})()
        theirs = rung.on_result(trial, 1, -value)
        assert ours.admit(slot, 1, value) == (theirs == "CONTINUE")


def test_a_report_counts_at_the_highest_rung_it_has_reached_and_once() -> None:
    rungs = Rungs([4, 16], "asha", 2)
    assert rungs.admit(7, 3, 1.0)
    assert rungs.admit(7, 17, 1.0)
    assert rungs.values == {4: {}, 16: {7: 1.0}}
    assert rungs.admit(7, 18, 99.0)  # it was decided at the rung
    assert rungs.values[16] == {7: 1.0}


@pytest.mark.parametrize("rule", STOPPING)
@given(trials=st.lists(st.tuples(finite, finite), min_size=2, max_size=40), cut=st.integers(0, 39))
def test_rungs_filled_again_decide_as_if_they_had_never_been_left(
    rule: str, trials: list[tuple[float, float]], cut: int
) -> None:
    def decisions(rungs: Rungs, first: int, until: int) -> list[bool]:
        reports = [(slot, trials[slot]) for slot in range(len(trials))[first:until]]
        return [rungs.admit(s, e, v) for s, vs in reports for e, v in zip((4, 16), vs, strict=True)]

    whole, refilled = Rungs([4, 16], rule, 3), Rungs([4, 16], rule, 3)
    decisions(whole, 0, cut)
    refilled.refill(whole.values | {64: {0: 0.0}})
    assert decisions(refilled, cut, len(trials)) == decisions(whole, cut, len(trials))


@given(st.lists(st.lists(finite, min_size=3, max_size=3), min_size=1, max_size=20))
def test_the_median_rule_decides_as_ray_s_own_does(trials: list[list[float]]) -> None:
    ray = MedianStoppingRule(
        time_attr="epochs", metric="m", mode="min", grace_period=0, min_samples_required=3,
        min_time_slice=0, hard_stop=True,
    )  # fmt: skip
    ours = Rungs([1, 2, 3], "median", 4)
    controller = SimpleNamespace(get_live_trials=list)  # nobody to wait for
    for slot, values in enumerate(trials):
        trial = type("Trial", (), {"trial_id": str(slot)})()
        for epoch, value in enumerate(values, 1):
            theirs = ray.on_trial_result(controller, trial, {"epochs": epoch, "m": value})
            assert ours.admit(slot, epoch, value) == (theirs == "CONTINUE")
            if theirs != "CONTINUE":
                break


def test_brackets_share_the_budget_and_every_stretch_of_a_study_has_its_part_of_each() -> None:
    whole = Counter(bracket(slot, 2, 4) for slot in range(2500))
    # 16, 6 and 3 trials at 1, 4 and 16 units of budget, to which all three come equally close.
    assert [whole[first] for first in (0, 1, 2)] == pytest.approx([1600, 600, 300], abs=2)
    for start in range(0, 2500, 50):
        part = Counter(bracket(slot, 2, 4) for slot in range(start, start + 50))
        assert abs(part[0] - 32) <= 2
        assert part[2] >= 5


def test_in_hyperband_a_trial_meets_its_own_bracket_from_that_one_s_first_rung_on() -> None:
    rungs = Rungs([10, 40], "hyperband", 4)
    by_bracket = {first: [s for s in range(60) if bracket(s, 2, 4) == first] for first in (0, 1, 2)}
    for place, slot in enumerate(by_bracket[0]):
        assert rungs.admit(slot, 10, float(place)) == (place == 0)
    late, later = by_bracket[1][:2]
    assert rungs.admit(late, 10, 99.0)  # its bracket decides at 40
    assert rungs.admit(late, 40, 99.0)  # the first of its bracket there
    assert rungs.admit(later, 10, 99.0)
    assert not rungs.admit(later, 40, 100.0)
    never = by_bracket[2][0]
    assert rungs.admit(never, 10, 1e9)
    assert rungs.admit(never, 40, 1e9)


@pytest.mark.parametrize("rungs", [1, 2, 4])
def test_with_one_bracket_hyperband_is_asha(rungs: int) -> None:
    epochs = [4**i for i in range(rungs)]
    asha, hyperband = Rungs(epochs, "asha", 4), Rungs(epochs, "hyperband", 4)
    draws = np.random.RandomState(0).uniform(size=(40, rungs)).tolist()
    slots = [slot for slot in range(400) if bracket(slot, rungs, 4) == 0][:40]
    for slot, values in zip(slots, draws, strict=True):
        for epoch, value in zip(epochs, values, strict=True):
            assert asha.admit(slot, epoch, value) == hyperband.admit(slot, epoch, value)


def test_every_name_of_a_scheduler_has_its_rule_and_the_documents_say_what_it_is() -> None:
    assert set(STOPPING) | {"none"} == set(SCHEDULERS)
    text = (Path(__file__).parents[3] / "docs" / "search.md").read_text()
    for name, about in SCHEDULERS.items():
        assert f"| `{name}` | {about} |" in text


def test_a_trial_that_ended_before_a_rung_or_at_it_has_not_reached_it() -> None:
    column = pd.Series(['{"10": 0.5, "40": 0.4}', '{"10": 0.3}', None], index=[7, 8, 9])
    table = rungs_table(column, (10, 40, 160))
    assert table.columns.tolist() == ["10", "40", "160"]
    assert table.notna().sum().tolist() == [2, 1, 0]
    assert table.loc[7, "40"] == 0.4
    assert np.isnan(table.loc[9, "10"])
    assert rungs_table(column).columns.tolist() == ["10", "40"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_tune_s_scheduler_stops_what_is_not_finite_and_keeps_it_out_of_the_rungs(
    value: float,
) -> None:
    scheduler = RungScheduler("m", Rungs((4,), "asha", 2))
    trial = SimpleNamespace(config={"job": SimpleNamespace(slot=0)})
    assert scheduler.on_trial_result(None, trial, {"epochs": 4, "m": value}) == "STOP"
    assert scheduler.on_trial_result(None, trial, {"epochs": 4}) == "CONTINUE"
    assert scheduler.rungs.values == {4: {}}
