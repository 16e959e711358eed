"""`--log`: what is a tracker, and what it needs before anything is written."""

from pathlib import Path

import pytest

from study.errors import StudyError
from study.trackers.choice import MODULES, TRACKERS, check_usable, read_trackers
from tests.test_architecture import loaded_after


def test_trackers_are_named_one_or_several_in_any_order_and_once() -> None:
    assert read_trackers("mlflow") == ("mlflow",)
    assert read_trackers("wandb,tensorboard,wandb") == ("tensorboard", "wandb")
    assert read_trackers(None) == read_trackers("none") == ()


@pytest.mark.parametrize("text", ["", "comet", "mlflow,", "mlflow, wandb", "MLflow", "none,wandb"])
def test_what_is_no_tracker_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(StudyError, match="must be none or some of tensorboard, mlflow, wandb"):
        read_trackers(text)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_tracker_without_its_package_is_refused_with_the_name_of_the_extra(
    tracker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.trackers.choice.find_spec", lambda name: None)
    with pytest.raises(StudyError, match=rf"not installed; install moons-study\[{tracker}\]"):
        check_usable(read_trackers(tracker))


def test_wandb_without_a_key_is_refused_and_offline_it_needs_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(StudyError, match=r"needs a key: .* WANDB_MODE=offline"):
        check_usable(("wandb",))
    monkeypatch.setenv("WANDB_MODE", "offline")
    check_usable(("wandb",))


def test_no_tracker_is_loaded_unless_it_is_asked_for() -> None:
    loaded = loaded_after("import study.tune.driver, study.execute")
    assert loaded & set(MODULES.values()) == set()
