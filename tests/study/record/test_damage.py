"""A damaged record is refused by one sentence with the file, or goes on and says what it lost."""

import json
import shutil

import optuna
import pandas as pd
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from analysis.tables import main as tables_again
from moons.checkpoint import load_checkpoint
from study.errors import BAD_INPUT, DAMAGED, StudyError
from study.history import take_stock
from study.opened import opened
from study.record.columns import STATES
from study.record.lock import held
from study.record.manifest import FORMAT, Manifest
from study.record.parquet import read_table, write_table
from study.record.results import read_results
from study.record.tables import write_tables
from study.run import main as study_run
from study.warm_start import learn_from
from tests.study.in_process import (
    quick_plan,
    run_in_process,
)
from tests.study.record.resuming import resume, resumed


def edit(path, **changes):
    """Changes a JSON file by hand, its checksum set to null."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes | {"checksum": None}))


def test_a_flipped_bit_of_a_table_is_refused_wherever_it_is(folder):
    path = folder / "trials.parquet"
    content = path.read_bytes()
    for place in range(4, len(content), len(content) // 60):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(StudyError, match=r"trials\.parquet is damaged.*analysis\.tables"):
            read_results(folder)
    path.write_bytes(content)
    assert len(pd.read_parquet(path)) == 4  # which needs nothing of ours


def test_a_table_of_another_writer_is_read_by_the_checksums_of_its_pages(tmp_path):
    pd.DataFrame({"a": range(10)}).to_parquet(tmp_path / "a.parquet", write_page_checksum=True)
    assert read_table(tmp_path / "a.parquet")["a"].tolist() == list(range(10))


def test_weights_that_changed_are_refused(folder):
    path = folder / "checkpoints" / "0" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged: its checksum differs"):
        load_checkpoint(path.parent)


@pytest.mark.parametrize("epochs", [7, 9])
def test_journal_and_curves_that_contradict_each_other_are_refused(folder, epochs):
    journal = folder / "journal.log"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        del line["crc"]  # as format 1 has them, which could be edited unnoticed
        said = line.get("user_attr", {}).get("outcome", {})
        if said.get("state") == "complete":
            said["epochs"] = epochs
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(StudyError, match=r"contradict each other|has lost epochs") as refused:
        resume(folder)
    assert refused.value.code == DAMAGED
    with pytest.raises(StudyError, match="trial 0"):
        write_tables(folder)


def test_a_value_that_journal_and_curves_tell_apart_is_refused(folder):
    journal = folder / "journal.log"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        del line["crc"]
        if "outcome" in line.get("user_attr", {}):
            line["user_attr"]["outcome"]["val_mse"] = 0.125
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(StudyError, match="contradict each other on trial 0"):
        resume(folder)


def test_a_record_without_checksums_is_read_and_resumed(folder):
    for name in ("journal.log", "curves.jsonl"):
        lines = [json.loads(line) for line in (folder / name).read_text().splitlines()]
        for line in lines:
            del line["crc"]
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    fields = json.loads((folder / "study.json").read_text())
    del fields["checksum"], fields["format"]
    (folder / "study.json").write_text(json.dumps(fields))
    before = pd.read_parquet(folder / "trials.parquet")
    run_in_process(resumed(folder, trials=5))
    write_tables(folder)
    after = pd.read_parquet(folder / "trials.parquet")
    pd.testing.assert_frame_equal(after.head(4), before)
    assert len(after) == 5


@pytest.mark.parametrize("table", ["trials", "epochs"])
def test_no_table_is_replaced_by_a_poorer_one(folder, capsys, table):
    path = folder / f"{table}.parquet"
    richer = pd.read_parquet(path)
    richer = pd.concat([richer, richer.tail(1)])
    write_table(richer, path)
    before = {file.name: file.read_bytes() for file in folder.glob("*.parquet")}
    assert tables_again([str(folder)]) == DAMAGED
    assert f"{path} holds {len(richer)} rows, and the record gives" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in folder.glob("*.parquet")} == before


def test_weights_that_are_missing_are_said_by_the_report_and_on_resuming(folder, capsys):
    shutil.rmtree(folder / "checkpoints" / "3")
    missing = "1 complete trial without weights: checkpoints/3/model.safetensors is missing."
    assert read_results(folder).notes == (missing,)
    assert resume(folder) == 4
    said = capsys.readouterr().out
    assert "1 complete trial: weights lost, numbers not" in said
    assert "checkpoints/3/config.json is missing" in said


def test_a_journal_cut_at_its_end_says_which_finished_trials_are_trained_again(folder, capsys):
    journal = folder / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))  # the end of the last trial is lost
    assert resume(folder) == 3
    assert (
        "does not hold the end of 1 finished trial (3), to be trained again"
        in capsys.readouterr().out
    )


def test_a_journal_that_lost_more_is_refused_with_how_many_finished_trials_it_lost(folder):
    journal = folder / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    begun = [n for n, line in enumerate(lines) if json.loads(line)["op_code"] == 4]
    journal.write_bytes(b"".join(lines[: begun[1]]))
    with pytest.raises(StudyError, match="has lost its end, and 3 finished trials with it"):
        resume(folder)


def test_a_newer_format_is_named_as_newer(folder, capsys):
    edit(folder / "study.json", format=FORMAT + 1)
    assert study_run(["--resume", str(folder)]) == BAD_INPUT
    assert f"is of format {FORMAT + 1}, and this version reads up to {FORMAT}" in (
        capsys.readouterr().err
    )


def test_a_manifest_that_was_changed_is_refused_unless_its_checksum_is_null(folder):
    path = folder / "study.json"
    path.write_text(path.read_text().replace('"seed": 42', '"seed": 43'))
    with pytest.raises(StudyError, match="after an edit, set it to null"):
        Manifest.read(path)
    edit(path)
    assert Manifest.read(path).seed == 43
    path.write_text(path.read_text().replace('"checksum"', '"cheksum"'))
    with pytest.raises(StudyError, match="it lacks its checksum"):
        Manifest.read(path)


def test_resuming_twice_finds_the_same(folder):
    with opened(resumed(folder)) as record:
        first = take_stock(resumed(folder), record)
    with opened(resumed(folder)) as record:
        assert take_stock(resumed(folder), record) == first
    assert set(read_results(folder).trials["state"]) <= set(STATES)


def test_a_note_from_a_dashboard_is_no_damage_and_other_lines_without_checksum_are(folder):
    journal = folder / "journal.log"
    storage = JournalStorage(JournalFileBackend(str(journal)))  # as optuna-dashboard has it
    study = optuna.load_study(study_name="s", storage=storage)
    study.set_user_attr("note", "a fine study")
    assert resume(folder) == 4
    run_in_process(resumed(folder, trials=5))
    write_tables(folder)
    study.ask()  # a trial of somebody else's
    with pytest.raises(StudyError, match="no operation of Optuna's journal with a checksum"):
        resume(folder)


def test_lines_that_another_program_wrote_anew_are_refused(folder):
    journal = folder / "journal.log"
    journal.write_bytes(journal.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(StudyError, match=r"journal\.log is damaged in line 1"):
        resume(folder)


def test_a_study_that_lost_the_end_of_its_journal_teaches_no_other(folder, tmp_path):
    plan = quick_plan(tmp_path, name="other")
    assert len(learn_from(plan, folder).trials) == 4
    journal = folder / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(StudyError, match="does not hold the end of 1 finished trial"):
        learn_from(plan, folder)
    with held(folder / ".lock"):  # of a study that runs, some are always missing
        assert len(learn_from(plan, folder).trials) == 3


def test_a_journal_cut_between_any_two_lines_of_its_first_trial_resumes_again_and_again(folder):
    journal = folder / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    ended = next(n for n, line in enumerate(lines) if b'"outcome"' in line)
    for count in range(1, ended + 1):
        journal.write_bytes(b"".join(lines[:count]))
        (folder / "curves.jsonl").write_bytes(b"")  # of which nothing had been written yet
        (folder / "trials.parquet").unlink(missing_ok=True)
        assert [resume(folder) for _ in range(3)] == [0, 0, 0]
