import shutil
from pathlib import Path

import pytest

from study.record.tables import write_tables
from tests.study.local import plan, run_locally


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of eight trials; not to be changed."""
    results = tmp_path_factory.mktemp("finished")
    run_locally(plan(results, "--trials", 8))
    write_tables(results / "s")
    return results / "s"


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(finished, tmp_path / "s"))
