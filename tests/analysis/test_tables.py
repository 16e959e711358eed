"""The tables are derived from the record, and say what it says."""

import json
import re
from dataclasses import replace
from pathlib import Path

import optuna
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.tables import EPOCH_COLUMNS, TRIAL_COLUMNS, epochs_table, main, trials_table
from analysis.tables import write_tables as write
from moons.checkpoint import load_checkpoint
from moons.config import Config
from moons.evaluation.record import column_types
from search_spaces.space import Choice, Float, SearchSpace
from tests.study.in_process import (
    QUICK,
    diverge,
    fail,
    ledger_of,
    made_up,
    quick_plan,
    run_in_process,
    train,
    up_to,
)

ANY_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
STATES = ["complete", "pruned", "pruned", "diverged", "failed", "complete", "running"]


@pytest.fixture(scope="module", autouse=True)
def quick_evaluation():
    """Trials are evaluated in no time; what is measured is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("study.replicate.evaluate", made_up)
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The record of a study whose trials ended in every way."""
    plan = quick_plan(tmp_path_factory.mktemp("results"), f"--trials={len(STATES)}")
    run_in_process(plan, [train, up_to(1), up_to(2), diverge, fail, train, None])
    return plan.folder


@pytest.fixture
def folder(finished, tmp_path) -> Path:
    """A copy of that record, to be damaged."""
    for path in finished.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    return tuple(pd.read_parquet(folder / f"{name}.parquet") for name in ("trials", "epochs"))


def types_of(table: pd.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in table.dtypes.items()}


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


def test_tables_that_were_deleted_come_back_identical(folder):
    write(folder)
    before = {path.name: path.read_bytes() for path in folder.glob("*.parquet")}
    frames = read(folder)
    assert set(before) == {"trials.parquet", "epochs.parquet"}
    for path in folder.glob("*.parquet"):
        path.unlink()
    assert main([str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in folder.glob("*.parquet")} == before
    for first, again in zip(frames, read(folder), strict=True):
        pd.testing.assert_frame_equal(first, again, check_exact=True)


def test_making_tables_changes_nothing_of_the_record(folder):
    record = {path.name: path.read_bytes() for path in folder.iterdir()}
    write(folder)
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: left[name] for name in record} == record
    assert set(left) - set(record) == {"trials.parquet", "epochs.parquet"}


def test_pandas_alone_reads_them_with_the_documented_types(folder):
    write(folder)
    trials, epochs = read(folder)
    settings_types = {"lr": "float64", "latent_dim": "int64", "encoder_hidden": "int64"}
    expected = TRIAL_COLUMNS | settings_types | column_types()
    for name, kind in expected.items():
        found = str(trials[name].dtype)
        assert found == kind or (kind == "string" and found in ("str", "string")), name
    documented = set(TRIAL_COLUMNS) | set(Config.__dataclass_fields__) | set(column_types())
    assert set(trials) == documented
    assert types_of(epochs) == {
        **dict.fromkeys(("trial", "replicate", "epoch"), "int64"),
        **dict.fromkeys(EPOCH_COLUMNS, "float64"),
    }


@pytest.mark.parametrize(
    "how",
    [
        pytest.param([], id="no trial"),
        pytest.param([train], id="one complete trial"),
        pytest.param([up_to(1)], id="one pruned trial"),
        pytest.param([diverge], id="one diverged trial"),
        pytest.param([fail], id="one failed trial"),
        pytest.param([None], id="one running trial"),
        pytest.param([fail, fail], id="nothing but failures"),
    ],
)
def test_columns_and_types_are_the_same_whatever_the_rows_hold(finished, tmp_path, how):
    plan = replace(quick_plan(tmp_path), trials=len(how))
    run_in_process(plan, how)
    write(plan.folder)
    write(finished)
    for table, usual in zip(read(plan.folder), read(finished), strict=True):
        assert types_of(table) == types_of(usual)
    assert len(read(plan.folder)[0]) == len(how)


def test_a_study_that_has_not_begun_has_tables_without_rows(tmp_path):
    plan = quick_plan(tmp_path)
    with ledger_of(plan):
        pass
    write(plan.folder)
    assert [len(table) for table in read(plan.folder)] == [0, 0]


def test_a_list_of_widths_is_text_in_its_column_and_a_width_stays_a_number(tmp_path):
    space = replace(QUICK, fixed=dict(QUICK.fixed) | {"encoder_hidden": [6, 4]})
    plan = quick_plan(tmp_path, "--trials=2", space=space)
    run_in_process(plan)
    write(plan.folder)
    trials, _ = read(plan.folder)
    assert trials["encoder_hidden"].tolist() == ["6,4", "6,4"]
    assert trials["decoder_hidden"].tolist() == [4, 4]
    assert load_checkpoint(plan.folder / "checkpoints" / "0").config.encoder_hidden == (6, 4)


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


