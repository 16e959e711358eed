import dataclasses
import re
import statistics
from pathlib import Path

import pandas as pd
import pytest

from search_spaces.load import load_space, space_names
from search_spaces.space import SearchSpace
from study.options import parse
from study.plan import make_plan
from study.preview import START_IMPORTS, predict, sample_configs
from study.record.clocks import Clocks
from study.record.manifest import Manifest
from study.run import main
from tests.conftest import ROOT


def words_of(text: str) -> str:
    """The text on one line, as its tables may be broken anywhere."""
    return re.sub(r"\s+", " ", text)


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Runs the command in an empty folder, and returns what it printed once nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> str:
        assert main(words) == 0
        assert list(tmp_path.iterdir()) == []
        answered = capsys.readouterr()
        assert answered.err == ""
        return words_of(answered.out)

    return run


def test_list_spaces_shows_every_space_with_each_range_and_what_is_fixed(said):
    text = said("--list-spaces")
    for name in space_names():
        space = load_space(name)
        assert f"{name}: {space.about} {space.sampler}, minimises {space.metric}" in text
        for key, domain in space.searched.items():
            assert f"{key} {domain}" in text
        for key, value in space.fixed.items():
            assert f"{key} {value}, fixed" in text


@pytest.fixture
def quick(tmp_path_factory) -> str:
    """A space of one's own, whose epochs take a millisecond."""
    path = tmp_path_factory.mktemp("elsewhere") / "quick.py"
    path.write_text(
        "from search_spaces.space import Float, Int, SearchSpace\n"
        'SPACE = SearchSpace(name="quick", about="", family="cvae", fixed={"n_samples": 20}, '
        'searched={"latent_dim": Int(1, 4), "lr": Float(1e-4, 0.1, log=True)})\n'
    )
    return str(path)


def test_a_dry_run_shows_the_resolved_plan_and_writes_nothing(said, quick):
    text = said("--space", quick, "--name", "mine", "--dry-run", "--workers", "3", "--seed", "5")
    assert "results/mine: 100 trials of cvae, tpe, minimising val_mse" in text
    assert "ASHA at epochs 10, 40, 160, 640; at most 1,000 epochs a trial" in text
    assert "3 workers; seed 5" in text
    assert "5 configs of the space" in text
    assert "latent_dim whole, uniform in [1, 4] lr log-uniform in [0.0001, 0.1]" in text
    amount = r"[\d.]+ (s|min|h)"
    assert re.search(
        rf"an epoch takes [\d.]+ ms .*evaluation {amount} predicted, without the report: study "
        rf"{amount}: start {amount}, trials {amount}, end {amount} \(training {amount} and "
        rf"evaluation {amount}, summed over 3 workers\)",
        text,
    )


def test_a_dry_run_without_a_scheduler_says_so(said, quick):
    text = said("--space", quick, "--dry-run", "--scheduler", "none", "--max-epochs", "7")
    assert "no early stops; at most 7 epochs a trial" in text
    assert "n_samples 20, fixed" in text


def plan(*words: str):
    return make_plan(parse(["--space", *words]))


@pytest.mark.parametrize("name", space_names())
def test_the_configs_shown_are_points_of_the_space_and_the_same_each_time(name):
    made = plan(name)
    sampled = sample_configs(made, 5)
    assert len(sampled) == 5
    for params in sampled:
        for key, distribution in made.space.distributions().items():
            assert distribution._contains(distribution.to_internal_repr(params[key]))
    assert sample_configs(made, 5) == sampled
    assert sample_configs(plan(name, "--seed", "43"), 5) != sampled


def test_a_grid_of_few_points_shows_each_once():
    made = plan("data")
    small = SearchSpace(
        name="small",
        about="",
        family="vae",
        searched={"noise": dataclasses.replace(made.space).searched["noise"]},
        sampler="grid",
    )
    points = sample_configs(dataclasses.replace(made, space=small), 50)
    assert sorted(point["noise"] for point in points) == [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]


def estimate_s(made, epoch_s, evaluation_s):
    return predict(made, epoch_s, evaluation_s, 1.0).study


def test_the_estimate_grows_with_the_work_and_shrinks_with_workers_and_pruning():
    one = plan("vae", "--workers", "1")
    usual = estimate_s(one, 0.05, 0.5)
    assert estimate_s(dataclasses.replace(one, trials=200), 0.05, 0.5) > usual
    assert estimate_s(one, 0.1, 0.5) > usual
    assert estimate_s(plan("vae", "--workers", "4"), 0.05, 0.5) < usual
    assert estimate_s(plan("vae", "--workers", "1", "--scheduler", "none"), 0.05, 0.5) > usual
    assert estimate_s(plan("vae", "--workers", "1", "--max-epochs", "20"), 0.05, 0.5) < usual


def test_the_estimate_grows_with_what_an_evaluation_takes():
    one = plan("vae-proba", "--workers", "1")
    assert estimate_s(one, 0.001, 1.0) - estimate_s(one, 0.001, 0.0) == pytest.approx(100.0)


REFERENCE = ROOT / "results" / "reference"


def ratios(folder: Path) -> dict[str, float]:
    """What is predicted of a reference study by its own costs, in shares of what it took."""
    manifest = Manifest.read(folder / "study.json")
    trials = pd.read_parquet(folder / "trials.parquet")
    took = Clocks.of(trials, manifest)
    assert took is not None
    epoch_s = trials["train_s"].sum() / trials["epochs"].sum()
    evaluation_s = trials.loc[trials["state"] == "complete", "eval_s"].mean()
    made = dataclasses.replace(
        plan(manifest.space_name, "--workers", str(manifest.workers)),
        trials=manifest.n_trials,
        rungs=tuple(manifest.rungs),
        max_epochs=manifest.max_epochs,
    )
    found = predict(made, epoch_s, evaluation_s, took.start / START_IMPORTS)
    return {
        name: getattr(found, name) / getattr(took, name) for name in ("study", "trials", "training")
    }


@pytest.mark.parametrize("clock", ["study", "trials", "training"])
def test_reference_studies_take_what_is_predicted_within_a_factor_of_one_and_a_half(clock):
    found = [ratios(path.parent)[clock] for path in REFERENCE.glob("*/study.json")]
    assert len(found) >= 7
    assert 1 / 1.5 <= statistics.geometric_mean(found) <= 1.5
