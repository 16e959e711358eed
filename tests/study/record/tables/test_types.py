"""Columns and types are the documented ones, whatever a study holds."""

from dataclasses import replace

import pytest

from moons.checkpoint import load_checkpoint
from search_spaces.space import Choice, Float
from study.record.columns import EPOCHS, TRIALS, evaluation, settings, types
from study.record.tables import trials_table
from study.record.tables import write_tables as write
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
from tests.study.record.tables.recorded import read, types_of


def test_pandas_alone_reads_them_with_the_documented_types(folder):
    write(folder)
    trials, epochs = read(folder)
    expected = types((*TRIALS, *settings(), *evaluation()))
    for name, kind in expected.items():
        found = str(trials[name].dtype)
        assert found == kind or (kind == "string" and found in ("str", "string")), name
    assert list(trials) == list(expected)
    assert types_of(epochs) == types(EPOCHS)


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


def test_the_columns_of_an_evaluation_are_those_that_it_measures():
    figures = made_up(None, None, 0).as_row()
    assert list(figures) == list(types(evaluation()))


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


def test_a_searched_range_of_integers_and_floats_keeps_its_types(tmp_path):
    space = replace(QUICK, searched={"beta": Float(1, 2), "latent_dim": Choice(1, 2)})
    plan = quick_plan(tmp_path, "--trials=1", space=space)
    run_in_process(plan)
    trials = trials_table(plan.folder)
    assert (str(trials["beta"].dtype), str(trials["latent_dim"].dtype)) == ("float64", "int64")
