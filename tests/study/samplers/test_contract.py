"""What holds for every sampler by name."""

import importlib.util
from dataclasses import replace
from math import log10
from pathlib import Path

import optuna
import pytest

from search_spaces.choices import SAMPLERS
from search_spaces.space import Choice, Float, Int, SearchSpace
from study.errors import StudyError
from study.record.manifest import PLANNED
from study.samplers.choice import MADE_BY, make_sampler
from study.samplers.seeded import Reseeding
from tests.study import local
from tests.study.in_process import made_up

SPACE = SearchSpace(
    name="mixed",
    about="one setting of each kind",
    family="cvae",
    searched={
        "lr": Float(1e-4, 1e-1, log=True),
        "patience": Int(1, 9, step=2),
        "latent_dim": Choice(1, 2, 4),
        "activation": Choice("relu", "tanh"),
    },
)
GRID = SearchSpace(
    name="points", about="", family="cvae", searched={"latent_dim": Choice(1, 2, 4)}, sampler="grid"
)

# `make test` installs every extra; without one, its sampler is refused and cannot be tried.
EXTRA = pytest.mark.skipif(importlib.util.find_spec("cmaes") is None, reason="an extra")
USABLE = [name for name, sampler in SAMPLERS.items() if sampler.package is None]
USABLE += [pytest.param("cmaes", marks=EXTRA)]


def space_of(name: str) -> SearchSpace:
    return GRID if name == "grid" else replace(SPACE, sampler=name)


def proposals(
    name: str, told: int, seed: int = 7, slot: int = 50, sign: int = 1
) -> dict[str, object]:
    """What the sampler proposes for a slot after some trials, some of them pruned or diverged."""
    space = space_of(name)
    study = optuna.create_study(sampler=make_sampler(space, 0))
    for i in range(told):
        study.sampler.reseed(1000 + i, i)  # type: ignore[attr-defined]
        trial = study.ask(space.distributions())
        trial.set_user_attr("slot", i)
        trial.report(float(sign * (i % 7)), 10)
        if i % 5 == 4:
            trial.set_user_attr("outcome", {"state": "diverged"})
        ended = (
            {"values": float(sign * (i % 7))}
            if i % 2
            else {"state": optuna.trial.TrialState.PRUNED}
        )
        study.tell(trial, **ended)  # type: ignore[arg-type]
    assert isinstance(study.sampler, Reseeding)
    study.sampler.reseed(seed, slot)
    return dict(study.ask(space.distributions()).params)


def test_every_name_has_a_sampler_and_every_sampler_a_name():
    assert set(MADE_BY) == set(SAMPLERS)


@pytest.mark.parametrize("name", USABLE)
@pytest.mark.parametrize("told", [0, 24])
def test_a_proposal_is_a_function_of_history_seed_and_slot(name, told):
    once = proposals(name, told)
    assert once == proposals(name, told)
    # A point of three may come twice, and where a Gaussian process expects most is no chance.
    exact = name == "grid" or (name == "gp" and told > 0)
    assert exact or once != proposals(name, told, seed=9, slot=51)


@pytest.mark.parametrize("name", USABLE)
def test_a_sampler_that_is_said_not_to_look_at_values_does_not_and_all_others_do(name):
    assert (proposals(name, 24) == proposals(name, 24, sign=-1)) == (name in PLANNED)


@pytest.mark.parametrize("name", USABLE)
def test_a_study_proposes_what_it_would_have_when_it_is_killed_and_resumed(
    name, tmp_path, monkeypatch
):
    monkeypatch.setattr("study.training.replicate.evaluate", made_up)
    words = ("--sampler", name, "--trials", 14, "--max-epochs", 3, "--grace", 1)
    space = Path(__file__).parents[1] / "spaces" / "ordered.py"
    if name == "grid":
        words = (*words[:2], *words[4:], "--set", "lr=0.01")
    whole = local.plan(tmp_path, *words, space=str(space), name="whole")
    local.run_locally(whole)
    cut = local.plan(tmp_path, *words, space=str(space), name="cut")
    for reports in (5, 9, None):
        local.run_locally(cut, stop_after=reports)
        cut = local.resumed(cut.folder)
    assert local.trained(cut) == local.trained(whole)
    assert len(local.trained(whole)) == whole.trials


@pytest.mark.parametrize("name", ["tpe", USABLE[-1], pytest.param("gp", marks=pytest.mark.slow)])
def test_a_sampler_that_learns_comes_closer_than_chance(name):
    space = SearchSpace(
        name="bowl",
        about="",
        family="cvae",
        searched={"lr": Float(1e-4, 1e-1, log=True), "beta": Float(0.0, 1.0)},
        sampler=name,
    )

    def lately(sampler: str) -> float:
        """The mean of the last 20 of 50 trials."""
        chosen = replace(space, sampler=sampler)
        study, values = optuna.create_study(sampler=make_sampler(chosen, 0)), []
        for slot in range(50):
            study.sampler.reseed(slot, slot)  # type: ignore[attr-defined]
            trial = study.ask(chosen.distributions())
            trial.set_user_attr("slot", slot)
            lr, beta = trial.params["lr"], trial.params["beta"]
            values.append((log10(lr) + 1.7) ** 2 + (beta - 0.2) ** 2)
            study.tell(trial, values[-1])
        return sum(values[-20:]) / 20

    assert lately(name) < lately("random") / 2


def test_a_sampler_whose_package_is_missing_is_refused_with_what_to_type(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    missing = lambda name: None if name == "cmaes" else find(name)  # noqa: E731
    monkeypatch.setattr("search_spaces.choices.find_spec", missing)
    with pytest.raises(StudyError) as refused:
        local.plan(tmp_path, "--sampler", "cmaes")
    assert str(refused.value) == (
        "--sampler cmaes needs the package cmaes, which is not installed; type "
        "`pip install 'moons-study[cmaes]'`, or take another sampler"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_a_sampler_cannot_do_is_refused_with_others_that_can(tmp_path, monkeypatch):
    monkeypatch.setattr("search_spaces.choices.find_spec", lambda name: name)
    with pytest.raises(
        StudyError, match=r"sampler cmaes minimises one metric, got val_mse,val_l.*gp"
    ):
        local.plan(tmp_path, "--sampler", "cmaes", "--metric", "val_mse,val_loss")
    words = ("--set", "lr=0.01", "--set", "batch_size=32", "--set", "encoder_hidden=8")
    words += ("--set", "latent_dim=2", "--set", "decoder_hidden=8", "--set", "activation=relu,tanh")
    with pytest.raises(StudyError, match=r"needs at least one setting .* order, got activation"):
        local.plan(tmp_path, "--sampler", "cmaes", *words)


def test_documents_say_what_each_name_is():
    text = (Path(__file__).parents[3] / "docs" / "search.md").read_text()
    for name, sampler in SAMPLERS.items():
        assert f"| `{name}` | {sampler.about} |" in text
