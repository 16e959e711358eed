"""The record of a study whose trials ended in every way, and a copy of it to be damaged."""

from pathlib import Path

import pytest

from tests.study.in_process import diverge, fail, made_up, quick_plan, run_in_process, train, up_to
from tests.study.record.tables.recorded import STATES


@pytest.fixture(scope="package", autouse=True)
def quick_evaluation():
    """Trials are evaluated in no time; what is measured is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("study.training.replicate.evaluate", made_up)
        yield


@pytest.fixture(scope="package")
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
