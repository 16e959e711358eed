"""A storm's account: what counts as a refusal, and that slices add up."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from tests.benchmarks.kills import differing, searched
from tests.benchmarks.storm import Try, read, table_of

DONE = Try("raylet", "run", 7, hit=True, said="", went_on=True, losses=0, changes=0)


def test_an_end_that_nobody_was_told_of_is_a_refusal_and_bad() -> None:
    assert not DONE.bad
    assert not replace(DONE, code=0).bad  # the kill came too late
    assert replace(DONE, code=1).bad
    assert replace(DONE, victim="SIGTERM", code=-15).refused  # README has 143
    assert replace(DONE, losses=1).bad
    assert replace(DONE, changes=1).bad


def test_tries_of_slices_add_up_in_one_table(tmp_path: Path) -> None:
    kept = tmp_path / "tries.jsonl"
    assert read(kept) == []
    for slice_of in ([DONE, replace(DONE, victim="driver", code=-9)], [replace(DONE, losses=2)]):
        with kept.open("a") as file:
            file.writelines(json.dumps(asdict(one)) + "\n" for one in slice_of)
    table = table_of(read(kept))
    by_victim = {row[0]: row for row in table.rows}
    assert by_victim["raylet"][1] == "2"
    assert by_victim["all"][1] == "3"
    assert dict(zip(table.columns, by_victim["all"], strict=True))["losses"] == "2"


def test_rows_that_only_one_has_do_not_differ() -> None:
    some = {"slot 0": {"val_mse": 0.5}, "slot 1": {"val_mse": 0.25}}
    assert differing(some, {"slot 0": {"val_mse": 0.5}}) == []
    assert differing(some, {"slot 1": {"val_mse": 0.75}}) == ["slot 1"]
    assert not searched(some)
