"""What Ray Tune is kept from, and that it has all of it back afterwards."""

from ray.tune.execution.class_cache import _ActorClassCache

from study.tune.lean import REPLACED, lean_tune
from study.tune.trainable import MoonsTrial


def environment_of_trials() -> object:
    return _ActorClassCache().get(MoonsTrial)._default_options.get("runtime_env")


def test_trials_ask_for_no_environment_that_workers_started_ahead_do_not_have() -> None:
    assert environment_of_trials() is not None  # or there is nothing to keep Tune from any more
    with lean_tune():
        assert environment_of_trials() is None


def test_tune_is_itself_again_afterwards() -> None:
    before = [getattr(owner, name) for owner, name, _ in REPLACED]
    with lean_tune():
        assert [getattr(owner, name) for owner, name, _ in REPLACED] != before
    assert [getattr(owner, name) for owner, name, _ in REPLACED] == before
