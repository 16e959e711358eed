from pathlib import Path

import pytest

from study.record.results import StudyResults, read_results
from tests.analysis.synthetic import Recipe, make_study


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of 60 trials under ASHA with some of every outcome."""
    recipe = Recipe(n_trials=60, seed=5, failing_share=0.05)
    return make_study(tmp_path_factory.mktemp("results") / "made-up", recipe)


@pytest.fixture(scope="session")
def results(study: Path) -> StudyResults:
    return read_results(study)
