import json
import re
from dataclasses import asdict, replace
from datetime import datetime

import pytest

from search_spaces.load import load_space
from study.errors import DAMAGED, StudyError
from study.options import parse
from study.plan import make_plan
from study.record.manifest import Manifest


@pytest.fixture
def plan(tmp_path):
    words = ["--space", "cvae", "--name", "mine", "--results", str(tmp_path), "--seed", "7"]
    return make_plan(parse(words))


def test_a_manifest_comes_back_as_it_was_written(plan, tmp_path):
    manifest = plan.manifest()
    manifest.write(tmp_path / "study.json")
    assert Manifest.read(tmp_path / "study.json") == manifest


def test_a_manifest_says_what_was_asked_for_and_by_which_versions(plan, tmp_path):
    plan.manifest().write(tmp_path / "study.json")
    held = json.loads((tmp_path / "study.json").read_text())
    assert held["name"] == "mine"
    assert held["space"] == load_space("cvae").as_dict()
    assert held["space_hash"] == load_space("cvae").digest()
    assert held["options"] == plan.options()
    assert held["options"]["seed"] == 7
    assert held["rungs"] == [10, 40, 160, 640]
    assert {"python", "ray", "optuna", "torch", "numpy"} <= held["versions"].keys()
    assert held["versions"]["torch"].startswith("2.13.0")
    assert held["machine"]["cpus"] >= 1
    assert held["git"].keys() == {"commit", "dirty"}
    assert held["git"]["commit"] is None or re.fullmatch(r"[0-9a-f]{40}", held["git"]["commit"])
    assert (held["ended"], held["outcome"], held["seconds"]) == (None, "running", 0.0)
    assert datetime.fromisoformat(held["started"]).utcoffset().total_seconds() == 0


def test_the_time_of_several_drivers_adds_up(plan):
    first = plan.manifest().end("time budget", plan.options(), 10.5)
    second = first.end("complete", replace(plan, trials=200).options(), 4.25)
    assert (first.outcome, first.seconds) == ("time budget", 10.5)
    assert (second.outcome, second.seconds) == ("complete", 14.75)
    assert second.started == first.started
    assert second.ended >= first.ended >= first.started
    assert second.options["trials"] == 200  # a study that was extended says so
    unchanged = asdict(replace(second, options={}, ended=None, outcome="running", seconds=0.0))
    assert unchanged == asdict(replace(plan.manifest(), options={}, started=first.started))


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"study\.json is missing") as refused:
        Manifest.read(tmp_path / "study.json")
    assert refused.value.code == DAMAGED


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b'{"rungs": [10]}', b'{"rungs": 5}', b"\xff"]
)
def test_a_damaged_manifest_is_named_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "study.json"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"study\.json is damaged.*put back a copy") as refused:
        Manifest.read(path)
    assert refused.value.code == DAMAGED
    assert path.read_bytes() == content


def test_a_manifest_cut_off_anywhere_is_refused(plan, tmp_path):
    path = tmp_path / "study.json"
    plan.manifest().write(path)
    content = path.read_bytes().strip()
    for end in range(0, len(content), 37):
        path.write_bytes(content[:end])
        with pytest.raises(StudyError, match=r"study\.json is damaged"):
            Manifest.read(path)


def test_a_field_that_nobody_knows_is_kept(plan, tmp_path):
    path = tmp_path / "study.json"
    plan.manifest().write(path)
    fields = json.loads(path.read_text()) | {"colour": "blue", "checksum": None}
    path.write_text(json.dumps(fields))
    Manifest.read(path).going_on(plan.options()).write(path)
    assert json.loads(path.read_text())["colour"] == "blue"
