"""The learning curves: whole lines, durable, told apart."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moons.snapshot import EpochRecord
from study.errors import DAMAGED, StudyError
from study.record.curves import COLUMNS, Block, Curves, CurveWriter

ANY_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def block(first: int, last: int, replicate: int = 0) -> Block:
    """Epochs whose figures tell which they are."""
    records = [EpochRecord(n, *(n + i / 10 for i in range(7))) for n in range(first, last + 1)]
    return Block.of(replicate, records)


def epochs_in(path) -> list[tuple[int, int, float]]:
    """Trial, epoch and training loss of each epoch in the file, in its order."""
    return [
        (found["trial"], found["first_epoch"] + i, loss)
        for found in Curves(path)
        for i, loss in enumerate(found["train_loss"])
    ]


def test_a_block_holds_its_records_column_by_column():
    made = block(3, 5, replicate=2)
    assert (made.replicate, made.first_epoch, made.last_epoch) == (2, 3, 5)
    assert tuple(made.columns) == COLUMNS
    assert made.columns["train_loss"] == [3.0, 4.0, 5.0]
    assert made.columns["lr"] == pytest.approx([3.6, 4.6, 5.6])


def test_a_line_is_json_without_a_line_break():
    line = block(3, 5).line(7)
    assert b"\n" not in line
    held = json.loads(line)
    assert (held["trial"], held["replicate"], held["first_epoch"]) == (7, 0, 3)
    assert {name: held[name] for name in COLUMNS} == block(3, 5).columns


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_null_as_json_has_no_other_word(value):
    diverged = Block.of(0, [EpochRecord(1, value, *(0.5,) * 6)])
    assert b'"train_loss":[null]' in diverged.line(0)
    json.loads(diverged.line(0), parse_constant=pytest.fail)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_figures_come_back_to_the_last_bit(value):
    line = Block.of(0, [EpochRecord(1, *(value,) * 7)]).line(0)
    assert json.loads(line)["val_mse"] == [value]


def test_what_was_appended_is_on_the_disk_at_once(tmp_path):
    path = tmp_path / "curves.jsonl"
    writer = CurveWriter(path)
    writer.append(0, (block(1, 2),))
    assert epochs_in(path) == [(0, 1, 1.0), (0, 2, 2.0)]
    writer.append(1, (block(1, 1),))
    writer.append(0, (block(3, 3),))
    assert epochs_in(path) == [(0, 1, 1.0), (0, 2, 2.0), (1, 1, 1.0), (0, 3, 3.0)]


def test_replicates_of_a_trial_are_told_apart(tmp_path):
    path = tmp_path / "curves.jsonl"
    writer = CurveWriter(path)
    writer.append(0, (block(1, 2, replicate=0), block(1, 3, replicate=1)))
    writer.append(0, (block(3, 4, replicate=0),))
    heads = [(b["replicate"], b["first_epoch"], len(b["lr"])) for b in Curves(path)]
    assert heads == [(0, 1, 2), (1, 1, 3), (0, 3, 2)]


def content_of(path, *blocks: tuple[int, Block]) -> bytes:
    """What the file holds when the blocks were appended."""
    writer = CurveWriter(path)
    for trial, one in blocks:
        writer.append(trial, (one,))
    writer.close()
    return path.read_bytes()


THREE = (0, block(1, 3)), (1, block(1, 2)), (0, block(4, 5))


@ANY_FOLDER
@given(share=st.floats(0, 1))
def test_a_file_cut_off_at_any_byte_keeps_its_whole_lines_and_goes_on(tmp_path, share):
    path = tmp_path / "curves.jsonl"
    path.unlink(missing_ok=True)
    content = content_of(path, *THREE)
    cut = content[: int(share * len(content))]
    whole = cut[: cut.rfind(b"\n") + 1]
    if cut + b"\n" == content[: len(cut) + 1]:  # but for its break, the last line is there
        whole = cut + b"\n"
    path.write_bytes(cut)
    assert len(list(Curves(path))) == whole.count(b"\n")  # a reader needs no repair
    assert path.read_bytes() == cut  # and makes none
    after = content_of(path, (9, block(1, 1)))
    assert after.startswith(whole)
    assert after.count(b"\n") == whole.count(b"\n") + 1
    assert len(list(Curves(path))) == after.count(b"\n")


@ANY_FOLDER
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_changed_byte_is_always_refused_by_file_and_line(tmp_path, place, byte):
    path = tmp_path / "curves.jsonl"
    path.unlink(missing_ok=True)
    content = content_of(path, *THREE)
    changed = bytearray(content)
    changed[int(place * len(content))] = byte
    path.write_bytes(changed)
    if changed == content:
        assert len(list(Curves(path))) == 3
    else:
        with pytest.raises(StudyError, match=r"curves\.jsonl is damaged in line"):
            list(Curves(path))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((0, 2), "lost or doubled"),
        ((1, 2), "lost or doubled"),
        ((0, 1, 1, 2), "lost or doubled"),
        ((0, 2, 1), "lost or doubled"),
    ],
)
def test_a_line_that_is_lost_doubled_or_moved_is_noticed(tmp_path, lines, why):
    path = tmp_path / "curves.jsonl"
    whole = content_of(path, *THREE).splitlines(keepends=True)
    path.write_bytes(b"".join(whole[line] for line in lines))
    with pytest.raises(StudyError, match=why):
        list(Curves(path))


@pytest.mark.parametrize(
    ("blocks", "why"),
    [
        (((0, block(1, 3)), (0, block(5, 6))), "has lost epochs of trial 0"),
        (((0, block(2, 3)),), "has lost epochs of trial 0"),
        (((0, block(1, 3)), (0, block(1, 3))), "holds epochs twice of trial 0"),
    ],
)
def test_epochs_of_a_trial_follow_each_other(tmp_path, blocks, why):
    path = tmp_path / "curves.jsonl"
    path.write_bytes(b"".join(one.line(trial) + b"\n" for trial, one in blocks))  # of format 1
    with pytest.raises(StudyError, match=why):
        list(Curves(path))


def test_lines_without_checksums_are_read_before_those_that_have_one_and_not_after(tmp_path):
    path = tmp_path / "curves.jsonl"
    path.write_bytes(block(1, 3).line(0) + b"\n")  # as format 1 has them
    content = content_of(path, (0, block(4, 5)))
    assert len(list(Curves(path))) == 2
    path.write_bytes(content + block(6, 7).line(0) + b"\n")
    with pytest.raises(StudyError, match="no block of epochs with a checksum"):
        list(Curves(path))


def test_the_last_epoch_of_each_trial_is_known(tmp_path):
    path = tmp_path / "curves.jsonl"
    content_of(path, *THREE)
    assert Curves(path).read().last_epochs() == {0: 5, 1: 2}


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b'{"trial": 0}', b"\xff", b"[" * 100_000]
)
def test_a_damaged_line_is_refused_by_its_number(tmp_path, damage):
    path = tmp_path / "curves.jsonl"
    path.write_bytes(block(1, 3).line(0) + b"\n" + damage + b"\n" + block(4, 5).line(0) + b"\n")
    with pytest.raises(StudyError, match=r"curves\.jsonl is damaged in line 2") as refused:
        list(Curves(path))
    assert refused.value.code == DAMAGED
