"""What a tally says to Prometheus, without Ray."""

from collections import Counter

import pytest

from study.monitoring.gauges import BEST, DRIVER, METRICS, PACE, TRIALS, WANTED, Readings, Value
from study.monitoring.pace import WINDOW_S, Pace
from study.monitoring.tally import Tally


def read(tally: Tally) -> list[Value]:
    return list(Readings(tally, "val_mse").now())


def test_every_state_is_told_also_those_without_a_trial() -> None:
    tally = Tally(9, states=Counter({"complete": 2, "pruned": 3}), running=1)
    told = {value.tags[0]: value.value for value in read(tally) if value.metric is TRIALS}
    assert told == {"complete": 2, "pruned": 3, "diverged": 0, "failed": 0, "running": 1}


def test_the_best_is_told_once_there_is_one() -> None:
    tally = Tally(9)
    assert BEST not in {value.metric for value in read(tally)}
    tally.best = (0.25, "trial 4", "a config")
    assert Value(BEST, 0.25, ("val_mse",)) in read(tally)


def test_all_else_is_told_from_the_beginning() -> None:
    assert {value.metric for value in read(Tally(9))} == {TRIALS, WANTED, PACE, DRIVER}


def test_values_have_the_tags_of_their_metric() -> None:
    tally = Tally(9, best=(0.25, "trial 4", "a config"))
    told = read(tally)
    assert {value.metric for value in told} == set(METRICS)
    assert all(len(value.tags) == len(value.metric.tags) for value in told)


def test_the_pace_is_what_was_counted_over_the_time_it_took() -> None:
    pace = Pace(100, 0.0)
    assert pace.per_second(100, 0.0) == 0
    assert pace.per_second(150, 10.0) == 5
    assert pace.per_second(150, 50.0) == 1


def test_the_pace_forgets_what_was_before_its_window() -> None:
    pace = Pace(0, 0.0)
    pace.per_second(1000, 1.0)
    for second in range(2, 100):
        rate = pace.per_second(1000 + second, float(second))
    assert rate == pytest.approx(1.0, abs=1 / WINDOW_S)
