"""The record of a study that came to its end, and copies of it to be damaged."""

import shutil
from pathlib import Path

import pytest

from study.record.tables import write_tables
from tests.study.in_process import diverge, made_up, quick_plan, run_in_process, train, up_to


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The record of four trials with its tables; not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("study.training.replicate.evaluate", made_up)
        plan = quick_plan(tmp_path_factory.mktemp("results"), "--trials=4")
        run_in_process(plan, [train, up_to(1), diverge, train])
    write_tables(plan.folder)
    return plan.folder


@pytest.fixture
def folder(whole, tmp_path):
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(whole, tmp_path / "s"))
