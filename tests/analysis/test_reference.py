"""The committed reference studies: whole and readable."""

from pathlib import Path

import pytest

from study.record.results import read_results
from tests.conftest import ROOT

REFERENCE = ROOT / "results" / "reference"
STUDIES = sorted(manifest.parent for manifest in REFERENCE.glob("*/study.json"))


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_reference_study_is_whole_and_has_the_weights_of_its_best_trial(folder: Path) -> None:
    results = read_results(folder)
    best = results.complete.iloc[0]
    assert (folder / "checkpoints" / str(best["trial"]) / "model.safetensors").is_file()
    assert len(results.trials) == results.manifest.options["trials"]


@pytest.mark.parametrize("name", ["cvae", "vae-generative"])
def test_two_reference_studies_have_their_page(name: str) -> None:
    page = (REFERENCE / name / "report.html").read_text()
    assert f"<title>{name}" in page
    assert "</html>" in page
