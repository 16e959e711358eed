"""Every warning says what to do, with the command, and none leads away from the goal."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.figures import NAMES
from analysis.findings import advice, findings
from study.record.manifest import Dimension
from study.record.results import read_results
from tests.analysis.known import known_results
from tests.analysis.test_findings import said
from tests.conftest import ROOT

REFERENCE = sorted(path.parent for path in (ROOT / "results" / "reference").glob("*/study.json"))


@pytest.mark.parametrize("folder", REFERENCE, ids=lambda path: path.name)
def test_every_warning_says_what_to_do_with_a_command(folder: Path) -> None:
    warned = [found for found in findings(read_results(folder)) if found.level == "warning"]
    for found in warned:
        assert re.search(r"`python -m (study|analysis)\.\w+ [^`]+`", found.text), found.text


def test_a_winner_that_cannot_generate_names_the_search_that_finds_one_that_can() -> None:
    row = {"fresh_energy_distance": 0.1, "fresh_energy_distance_floor": 0.001}
    warned = said(known_results([{"val_mse": 0.1} | row]), "warning")
    assert "`python -m study.run --space cvae-generative` searches by density" in warned
    searched = known_results([{"val_excess_nll": 0.1} | row], metrics=("val_excess_nll",))
    assert "`python -m study.run --resume results/known --trials 2` goes on." in said(
        searched, "warning"
    )


def test_every_figure_that_any_advice_names_exists() -> None:
    advised = [
        name
        for package in ("analysis", "moons", "search_spaces", "study")
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in re.findall(r"--only[^\w\n]+(\w+)", path.read_text())
    ]
    assert advised
    assert set(advised) <= set(NAMES)


@pytest.mark.parametrize("name", ["eps_w", "beta"])
def test_no_advice_leads_to_less_noise_in_the_latent_for_a_better_reconstruction(name: str) -> None:
    dimension = Dimension(name=name, kind="float", low=0.001, high=1.0, log=True)
    trials = [{"val_mse": 0.1, name: 0.001}, {"val_mse": 0.2, name: 0.1}]
    by_mse = said(known_results(trials, searched=(dimension,)), "warning")
    assert "Better values may lie beyond" not in by_mse
    assert "leads away from samples that look like the data" in by_mse
    assert "--space cvae-generative" in by_mse
    rows = [row | {"val_excess_nll": row["val_mse"]} for row in trials]
    by_density = known_results(rows, searched=(dimension,), metrics=("val_excess_nll",))
    assert "Better values may lie beyond" in said(by_density, "warning")


def test_the_best_being_at_an_end_of_the_data_that_were_searched_says_nothing() -> None:
    noise = Dimension(name="noise", kind="float", low=0.0, high=0.3, log=False)
    trials = [{"val_mse": 0.1, "noise": 0.0}, {"val_mse": 0.2, "noise": 0.3}]
    assert "edge" not in said(known_results(trials, searched=(noise,)), "warning")


def test_advice_names_the_file_of_a_space_and_what_was_set_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    results = known_results([{"val_mse": 0.1}])
    options = dict(results.manifest.options) | {"set": ["noise=0.1"], "grace": 5}
    for place, typed in (
        (tmp_path / "my space.py", "'my space.py'"),
        (tmp_path / "-x.py", "./-x.py"),
        (Path("/elsewhere/mine.py"), "/elsewhere/mine.py"),
    ):
        changed = replace(results.manifest, options=options | {"space": str(place)}, rungs=(5,))
        here = replace(results, manifest=changed)
        command = f"`python -m study.run --space {typed} --set noise=0.1 --"
        assert advice.later_rung(here).startswith(f"{command}grace 20` ")
        assert advice.by_metric(here, "val_excess_nll").startswith(f"{command}metric val_excess")
        assert "--space" not in advice.go_on(here)  # whose model is built in
        model = {"model": "Mine", "code": {"class": "Mine", "file": "mine.py", "hash": "0"}}
        own = replace(changed, space=dict(changed.space) | model)
        assert advice.finish(replace(results, manifest=own)).startswith(
            f"`python -m study.run --resume results/known --space {typed}` "
        )