@ANY_FOLDER
@given(share=st.floats(0, 1))
def test_curves_cut_off_at_any_byte_lose_their_last_line_and_no_more(folder, share):
    path = folder / "curves.jsonl"
    content = path.read_bytes()
    whole = epochs_table(folder)
    try:
        cut = content[: int(share * len(content))]
        path.write_bytes(cut)
        table = epochs_table(folder)
        lines = [json.loads(line) for line in cut.splitlines()[: cut.count(b"\n")]]
        assert len(table) == sum(len(block["lr"]) for block in lines)
        assert table.merge(whole, how="inner").shape == table.shape
        assert types_of(table) == types_of(whole)
    finally:
        path.write_bytes(content)


@settings(ANY_FOLDER, max_examples=15)
@given(share=st.floats(0, 1))
def test_a_journal_cut_off_at_any_byte_gives_the_trials_it_still_holds(folder, share):
    path = folder / "journal.log"
    content = path.read_bytes()
    seeds = trials_table(folder)["seed"]
    cut = content[: int(share * len(content))]
    path.write_bytes(cut)
    try:
        if cut.count(b"\n") == 0:
            with pytest.raises(ValueError, match="is damaged: it must hold one study, got 0"):
                trials_table(folder)
        else:
            table = trials_table(folder)
            assert table["seed"].tolist() == seeds.tolist()[: len(table)]
            assert table["trial"].tolist() == list(range(len(table)))
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["journal.log", "curves.jsonl"])
def test_a_damaged_line_is_refused_by_its_file_with_exit_code_4(folder, capsys, name):
    path = folder / name
    lines = path.read_bytes().splitlines()
    lines[1] = b"{nothing"
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert main([str(folder)]) == 4
    said = capsys.readouterr()
    assert said.err.startswith(f"analysis.tables: {path} is damaged")
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


@pytest.mark.parametrize("name", ["journal.log", "curves.jsonl"])
def test_a_missing_file_is_refused_by_its_name_with_exit_code_4(folder, capsys, name):
    (folder / name).unlink()
    assert main([str(folder)]) == 4
    assert f"{folder / name} is missing" in capsys.readouterr().err
    assert not (folder / name).exists()


def test_a_folder_that_is_not_there_is_refused_with_exit_code_2(tmp_path, capsys):
    assert main([str(tmp_path / "gone")]) == 2
    assert f"{tmp_path / 'gone'} is no study's folder" in capsys.readouterr().err
    assert not (tmp_path / "gone").exists()


def test_the_command_prints_the_tables_it_wrote(folder, capsys):
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{folder / 'trials.parquet'}",
        f"{folder / 'epochs.parquet'}",
    ]


def test_the_columns_of_an_evaluation_are_those_that_it_measures():
    figures = made_up(None, None, 0).as_row()
    assert list(figures) == list(column_types())


def test_what_was_measured_of_a_complete_trial_stands_in_its_row_and_is_null_elsewhere(finished):
    trials = trials_table(finished)
    complete = trials["state"] == "complete"
    assert trials["val_excess_nll"].notna().tolist() == complete.tolist()
    assert set(trials.loc[complete, "val_excess_nll"]) == {0.5}
    assert set(trials.loc[complete, "fresh_coverage_floor"]) == {0.75}


def test_a_figure_that_nobody_knows_yet_becomes_a_column_of_numbers(tmp_path):
    def measured(job):
        for report in train(job):
            yield replace(report, row=report.row | {"test_surprise": 3})

    plan = quick_plan(tmp_path, "--trials=2")
    run_in_process(plan, [measured, fail])
    column = trials_table(plan.folder)["test_surprise"]
    assert str(column.dtype) == "float64"
    assert column.isna().tolist() == [False, True]
    assert column[0] == 3.0


def test_the_journal_s_own_states_are_honest(finished):
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(finished / "journal.log"))
    )
    trials = optuna.load_study(study_name="s", storage=storage).get_trials()
    assert [trial.state.name for trial in trials] == [
        *("COMPLETE", "PRUNED", "PRUNED", "PRUNED", "FAIL"),
        *("COMPLETE", "RUNNING"),
    ]
    assert list(trials[2].intermediate_values) == [2, 4]
    assert trials[3].intermediate_values == {}  # what diverged reached no rung


def test_a_searched_range_of_integers_and_floats_keeps_its_types(tmp_path):
    space = replace(QUICK, searched={"beta": Float(1, 2), "latent_dim": Choice(1, 2)})
    plan = quick_plan(tmp_path, "--trials=1", space=space)
    run_in_process(plan)
    trials = trials_table(plan.folder)
    assert (str(trials["beta"].dtype), str(trials["latent_dim"].dtype)) == ("float64", "int64")
