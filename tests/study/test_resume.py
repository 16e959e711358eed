"""A study goes on from its record alone: nothing finished is lost, nothing is run twice."""

import json
import os
import random
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState

from study.cpus import usable_cpus
from study.errors import DAMAGED, StudyError
from study.options import parse
from study.record.tables import epochs_table, trials_table
from study.resume import plan_to_resume
from tests.study.in_process import ledger_of
from tests.study.local import plan, resumed, run_locally

TIMES = ["train_s", "eval_s", "start_s", "end_s", "worker"]
TRIALS = 14  # four more than TPE's random start


def settled(folder: Path) -> pd.DataFrame:
    trials = trials_table(folder)
    return trials[trials["state"].isin(["complete", "pruned", "diverged", "failed"])]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed study, one trial after the other."""
    results = tmp_path_factory.mktemp("finished")
    run_locally(plan(results, "--trials", TRIALS))
    return results / "s"


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same study, whose driver was killed in the middle of a trial."""
    results = tmp_path_factory.mktemp("cut-off")
    run_locally(plan(results, "--trials", TRIALS), stop_after=9)
    return results / "s"


@pytest.mark.parametrize(
    "stops", [(1,), *(pytest.param(s, marks=pytest.mark.slow) for s in ((5, 2), (3, 3, 3)))]
)
def test_a_study_cut_off_and_resumed_ends_as_an_undisturbed_one(
    finished: Path, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    run_locally(plan(tmp_path, "--trials", TRIALS), stop_after=stops[0])
    for stop in stops[1:]:
        run_locally(resumed(tmp_path / "s"), stop_after=stop)
    run_locally(resumed(tmp_path / "s"))
    expected = settled(finished).drop(columns=[*TIMES, "trial"]).sort_values("slot")
    found = settled(tmp_path / "s").drop(columns=[*TIMES, "trial"]).sort_values("slot")
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_exact=True
    )
    cut = trials_table(tmp_path / "s").query("state == 'interrupted'")
    assert 0 < len(cut) <= len(stops)


