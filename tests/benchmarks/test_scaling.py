"""The simulation of docs/scaling.md agrees with what queues are known to do."""

import pytest

from tests.benchmarks.scaling import busy_share, workers_fed


def test_a_worker_alone_waits_for_the_driver_s_share_of_each_trial() -> None:
    assert busy_share(1, length_s=9.0, cost_s=1.0, trials_each=4000) == pytest.approx(0.9, abs=0.01)


def test_a_driver_that_costs_nothing_keeps_everybody_busy() -> None:
    assert busy_share(50, length_s=1.0, cost_s=0.0) == pytest.approx(1.0)


def test_beyond_what_the_driver_can_serve_more_workers_do_no_more() -> None:
    # It serves one trial a second; a hundred workers with trials of ten seconds use ten.
    assert busy_share(100, length_s=10.0, cost_s=1.0) == pytest.approx(0.1, abs=0.02)


def test_longer_trials_feed_more_workers_and_a_dearer_driver_fewer() -> None:
    assert workers_fed(2.0, 0.02) < workers_fed(10.0, 0.02)
    assert workers_fed(10.0, 0.2) < workers_fed(10.0, 0.02)
