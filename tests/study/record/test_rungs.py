"""ASHA's rule, and one meaning of having reached a rung."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.tune.schedulers import AsyncHyperBandScheduler

from study.record.rungs import Rungs, goes_on, rungs_table

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
    ours = Rungs([1], reduction)
    for number, value in enumerate(values):
        trial = type("Trial", (), {"trial_id": str(number)})()
        theirs = rung.on_result(trial, 1, -value)
        assert ours.admit(str(number), 1, value) == (theirs == "CONTINUE")


def test_a_report_counts_at_the_highest_rung_it_has_reached_and_once() -> None:
    rungs = Rungs([4, 16], 2)
    assert rungs.admit("a", 3, 1.0)
    assert rungs.admit("a", 17, 1.0)
    assert rungs.values == {4: {}, 16: {"a": 1.0}}
    assert rungs.admit("a", 18, 99.0)  # it was decided at the rung
    assert rungs.values[16] == {"a": 1.0}


def test_rungs_filled_again_decide_as_if_they_had_never_been_left() -> None:
    rungs = Rungs([4], 4)
    rungs.refill({4: {"old": 1.0}, 9: {"old": 0.0}})
    assert not rungs.admit("new", 4, 1.5)
    assert rungs.admit("better", 4, 0.5)


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
    from types import SimpleNamespace

    from study.tune.scheduler import FiniteASHA

    scheduler = FiniteASHA("m", (4,), 2)
    trial = SimpleNamespace(trial_id="a")
    assert scheduler.on_trial_result(None, trial, {"epochs": 4, "m": value}) == "STOP"
    assert scheduler.on_trial_result(None, trial, {"epochs": 4}) == "CONTINUE"
    assert scheduler.rungs.values == {4: {}}
