"""The committed reference studies: whole, readable, and what the README says of them."""

from pathlib import Path

import pandas as pd
import pytest

from study.record.results import read_results
from tests.conftest import ROOT

REFERENCE = ROOT / "results" / "reference"
STUDIES = sorted(manifest.parent for manifest in REFERENCE.glob("*/study.json"))
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_reference_study_is_whole_and_has_the_weights_of_its_best_trial(folder: Path) -> None:
    results = read_results(folder)
    best = results.complete.iloc[0]
    assert (folder / "checkpoints" / str(best["trial"]) / "model.safetensors").is_file()
    assert (folder / "report.html").stat().st_size > 100_000
    assert len(results.trials) == results.manifest.options["trials"]


@pytest.mark.parametrize("name", ["vae", "cvae", "vae-generative", "cvae-generative"])
def test_the_readme_gives_the_winner_s_excess_with_its_error(name: str) -> None:
    winner = read_results(REFERENCE / name).complete.iloc[0]
    said = f"{winner['fresh_excess_nll']:.3f} ± {winner['fresh_excess_nll_se']:.3f}"
    assert f"| {said} |" in README


def test_the_readme_gives_the_baselines_excess() -> None:
    baselines = pd.read_parquet(REFERENCE / "vae-generative" / "baselines.parquet")
    for excess, error in zip(
        baselines["fresh_excess_nll"], baselines["fresh_excess_nll_se"], strict=True
    ):
        assert f"| {excess:.3f} ± {error:.3f} |" in README
