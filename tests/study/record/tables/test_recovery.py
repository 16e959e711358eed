"""Tables come back from the record, also from a damaged one; what cannot be read is named."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.tables import main
from study.record.tables import epochs_table, trials_table
from study.record.tables import write_tables as write
from tests.study.record.tables.recorded import read, types_of

ANY_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


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
    assert set(left) - set(record) == {"trials.parquet", "epochs.parquet", ".tables.lock"}


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
    assert said.err.startswith(f"{path} is damaged")
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
    assert f"got {tmp_path / 'gone'}, which is none" in capsys.readouterr().err
    assert not (tmp_path / "gone").exists()


def test_the_command_prints_the_tables_it_wrote(folder, capsys):
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{folder / 'trials.parquet'}",
        f"{folder / 'epochs.parquet'}",
    ]
