"""What becomes of a trial whose worker dies, without Ray and without waiting."""

from dataclasses import replace

import pytest

from moons.config import Config
from study.training.job import Report, TrialJob, TrialSnapshot
from study.tune import lost_workers
from study.tune.lost_workers import PAUSES_S, RecoveringSource

SNAPSHOT = TrialSnapshot(runs=(), train_s=1.0, eval_s=0.5)
AT_A_RUNG = Report(status="running", epochs=10, snapshot=SNAPSHOT)


class Jobs:
    """A source of as many jobs as told, which notes what it hears."""

    def __init__(self, n: int) -> None:
        self.left = [_job(number) for number in range(n)]
        self.heard: list[tuple[str, Report | str | None]] = []

    def begin(self, key):
        return self.left.pop(0) if self.left else None

    def take(self, key, report):
        self.heard.append((key, report))

    def close(self, key, error=None):
        self.heard.append((key, error))


def _job(number):
    return TrialJob(
        trial=number, config=Config(), seed=0, rungs=(10,), metrics=("val_mse",), engine="auto"
    )


@pytest.fixture
def clock(monkeypatch):
    """The seconds that have passed; a test moves it on."""
    now = [0.0]
    monkeypatch.setattr(lost_workers.time, "monotonic", lambda: now[0])
    return now


def test_a_source_is_over_when_its_last_trial_is():
    source = RecoveringSource(Jobs(1))
    assert source.begin("a") == _job(0)
    assert (source.begin("b"), source.over) == (None, False)  # a worker may still be lost
    source.close("a")
    assert (source.begin("c"), source.over) == (None, True)


def test_a_trial_whose_worker_died_comes_again_before_others_under_another_name(clock):
    jobs = Jobs(2)
    source = RecoveringSource(jobs)
    source.begin("a")
    source.lose("a")
    assert source.begin("b") == _job(0)
    source.take("b", AT_A_RUNG)
    source.close("b")
    assert [key for key, _ in jobs.heard] == ["a", "a"]  # the source knows it by its first
    assert source.begin("c") == _job(1)


def test_one_that_is_lost_again_waits_while_others_begin(clock):
    source = RecoveringSource(Jobs(2))
    for key in ("a", "b"):
        assert source.begin(key) == _job(0)
        source.lose(key)
    assert source.begin("c") == _job(1)
    source.close("c")
    assert (source.begin("d"), source.over) == (None, False)
    clock[0] += PAUSES_S[1]
    assert source.begin("e") == _job(0)


def test_it_goes_on_from_its_last_rung(clock):
    jobs = Jobs(1)
    source = RecoveringSource(jobs)
    source.begin("a")
    source.take("a", AT_A_RUNG)
    source.lose("a")
    clock[0] += PAUSES_S[0]
    assert source.begin("b") == replace(_job(0), snapshot=SNAPSHOT)
    assert jobs.heard == [("a", replace(AT_A_RUNG, snapshot=None))]  # no one else needs it


def test_after_three_restarts_the_trial_has_failed_and_says_why(clock):
    jobs = Jobs(1)
    source = RecoveringSource(jobs)
    for pause in PAUSES_S:
        assert source.begin("x") is not None
        source.lose("x")
        clock[0] += pause
    assert source.begin("y") is not None
    source.lose("y")
    assert jobs.heard == [("x", "its worker died too often")]
    assert (source.begin("z"), source.over) == (None, True)
