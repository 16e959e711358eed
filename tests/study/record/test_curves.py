"""The learning curves: whole lines, durable, told apart."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moons.snapshot import EpochRecord
from study.errors import DAMAGED, StudyError
from study.record.curves import COLUMNS, Block, CurveWriter, last_epochs, read_curves

ANY_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def block(first: int, last: int, replicate: int = 0) -> Block:
    """Epochs whose figures tell which they are."""
    records = [EpochRecord(n, *(n + i / 10 for i in range(7))) for n in range(first, last + 1)]
    return Block.of(replicate, records)


def epochs_in(path) -> list[tuple[int, int, float]]:
    """Trial, epoch and training loss of each epoch in the file, in its order."""
    return [
        (found["trial"], found["first_epoch"] + i, loss)
        for found in read_curves(path)
        for i, loss in enumerate(found["train_loss"])
    ]


def test_a_block_holds_its_records_column_by_column():
    made = block(3, 5, replicate=2)
    assert (made.replicate, made.first_epoch, made.last_epoch) == (2, 3, 5)
    assert tuple(made.columns) == COLUMNS
    assert made.columns["train_loss"] == [3.0, 4.0, 5.0]
    assert made.columns["lr"] == pytest.approx([3.6, 4.6, 5.6])


def test_a_line_is_json_that_ends_in_a_line_break():
    line = block(3, 5).line(7)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
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
    heads = [(b["replicate"], b["first_epoch"], len(b["lr"])) for b in read_curves(path)]
    assert heads == [(0, 1, 2), (1, 1, 3), (0, 3, 2)]


@ANY_FOLDER
@given(share=st.floats(0, 1))
def test_a_file_cut_off_at_any_byte_keeps_its_whole_lines_and_goes_on(tmp_path, share):
    path = tmp_path / "curves.jsonl"
    lines = [block(1, 3).line(0), block(1, 2).line(1), block(4, 5).line(0)]
    content = b"".join(lines)
    cut = content[: int(share * len(content))]
    path.write_bytes(cut)
    assert len(list(read_curves(path))) == cut.count(b"\n")  # a reader needs no repair
    assert path.read_bytes() == cut  # and makes none
    writer = CurveWriter(path)
    writer.append(9, (block(1, 1),))
    writer.close()
    assert path.read_bytes() == b"".join(lines[: cut.count(b"\n")]) + block(1, 1).line(9)


@ANY_FOLDER
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_damaged_byte_is_read_as_written_or_refused_by_file_and_line(tmp_path, place, byte):
    path = tmp_path / "curves.jsonl"
    content = bytearray(block(1, 3).line(0) + block(1, 2).line(1) + block(4, 5).line(0))
    content[int(place * len(content))] = byte
    path.write_bytes(content)
    refusal = None
    try:
        blocks = list(read_curves(path))
    except ValueError as refused:
        refusal = str(refused)
    if refusal is None:
        assert len(blocks) >= 2  # a damaged last line break is a torn line
    else:
        assert f"{path} is damaged in line" in refusal


def test_the_last_epoch_of_each_trial_is_known(tmp_path):
    path = tmp_path / "curves.jsonl"
    path.write_bytes(block(1, 3).line(0) + block(1, 2).line(1) + block(4, 9).line(0))
    assert last_epochs(path) == {0: 9, 1: 2}


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b'{"trial": 0}', b"\xff"])
def test_a_damaged_line_is_refused_by_its_number(tmp_path, damage):
    path = tmp_path / "curves.jsonl"
    path.write_bytes(block(1, 3).line(0) + damage + b"\n" + block(4, 5).line(0))
    with pytest.raises(StudyError, match=r"curves\.jsonl is damaged in line 2") as refused:
        last_epochs(path)
    assert refused.value.code == DAMAGED
