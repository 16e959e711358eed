"""Parameter by parameter differences of the winners."""

import pytest

from analysis.comparison.standing import standing
from analysis.comparison.winners import Choice, Parameter, differences, merge, parameters
from study.record.manifest import Dimension
from study.record.results import read_results

from .synthetic import SEARCHED, Recipe, make_study

LR = Dimension(name="lr", kind="float", low=1e-4, high=0.1, log=True)


def parameter(*tops, dimension=LR, roles=None):
    roles = roles or ["searched"] * len(tops)
    named = zip("abcdef", roles, tops, strict=False)
    return Parameter(dimension, tuple(Choice(name, role, top) for name, role, top in named))


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ((1, 2, 3), (4, 5, 6), True),
        ((1, 2, 4), (4, 5, 6), False),
        ((1, 9, 2), (4, 5, 6), False),
        (("relu", "relu", "relu"), ("tanh", "tanh", "tanh"), True),
        (("relu", "tanh", "relu"), ("tanh", "tanh", "tanh"), False),
        ((1, 2), (4, 5, 6), False),  # two trials span no range
        ((), (4, 5, 6), False),
    ],
)
def test_winners_lie_apart_where_their_ranges_have_nothing_in_common(first, second, apart):
    assert parameter(first, second).apart is apart
    assert parameter(second, first).apart is apart


def test_a_difference_is_said_with_both_ranges():
    (sentence,) = differences([parameter((0.001, 0.001, 0.002), (0.01, 0.02, 0.03))])
    assert sentence == (
        "The winners lie apart in lr: a 0.001 (0.001 to 0.002); b 0.01 (0.01 to 0.03)."
    )


def test_ranges_that_overlap_are_said_to():
    (sentence,) = differences([parameter((1, 2, 3), (2, 3, 4))])
    assert "overlap in lr" in sentence


def test_what_only_one_study_has_is_not_compared():
    only_one = parameter((1, 2, 3), (), roles=["searched", "absent"])
    assert not only_one.shared
    assert differences([only_one]) == ["lr is known to a only: not compared."]


def test_ranges_of_several_studies_are_merged():
    wider = Dimension(name="lr", kind="float", low=1e-5, high=0.01, log=True)
    assert merge([LR, wider]) == Dimension(name="lr", kind="float", low=1e-5, high=0.1, log=True)


def test_options_of_several_studies_are_merged_in_order():
    first = Dimension(name="latent_dim", kind="choice", options=(2, 8))
    second = Dimension(name="latent_dim", kind="choice", options=(4, 8, 16))
    assert merge([first, second]).options == (2, 4, 8, 16)


def test_a_range_and_options_are_merged_to_a_range():
    options = Dimension(name="lr", kind="choice", options=(0.5, 0.01))
    merged = merge([LR, options])
    assert (merged.kind, merged.low, merged.high, merged.log) == ("float", 1e-4, 0.5, True)


def test_a_setting_fixed_in_one_study_is_compared_with_the_search_of_the_other(tmp_path):
    beta = {"kind": "float", "low": 0.1, "high": 100.0, "log": True}
    recipes = [Recipe(n_trials=30), Recipe(n_trials=30, searched={**SEARCHED, "beta": beta})]
    names = ["plain", "beta"]
    studies = [
        read_results(make_study(tmp_path / name, recipe))
        for name, recipe in zip(names, recipes, strict=True)
    ]
    standings = [
        standing(name, study, "val_mse") for name, study in zip(names, studies, strict=True)
    ]
    found = {own.name: own for own in parameters(studies, standings)}
    assert list(found) == [*SEARCHED, "beta"]
    plain, searching = found["beta"].choices
    assert (plain.role, set(plain.top)) == ("fixed", {1.0})
    assert searching.role == "searched"
    assert searching.top[0] == studies[1].complete["beta"].iloc[0]