def test_finished_rows_stay_as_they_are_and_rungs_only_grow(tmp_path: Path) -> None:
    before_rungs = run_locally(plan(tmp_path, "--trials", TRIALS), stop_after=9)
    before = settled(tmp_path / "s").reset_index(drop=True)
    after_rungs = run_locally(resumed(tmp_path / "s"))
    after = settled(tmp_path / "s")
    kept = after[after["trial"].isin(before["trial"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before, check_exact=True)
    for rung, values in before_rungs.items():
        assert set(values.values()) <= set(after_rungs[rung].values())


def test_every_epoch_stands_once_after_a_resume(tmp_path: Path) -> None:
    run_locally(plan(tmp_path, "--trials", 4), stop_after=4)
    run_locally(resumed(tmp_path / "s"))
    epochs = epochs_table(tmp_path / "s")
    assert not epochs.duplicated(["trial", "replicate", "epoch"]).any()


def test_a_finished_study_is_extended_and_its_rows_stay(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(finished, folder)
    run_locally(resumed(folder, "--trials", TRIALS + 3))
    trials = trials_table(folder)
    assert len(settled(folder)) == TRIALS + 3
    pd.testing.assert_frame_equal(trials.head(TRIALS), trials_table(finished), check_exact=True)


def test_extending_to_fewer_trials_than_are_finished_is_refused(finished: Path) -> None:
    with (
        pytest.raises(StudyError, match=f"at least {TRIALS}, the trials that .* got 2"),
        ledger_of(resumed(finished, "--trials", 2)),
    ):
        pass


@pytest.mark.slow
def test_a_grid_cut_off_still_visits_each_point_once(tmp_path: Path) -> None:
    words = ("--max-epochs", 5, "--scheduler", "asha")
    run_locally(plan(tmp_path, *words, space="data"), stop_after=7)
    run_locally(resumed(tmp_path / "s"))
    visited = settled(tmp_path / "s")[["n_samples", "noise"]]
    assert len(visited) == len(visited.drop_duplicates()) == 21


def test_a_grid_s_point_that_was_cut_off_while_being_begun_comes_again_once(
    tmp_path: Path,
) -> None:
    with ledger_of(plan(tmp_path, "--scheduler", "asha", space="data")) as ledger:
        cut = ledger.study.ask(ledger._plan.space.distributions())  # and no slot yet
        ledger._journal.commit()
    for _ in range(2):  # a driver that is killed before it gets there
        with ledger_of(resumed(tmp_path / "s")) as ledger:
            waiting = ledger.study.get_trials(states=[TrialState.WAITING])
            points = [trial.system_attrs["fixed_params"] for trial in waiting]
            assert len(points) == 21
            assert points.count(cut.params) == 1


def test_a_warm_start_stays_on_record(finished: Path, tmp_path: Path) -> None:
    run_locally(plan(tmp_path, "--trials", 2, "--warm-start", finished))
    after = resumed(tmp_path / "s", "--warm-start", finished)
    assert after.options()["warm_start"] == str(finished)


@pytest.mark.parametrize(
    ("words", "difference"),
    [
        (("--seed", 7), "seed 42, got 7"),
        (("--data-seed", 7), "data_seed 42, got 7"),
        (("--metric", "val_loss"), "metric val_mse, got val_loss"),
        (("--space", "vae"), "name 'cvae', got 'vae'"),
        (("--max-epochs", 99), "max_epochs 12, got 99"),
        (("--name", "other"), "--name cannot be given"),
    ],
)
def test_a_changed_option_is_refused_and_named(
    cut_off: Path, words: tuple[object, ...], difference: str
) -> None:
    with pytest.raises(StudyError, match=difference):
        resumed(cut_off, *words)


def test_the_same_options_said_again_are_no_change(cut_off: Path) -> None:
    assert resumed(cut_off, "--seed", 42, "--space", "cvae").seed == 42
    assert resumed(cut_off).data_seed == plan(cut_off, "--seed", 42).data_seed


def test_a_study_from_before_data_had_a_seed_of_their_own_goes_on(
    cut_off: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(cut_off, tmp_path / "s"))
    manifest = json.loads((folder / "study.json").read_text())
    del manifest["options"]["data_seed"]
    manifest["checksum"] = None
    (folder / "study.json").write_text(json.dumps(manifest))
    assert resumed(folder).data_seed == 42


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="which is none"):
        plan_to_resume(parse([]), tmp_path / "nowhere")
    with pytest.raises(StudyError, match=r"study\.json is missing"):
        plan_to_resume(parse([]), tmp_path)


@pytest.mark.parametrize("file", ["study.json", "journal.log", "curves.jsonl"])
def test_a_file_of_the_record_that_is_gone_is_named(
    cut_off: Path, tmp_path: Path, file: str
) -> None:
    folder = tmp_path / "s"
    shutil.copytree(cut_off, folder)
    (folder / file).unlink()
    with (
        pytest.raises(StudyError, match=f"{file} is missing") as refused,
        ledger_of(resumed(folder)),
    ):
        pass
    assert refused.value.code == DAMAGED


def reopened(folder: Path) -> int | StudyError:
    """How many trials are finished, or why the study cannot go on."""
    try:
        with ledger_of(resumed(folder)) as ledger:
            return ledger.tally.finished
    except StudyError as error:
        return error


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_file_cut_at_any_byte_is_repaired_or_named_and_no_trial_is_forgotten(
    cut_off: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("truncated") / "s"
    shutil.copytree(cut_off, folder)
    file = folder / data.draw(st.sampled_from(["study.json", "journal.log", "curves.jsonl"]))
    size = file.stat().st_size
    tail = st.integers(max(0, size - 2000), size - 1)  # where a crash would cut it
    at = data.draw(st.one_of(st.integers(0, size - 1), tail))
    file.write_bytes(file.read_bytes()[:at])
    known = len(settled(cut_off))
    outcome = reopened(folder)
    if isinstance(outcome, StudyError):
        assert outcome.code == DAMAGED
        assert file.name in str(outcome)
        return
    # A trial whose end was cut off runs again; all others are still there.
    assert known - 1 <= outcome <= known


def test_random_moments_are_as_good_as_any(tmp_path: Path) -> None:
    rng = random.Random(3)
    run_locally(plan(tmp_path, "--trials", 5), stop_after=rng.randint(1, 4))
    for _ in range(3):
        run_locally(resumed(tmp_path / "s"), stop_after=rng.randint(1, 3))
    run_locally(resumed(tmp_path / "s"))
    assert sorted(settled(tmp_path / "s")["slot"]) == list(range(5))


def begun_with(cut_off: Path, to: Path, **said: object) -> Path:
    """A copy of the study, begun with other options and on another machine."""
    folder = Path(shutil.copytree(cut_off, to / "s"))
    manifest = json.loads((folder / "study.json").read_text())
    manifest["checksum"] = None
    manifest["machine"]["cpus"] = said.pop("cpus", os.cpu_count())
    manifest["options"] |= said
    (folder / "study.json").write_text(json.dumps(manifest))
    return folder


def test_workers_are_as_before_on_the_same_machine(cut_off: Path, tmp_path: Path) -> None:
    assert resumed(begun_with(cut_off, tmp_path, workers=7)).workers == 7


@pytest.mark.parametrize("there", [{"address": "10.0.0.1:6379"}, {"cpus": 640}])
def test_a_study_that_comes_from_elsewhere_takes_the_workers_that_are_here(
    cut_off: Path, tmp_path: Path, there: dict[str, object]
) -> None:
    folder = begun_with(cut_off, tmp_path, workers=64, **there)
    assert resumed(folder).workers == usable_cpus()
    assert resumed(folder, "--workers", 3).workers == 3
    assert resumed(folder, "--address", "10.0.0.1:6379").workers is None
