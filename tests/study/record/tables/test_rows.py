"""The rows of the tables say what the record says."""

import json
import re
from dataclasses import replace

import optuna
import pandas as pd

from moons.checkpoint import load_checkpoint
from moons.config import Config
from search_spaces.space import Choice, SearchSpace
from study.record.tables import epochs_table, trials_table
from study.record.tables import write_tables as write
from tests.study.in_process import (
    diverge,
    ledger_of,
    quick_plan,
    run_in_process,
    train,
    up_to,
)
from tests.study.record.tables.recorded import STATES, read


def test_every_trial_has_one_row_with_its_state(finished):
    trials = trials_table(finished)
    assert trials["trial"].tolist() == list(range(7))
    assert trials["slot"].tolist() == list(range(7))
    assert trials["state"].tolist() == STATES
    assert trials["seed"].nunique() == 7
    assert trials["epochs"].tolist()[:3] == [8, 2, 4]


def test_every_row_holds_the_whole_config(finished):
    attributes = [
        json.loads(line)["user_attr"]["config"]
        for line in (finished / "journal.log").read_text().splitlines()
        if "config" in json.loads(line).get("user_attr", {})
    ]
    rows = trials_table(finished).to_dict("records")
    for row, recorded in zip(rows, attributes, strict=True):
        config = Config.from_mapping({key: row[key] for key in recorded}, "a row")
        assert config == Config.from_mapping(recorded, "the journal")
        assert config.n_samples == 40


def test_the_figures_of_a_row_are_those_of_its_best_epoch(finished):
    trials, epochs = trials_table(finished), epochs_table(finished)
    for row in trials[trials["state"].isin(["complete", "pruned"])].to_dict("records"):
        curve = epochs[epochs["trial"] == row["trial"]].set_index("epoch")
        assert row["best_epoch"] == curve["val_mse"].idxmin()
        for name in ("val_mse", "val_loss", "val_kl"):
            assert row[name] == curve[name][row["best_epoch"]]


def test_every_epoch_stands_once_and_in_order(finished):
    trials, epochs = trials_table(finished), epochs_table(finished)
    assert not epochs.duplicated(["trial", "replicate", "epoch"]).any()
    assert epochs.equals(epochs.sort_values(["trial", "replicate", "epoch"], ignore_index=True))
    counted = epochs.groupby("trial").size().reindex(range(7), fill_value=0)
    assert counted.tolist() == trials["epochs"].tolist()
    assert trials["epochs"].tolist()[-1] == 2  # the running one's first rung


def test_the_epochs_of_trials_that_ran_at_once_are_told_apart(tmp_path):
    plan = quick_plan(tmp_path, "--trials=2")
    with ledger_of(plan) as ledger:
        running = {key: train(ledger.begin(key)) for key in ("a", "b")}
        for reports in zip(*running.values(), strict=True):
            for key, report in zip(running, reports, strict=True):
                ledger.take(key, report)
        for key in running:
            ledger.close(key)
    epochs = epochs_table(plan.folder)
    assert epochs["trial"].tolist() == [0] * 8 + [1] * 8
    assert epochs["epoch"].tolist() == [*range(1, 9), *range(1, 9)]


def test_a_trial_that_went_wrong_says_why(finished):
    trials = trials_table(finished).set_index("trial")
    assert re.fullmatch(r"(train|val)_loss was not finite in epoch \d+", trials["error"][3])
    assert trials["error"][4] == "RuntimeError: a test's own"
    assert trials.loc[[0, 1, 2, 5, 6], "error"].isna().all()
    assert trials.loc[4, ["best_epoch", "val_mse", "val_loss", "val_kl"]].isna().all()
    last = epochs_table(finished).query("trial == 3").iloc[-1]
    assert last["epoch"] == trials["epochs"][3]
    assert last[["train_loss", "val_loss"]].isna().any()


