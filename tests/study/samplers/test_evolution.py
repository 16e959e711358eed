"""CMA-ES: what it moves along, what it learns from, and what it takes from a record."""

import os
import pickle

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from study.record.damage import DamagedRecord
from study.samplers.axes import ordered, place_of, steps, value_at
from study.samplers.evolution import POINT, TOLD, SeededCMA

pytest.importorskip("cmaes", reason="an extra, which `make test` installs")
AXES: list[BaseDistribution] = [
    FloatDistribution(0.1, 0.9),
    FloatDistribution(1e-4, 1e-1, log=True),
    FloatDistribution(0.0, 1.0, step=0.25),
    IntDistribution(3, 11, step=2),
    IntDistribution(1, 1000, log=True),
    CategoricalDistribution((128, 2, 16)),
]
SPACE = {"lr": AXES[1], "latent_dim": AXES[5]}
GENERATION = 4 + int(3 * np.log(2))  # trials, in two dimensions


@pytest.mark.parametrize("domain", AXES, ids=str)
def test_values_and_places_on_an_axis_are_each_other_s_inverse_and_its_ends_are_reached(domain):
    values = [value_at(domain, place) for place in np.linspace(0, 1, 101)]
    assert values == sorted(values)
    for value in values:
        assert domain._contains(domain.to_internal_repr(value))
        assert value_at(domain, place_of(domain, value)) == pytest.approx(value)
    ends = [value_at(domain, -1.0), value_at(domain, 2.0)]
    assert ends == pytest.approx([values[0], values[-1]])
    if n := steps(domain):
        assert len(set(values)) == n + 1


def test_a_choice_has_an_order_where_all_of_its_options_are_numbers():
    assert ordered(CategoricalDistribution((1, 2.5)))
    assert not ordered(CategoricalDistribution(("8", "8,8")))
    assert not ordered(CategoricalDistribution((True, False)))
    assert not ordered(CategoricalDistribution((4,)))
    assert not ordered(IntDistribution(4, 4))


def ask(study: optuna.Study, slot: int) -> optuna.Trial:
    study.sampler.reseed(slot, slot)  # type: ignore[attr-defined]
    trial = study.ask(SPACE)
    trial.set_user_attr("slot", slot)
    return trial


def told(n: int) -> optuna.Study:
    """A study of n trials that ended in turn."""
    study = optuna.create_study(sampler=SeededCMA(SPACE))
    for slot in range(n):
        study.tell(ask(study, slot), float(slot))
    return study


def test_a_state_that_is_rebuilt_proposes_what_the_one_that_grew_would_have():
    grown = told(3 * GENERATION + 2)
    rebuilt = optuna.create_study(sampler=SeededCMA(SPACE))
    rebuilt.add_trials(grown.get_trials())
    assert ask(rebuilt, 99).params == ask(grown, 99).params
    fresh = optuna.create_study(sampler=SeededCMA(SPACE))
    assert ask(fresh, 99).params != ask(grown, 99).params


def test_a_trial_that_was_begun_again_counts_where_the_first_was_drawn():
    study = optuna.create_study(sampler=SeededCMA(SPACE))
    for slot in range(GENERATION):
        trial = ask(study, slot)
        if slot == 1:  # cut off
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            study.enqueue_trial(trial.params, user_attrs={"slot": slot})
            trial = study.ask(SPACE)
            assert POINT not in study.get_trials()[-1].system_attrs
        study.tell(trial, float(slot))
    ask(study, GENERATION)
    assert study.get_trials()[-1].system_attrs[TOLD] == [0, 2, 3, 4, 5, 6]


def test_complete_trials_come_before_pruned_ones_and_those_before_diverged_ones():
    def mean_after(values: dict[int, float]) -> list[float]:
        study = optuna.create_study(sampler=SeededCMA(SPACE))
        pruned, diverged = (3, 4), (5,)
        for slot in range(GENERATION):
            trial = ask(study, slot)
            if slot in (*pruned, *diverged):
                trial.report(values[slot], 10)
                if slot in diverged:
                    trial.set_user_attr("outcome", {"state": "diverged"})
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                study.tell(trial, values[slot])
        ask(study, GENERATION)
        found: list[float] = study.sampler._optimizer.mean.tolist()  # type: ignore[attr-defined]
        return found

    in_turn = mean_after({0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 5.0, 5: 6.0})
    assert mean_after({0: 1.0, 1: 2.0, 2: 3.0, 3: 0.4, 4: 0.5, 5: 0.0}) == in_turn


@pytest.mark.parametrize(
    "wrong", [[0], [0, 1, 2, 3, 4, 99], [0, 1, 2, 3, 4, None], "all", {"0": 1}, 7], ids=str
)
def test_a_record_that_does_not_say_how_the_state_came_about_is_damaged(wrong):
    study = told(GENERATION + 2)
    trials = study.get_trials()
    trials[GENERATION]._system_attrs[TOLD] = wrong
    resumed = optuna.create_study(sampler=SeededCMA(SPACE))
    resumed.add_trials(trials)
    with pytest.raises(DamagedRecord, match=r"the journal is damaged: CMA-ES cannot be rebuilt"):
        ask(resumed, 50)


class Payload:
    """Makes a folder as soon as it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path,)


def test_a_pickle_in_a_record_is_not_opened(tmp_path):
    text = pickle.dumps(Payload(str(tmp_path / "opened"))).hex()
    trials = told(GENERATION + 2).get_trials()
    for trial in trials:
        for prefix in ("cma:", "cmawm:", "sepcma:"):  # where Optuna's own sampler keeps its state
            trial._system_attrs[f"{prefix}optimizer:0"] = text
    resumed = optuna.create_study(sampler=SeededCMA(SPACE))
    resumed.add_trials(trials)
    for slot in range(50, 60):
        resumed.tell(ask(resumed, slot), 1.0)
    assert not (tmp_path / "opened").exists()
    pickle.loads(bytes.fromhex(text))
    assert (tmp_path / "opened").exists()  # so the payload is one


def test_it_begins_where_another_study_found_its_best_trials():
    study = optuna.create_study(sampler=SeededCMA(SPACE))
    for i in range(40):
        at = i / 40
        params = {key: value_at(domain, at) for key, domain in SPACE.items()}
        study.add_trial(
            optuna.trial.create_trial(
                params=params, distributions=SPACE, value=at, user_attrs={"warm_start": "other"}
            )
        )
    ask(study, 0)
    mean = study.sampler._optimizer.mean  # type: ignore[attr-defined]
    assert np.all(mean < 0.2)
