from typing import get_args

import optuna
import pytest

from search_spaces.space import Sampler
from study.samplers import SAMPLERS, Reseeding, SeededRandom, SeededTPE, make_sampler

SPACE = {"lr": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True)}


def proposal(sampler: optuna.samplers.BaseSampler, seed: int, told: int = 12) -> float:
    """What the sampler proposes after some trials, from the stream of that seed."""
    assert isinstance(sampler, Reseeding)
    study = optuna.create_study(sampler=sampler)
    for i in range(told):
        params, value = {"lr": 1e-3 * (i + 1)}, float(i)
        study.add_trial(optuna.create_trial(params=params, distributions=SPACE, value=value))
    sampler.reseed(seed)
    return float(study.ask(SPACE).params["lr"])


def test_every_name_that_a_space_may_give_has_its_sampler():
    assert set(SAMPLERS) == set(get_args(Sampler))
    assert isinstance(make_sampler("tpe"), SeededTPE)
    assert isinstance(make_sampler("random"), SeededRandom)


@pytest.mark.parametrize("name", get_args(Sampler))
@pytest.mark.parametrize("told", [0, 12])
def test_a_proposal_is_a_function_of_the_history_and_the_seed(name, told):
    once, again = proposal(make_sampler(name), 7, told), proposal(make_sampler(name), 7, told)
    assert once == again
    assert proposal(make_sampler(name), 8, told) != once
