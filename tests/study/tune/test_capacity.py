"""How many trials are let in, without Ray."""

from ray.tune.search import Searcher

from study.tune import capacity
from study.tune.capacity import CapacityLimiter
from study.tune.cluster import Cluster


class Willing(Searcher):
    """A searcher that always has a trial."""

    def suggest(self, trial_id):
        return {"lr": 1.0}

    def on_trial_complete(self, trial_id, result=None, error=False):
        pass


def cluster(workers, *, grows=False):
    return Cluster(None, "127.0.0.1:1", workers, grows)


def test_as_many_trials_are_let_in_as_there_are_workers():
    full = CapacityLimiter(Willing(), cluster(2), lambda: False)
    assert full.suggest("a") == full.suggest("b") == {"lr": 1.0}
    assert full.suggest("c") is None
    full.on_trial_complete("a")
    assert full.suggest("c") == {"lr": 1.0}


def test_nodes_that_join_make_room(monkeypatch):
    monkeypatch.setattr(capacity, "EVERY_S", -1.0)
    monkeypatch.setattr(capacity, "present_cpus", lambda: 2)
    grows = CapacityLimiter(Willing(), cluster(1, grows=True), lambda: False)
    assert grows.suggest("a") == grows.suggest("b") == {"lr": 1.0}
    stays = CapacityLimiter(Willing(), cluster(1), lambda: False)
    assert [stays.suggest("a"), stays.suggest("b")] == [{"lr": 1.0}, None]


def test_a_study_that_is_to_stop_is_over_also_for_a_trial_that_waits():
    asked = [False]
    waits = CapacityLimiter(Willing(), cluster(1), lambda: asked[0])
    waits.suggest("a")
    assert waits.suggest("b") is None  # which Tune asks again and again
    asked[0] = True
    assert waits.suggest("b") == Searcher.FINISHED