def test_only_complete_trials_have_a_checkpoint_and_it_is_the_row_s(finished):
    trials = trials_table(finished).set_index("trial")
    kept = sorted(int(path.name) for path in (finished / "checkpoints").iterdir())
    assert kept == trials.index[trials["state"] == "complete"].tolist()
    for number in kept:
        checkpoint = load_checkpoint(finished / "checkpoints" / str(number))
        assert checkpoint.seed == trials["seed"][number]
        assert checkpoint.config.lr == trials["lr"][number]


def test_the_points_of_a_grid_that_were_not_begun_are_no_rows(tmp_path):
    grid = SearchSpace(
        name="grid",
        about="",
        family="vae",
        searched={"latent_dim": Choice(1, 2), "noise": Choice(0.0, 0.1)},
        fixed={"n_samples": 40},
        sampler="grid",
    )
    plan = replace(quick_plan(tmp_path, space=grid), trials=4)
    run_in_process(replace(plan, trials=3))
    trials = trials_table(plan.folder)
    assert list(zip(trials["latent_dim"], trials["noise"], strict=True)) == [
        *((1, 0.0), (1, 0.1)),
        (2, 0.0),
    ]


def test_two_objectives_have_tables_too(tmp_path):
    plan = quick_plan(tmp_path, "--metric=val_mse,val_loss", "--trials=2")
    run_in_process(plan, [train, up_to(1)])
    assert trials_table(plan.folder)["state"].tolist() == ["complete", "pruned"]


def test_a_warm_start_s_history_is_not_among_the_trials(finished, tmp_path):
    plan = quick_plan(tmp_path, f"--warm-start={finished}", "--trials=1")
    run_in_process(plan)
    trials = trials_table(plan.folder)
    assert trials["slot"].tolist() == [0]
    assert trials["state"].tolist() == ["complete"]


def test_a_trial_that_was_cut_off_is_interrupted_after_the_study_went_on(tmp_path):
    plan = quick_plan(tmp_path, "--trials=3")
    run_in_process(replace(plan, trials=2), [train, None])
    assert trials_table(plan.folder)["state"].tolist() == ["complete", "running"]
    run_in_process(replace(plan, resumed=True))
    trials = trials_table(plan.folder)
    assert trials["state"].tolist() == ["complete", "interrupted", "complete", "complete"]
    assert sorted(trials["slot"]) == [0, 1, 1, 2]
    assert trials["epochs"].tolist() == [8, 2, 8, 8]
    again = trials[trials["slot"] == 1]
    assert again["seed"].nunique() == again["lr"].nunique() == 1


def test_what_one_study_does_twice_gives_the_same_tables_but_for_times(tmp_path):
    times = ["train_s", "eval_s", "start_s", "end_s"]
    frames = []
    for name in ("a", "b"):
        plan = quick_plan(tmp_path, "--trials=4", "--seed=7", name=name)
        run_in_process(plan, [train, up_to(1), diverge])
        write(plan.folder)
        frames.append([table.drop(columns=times, errors="ignore") for table in read(plan.folder)])
    for first, second in zip(*frames, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_what_was_measured_of_a_complete_trial_stands_in_its_row_and_is_null_elsewhere(finished):
    trials = trials_table(finished)
    complete = trials["state"] == "complete"
    assert trials["val_excess_nll"].notna().tolist() == complete.tolist()
    assert set(trials.loc[complete, "val_excess_nll"]) == {0.5}
    assert set(trials.loc[complete, "fresh_coverage_floor"]) == {0.75}


def test_the_journal_s_own_states_are_honest(finished):
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(finished / "journal.log"))
    )
    study = optuna.load_study(study_name="s", storage=storage)
    assert study.metric_names == ["val_mse"]
    trials = study.get_trials()
    assert [trial.state.name for trial in trials] == [
        *("COMPLETE", "PRUNED", "PRUNED", "PRUNED", "FAIL"),
        *("COMPLETE", "RUNNING"),
    ]
    assert list(trials[2].intermediate_values) == [2, 4]
    assert trials[3].intermediate_values == {}  # what diverged reached no rung
