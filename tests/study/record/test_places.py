"""What lies where a record or a file of it belongs, and what another driver left there."""

import os
import socket
import threading
from pathlib import Path
from unittest import mock

import pandas as pd
import psutil
import pytest

from analysis.tables import main as tables_again
from study.errors import BAD_INPUT, DAMAGED, StudyError
from study.opened import opened
from study.options import parse
from study.record.folder import StudyFolder
from study.record.journal import read_trials
from study.record.lock import held, in_turn
from study.record.results import read_results
from study.record.tables import write_tables
from study.resume import plan_to_resume
from study.run import main as study_run
from tests.study.in_process import (
    ledger_of,
    made_up,
    quick_plan,
    run_in_process,
    train,
)
from tests.study.record.resuming import resume

KINDS = {
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link": lambda path: path.symlink_to(path.with_suffix(".elsewhere")),
    "nested": lambda path: path.write_bytes(b"[" * 100_000 + b"\n"),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(os.path.relpath(path)),
    "not UTF-8": lambda path: path.write_bytes(b'{"\xff": 1}\n'),
    "wrong types": lambda path: path.write_bytes(b'{"op_code": "x", "trial": [], "space": 1}\n'),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["study.json", "journal.log", "curves.jsonl"])
def test_what_is_no_file_of_a_record_is_one_sentence_and_exit_code_4(
    folder, capsys, monkeypatch, name, kind
):
    monkeypatch.chdir(folder)
    (folder / name).unlink()
    KINDS[kind](folder / name)
    assert study_run(["--resume", str(folder)]) == DAMAGED
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    assert str(folder / name) in said.err
    if name != "study.json":
        assert tables_again([str(folder)]) == DAMAGED
        assert name in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["x" * 300, "a\udcff", "a/b/" + "y" * 256], ids=["long", "not UTF-8", "long, within"]
)
def test_a_name_that_no_folder_has_is_refused_in_one_sentence(tmp_path, capsys, name):
    folder = tmp_path / name
    assert study_run(["--resume", str(folder)]) == BAD_INPUT
    assert tables_again([str(folder)]) == BAD_INPUT
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_study_in_a_folder_whose_name_is_not_utf_8_is_read(folder, capsys):
    odd = folder.rename(folder.with_name("s\udcff"))
    assert resume(odd) == 4
    assert len(read_results(odd).trials) == 4


def test_a_lock_that_is_a_link_is_refused_and_what_it_points_to_is_left_alone(folder, tmp_path):
    target = tmp_path / "precious"
    target.write_text("not to be overwritten")
    (folder / ".lock").unlink(missing_ok=True)
    (folder / ".lock").symlink_to(target)
    with pytest.raises(StudyError, match=r"\.lock is a symbolic link") as refused:
        resume(folder)
    assert refused.value.code == DAMAGED
    assert target.read_text() == "not to be overwritten"


