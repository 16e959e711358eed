"""What Tune asks of the searcher and tells it, and what the callback keeps from Tune."""

from types import SimpleNamespace

from ray.tune.search import Searcher

from moons.config import Config
from study.training.job import Report, TrialJob
from study.tune.lost_workers import RecoveringSource
from study.tune.searcher import HonestOptunaSearch, InTurn, Recorder
from tests.study import local
from tests.study.in_process import diverge, driver_of, made_up, train

JOB = TrialJob(trial=0, config=Config(), seed=1, rungs=(), metrics=("val_mse",), engine="auto")
REPORT = Report(status="complete", epochs=3, weights=b"w" * 1000)


class Told:
    """A source of some jobs, which notes what it is told."""

    def __init__(self, jobs: int) -> None:
        self.left, self.heard = jobs, list[tuple[object, ...]]()

    def begin(self, key: str) -> TrialJob | None:
        self.left -= 1
        return JOB if self.left >= 0 else None

    def take(self, key: str, report: Report) -> None:
        self.heard.append((key, report.status))

    def close(self, key: str, error: str | None = None) -> None:
        self.heard.append((key, "closed", error))


def test_it_has_jobs_then_none_while_trials_could_come_back_and_then_no_more():
    search = InTurn(RecoveringSource(Told(2)))
    assert "job" in search.suggest("a")
    assert "job" in search.suggest("b")
    assert search.suggest("c") is None
    search.on_trial_complete("a", {})
    assert search.suggest("c") is None
    search.on_trial_complete("b", {})
    assert search.suggest("c") == Searcher.FINISHED


def test_a_trial_whose_worker_died_comes_back_under_another_name_and_one_that_ended_does_not():
    told = Told(1)
    search = InTurn(RecoveringSource(told))
    job = search.suggest("a")["job"]
    search.on_trial_complete("a", error=True)
    assert told.heard == []
    assert search.suggest("b")["job"] is job
    search.on_trial_complete("b", {})
    assert told.heard == [("a", "closed", None)]


def test_the_callback_takes_the_report_out_so_that_tune_keeps_no_weights():
    told = Told(1)
    source = RecoveringSource(told)
    source.begin("a")
    result = REPORT.as_result()
    Recorder(source).on_trial_result(1, [], SimpleNamespace(trial_id="a"), result)
    assert told.heard == [("a", "complete")]
    assert set(result) == {"epochs", "done"}


def test_what_optuna_is_told_is_what_became_of_the_trial(tmp_path, monkeypatch):
    """Ray's own search would say complete of each, with its last value."""
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    plan = local.plan(tmp_path, "--trials", 3, "--max-epochs", 9, "--set", "n_samples=40")
    with driver_of(plan) as (ledger, _):
        search = HonestOptunaSearch(plan, RecoveringSource(ledger))
        recorder = Recorder(search._source)
        for name, go, reports in (("full", train, 9), ("pruned", train, 1), ("lost", diverge, 9)):
            job = search.suggest(name)["job"]
            for _, report in zip(range(reports), go(job), strict=False):
                result = report.as_result()
                recorder.on_trial_result(1, [], SimpleNamespace(trial_id=name), result)
                search.on_trial_result(name, result)
            search.on_trial_complete(name, result)
        trials = ledger.study.get_trials()
        assert search.suggest("more") == Searcher.FINISHED
    assert [t.state.name for t in trials] == ["COMPLETE", "PRUNED", "PRUNED"]
    states = [t.user_attrs["outcome"]["state"] for t in trials]
    assert states == ["complete", "pruned", "diverged"]
    assert trials[0].value is not None
    assert trials[1].value == trials[1].intermediate_values[4]


def test_tune_is_told_of_both_objectives_and_of_no_space(tmp_path):
    plan = local.plan(tmp_path, "--metric", "val_mse,val_loss")
    search = HonestOptunaSearch(plan, RecoveringSource(Told(0)))
    assert search.metric == ["val_mse", "val_loss"]
    assert search.mode == ["min", "min"]
    assert search.set_search_properties("other", "max", {"lr": 1})
    assert search.metric == ["val_mse", "val_loss"]


def test_what_tune_insists_on_saving_is_an_empty_file(tmp_path):
    InTurn(RecoveringSource(Told(0))).save(str(tmp_path / "state"))
    assert (tmp_path / "state").read_bytes() == b""