@pytest.mark.parametrize("name", ["journal.log", "curves.jsonl", "checkpoints"])
def test_opening_a_record_follows_no_link_out_of_its_folder(folder, tmp_path, name):
    outside = (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(outside)
    with pytest.raises(StudyError, match=f"{name} is a symbolic link"):
        resume(folder)


def test_whoever_writes_tables_reads_the_record_after_its_turn_has_come(folder, monkeypatch):
    place, began, read = StudyFolder(folder), threading.Event(), []

    def reading(path):
        read.append(path)
        return read_trials(path)

    monkeypatch.setattr("study.record.tables.read_trials", reading)

    def write():
        began.set()
        write_tables(folder)

    with in_turn(place.tables_lock):
        other = threading.Thread(target=write)
        other.start()
        assert began.wait(10)
        other.join(0.2)
        assert other.is_alive()
        assert read == []  # what is written now cannot be newer than what it will read
    other.join(30)
    assert read == [place.journal]


def test_a_folder_that_is_moved_while_its_study_runs_ends_the_study(tmp_path, monkeypatch):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    plan = quick_plan(tmp_path, "--trials=2")
    with ledger_of(plan) as ledger:
        job = ledger.begin("0")
        plan.folder.rename(tmp_path / "elsewhere")
        for report in train(job):
            ledger.take("0", report)
        ledger.close("0")
        assert "moved" in str(ledger.broken)
    assert not plan.folder.exists()  # no new folder under the old name
    moved = plan_to_resume(parse(["--resume", str(tmp_path / "elsewhere")]), tmp_path / "elsewhere")
    run_in_process(moved)
    write_tables(moved.folder)
    states = pd.read_parquet(moved.folder / "trials.parquet")["state"].tolist()
    assert states.count("complete") == 2


def test_a_killed_driver_s_drafts_are_removed_and_block_no_name(tmp_path):
    old = os.path.getmtime(tmp_path) - 3600
    draft = tmp_path / ".s.draft-0123abcd"
    (draft / "inner").mkdir(parents=True)
    os.utime(draft, (old, old))
    plan = quick_plan(tmp_path, "--trials=1")
    with opened(plan) as record:
        assert not draft.exists()
        table = record.folder.path / ".trials.parquet.draft-0123abcd"
        table.write_bytes(b"half")
        os.utime(table, (old, old))
        young = record.folder.path / ".epochs.parquet.draft-0123abcd"
        young.write_bytes(b"somebody may be writing it")
    write_tables(plan.folder)
    assert not table.exists()
    assert young.exists()


def test_drafts_of_older_versions_are_removed_once_their_writer_cannot_be_alive(tmp_path):
    old = os.path.getmtime(tmp_path) - 7200
    gone, living = 4_194_305, 1  # beyond the kernel's last number, and a process that has begun
    plan = quick_plan(tmp_path, "--trials=1")
    with opened(plan) as record:
        folder = record.folder.path
    drafts = {
        "study": tmp_path / f".t.{gone}" / "study.json",
        "somebody's": tmp_path / f".notes.{gone}" / "thoughts.txt",
        "table": folder / f".trials.parquet.{gone}",
        "young": folder / f".epochs.parquet.{gone}",
        "other name": folder / f".trials.parquet~.{gone}",
        "living": folder / f".reruns.parquet.{living}",
    }
    for name, draft in drafts.items():
        draft.parent.mkdir(exist_ok=True)
        draft.write_bytes(b"half")
        if name != "young":
            os.utime(draft, (old, old))
            if draft.parent != folder:
                os.utime(draft.parent, (old, old))
    began = psutil.Process(living).create_time()
    os.utime(drafts["living"], (began + 1, began + 1))
    with mock.patch("time.time", return_value=began + 9e6):
        os.utime(drafts["young"], (began + 9e6, began + 9e6))
        resume(folder)
        with opened(quick_plan(tmp_path, "--trials=1", name="u")):
            pass
    left = {name for name, draft in drafts.items() if draft.exists()}
    assert left == {"somebody's", "young", "other name", "living"}


def test_a_new_folder_s_name_is_durable_before_the_study_begins(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("moons.files.sync_folder", synced.append)
    plan = quick_plan(tmp_path / "new" / "results", "--trials=1")
    with opened(plan):
        assert {tmp_path, tmp_path / "new", tmp_path / "new" / "results"} <= set(synced)


def test_an_error_of_the_disk_is_not_taken_for_a_folder_that_is_there(tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device", str(target))

    plan = quick_plan(tmp_path, "--trials=1")
    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"), opened(plan):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_second_driver_meets_the_lock_before_anything_of_the_record(folder):
    (folder / "journal.log").write_bytes(b"damaged")
    with held(folder / ".lock"), pytest.raises(StudyError, match="in use by another driver"):
        resume(folder)


def test_nothing_is_written_into_a_folder_without_a_record(folder, capsys):
    for name in ("journal.log", "curves.jsonl", ".tables.lock"):
        (folder / name).unlink()
    before = sorted(folder.iterdir())
    assert tables_again([str(folder)]) == DAMAGED
    assert "journal.log is missing" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before
