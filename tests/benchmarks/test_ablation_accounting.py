"""A study of the ablation, without Ray: what it trains, counts and tells."""

import math
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest

from study.options import Options
from study.plan import make_plan
from tests.benchmarks.ablation.arms import Arm, all_arms, arms_by_factor, default_arm
from tests.benchmarks.ablation.simulate import Ended, run_study

DEFAULT = Arm(sampler="tpe", scheduler="asha", grace=2, reduction=2)
BUDGET, MAX_EPOCHS = 150, 12
SPACE = """
from search_spaces.space import Choice, Float, SearchSpace

SPACE = SearchSpace(
    name="tiny",
    about="trials of a few milliseconds",
    family="cvae",
    searched={SEARCHED},
    fixed={"n_samples": 40, "encoder_hidden": 4, "decoder_hidden": 4},
)
"""


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    searched = '{"lr": Float(1e-3, 1e-1, log=True), "latent_dim": Choice(1, 2, 4)}'
    return space_file(tmp_path / "tiny.py", searched)


def space_file(path: Path, searched: str) -> str:
    path.write_text(SPACE.replace("{SEARCHED}", searched))
    return str(path)


def study(space: str, arm: Arm = DEFAULT, budget: int = BUDGET) -> tuple[Ended, ...]:
    return run_study(arm, space, seed=1, budget=budget, max_epochs=MAX_EPOCHS)


ARMS = {arm.name: arm for arm in all_arms(DEFAULT)}


@pytest.mark.slow
@pytest.mark.parametrize("arm", ARMS.values(), ids=ARMS)
def test_every_arm_spends_the_budget_but_for_less_than_a_trial(arm: Arm, tiny: str) -> None:
    trials = study(tiny, arm)
    assert [t.spent for t in trials] == list(accumulate(t.epochs for t in trials))
    assert BUDGET - MAX_EPOCHS < trials[-1].spent <= BUDGET


def test_the_epochs_of_pruned_trials_count(tiny: str) -> None:
    trials = study(tiny)
    assert {t.state for t in trials} == {"complete", "pruned"}
    assert trials[-1].spent > sum(t.epochs for t in trials if t.state == "complete")


def test_with_asha_the_same_budget_ends_more_trials(tiny: str) -> None:
    bare = study(tiny, replace(DEFAULT, scheduler="none"))
    assert {t.state for t in bare} == {"complete"}
    assert len(study(tiny)) > len(bare)


def test_a_smaller_budget_gives_the_beginning_of_the_same_study(tiny: str) -> None:
    whole = study(tiny)
    part = study(tiny, budget=BUDGET // 2)
    assert part == tuple(t for t in whole if t.spent <= BUDGET // 2)


def test_a_trial_is_cut_off_where_the_budget_ends_it_and_counts_for_nothing(tiny: str) -> None:
    bare = replace(DEFAULT, scheduler="none")
    assert [t.epochs for t in study(tiny, bare, budget=2 * MAX_EPOCHS - 1)] == [MAX_EPOCHS]


def test_honest_states_leave_optuna_no_value_of_a_stopped_trial(tiny: str) -> None:
    for trial in study(tiny):
        if trial.state == "complete":
            assert trial.told == trial.value
        else:
            assert math.isnan(trial.told)


def test_rays_states_make_the_last_value_of_a_stopped_trial_a_complete_one(tiny: str) -> None:
    trials = study(tiny, replace(DEFAULT, telling="ray"))
    stopped = [t for t in trials if t.state == "pruned"]
    assert stopped
    assert all(t.told == t.value for t in trials)


def test_what_is_told_changes_no_proposal_before_tpe_has_learned(tiny: str) -> None:
    honest, rays = study(tiny), study(tiny, replace(DEFAULT, telling="ray"))
    assert [t.config for t in honest[:10]] == [t.config for t in rays[:10]]
    assert [t.value for t in honest[:10]] == [t.value for t in rays[:10]]


@pytest.mark.parametrize("telling", ["honest", "ray"])
def test_a_diverged_trial_has_no_value_and_spends_what_it_trained(
    telling: str, tmp_path: Path
) -> None:
    space = space_file(tmp_path / "wild.py", '{"lr": Choice(10.0), "latent_dim": Choice(64, 128)}')
    arm = replace(DEFAULT, telling=telling)
    trials = study(space, arm, budget=40)
    diverged = [t for t in trials if t.state == "diverged"]
    assert diverged
    assert all(math.isnan(t.told) and t.epochs > 0 for t in diverged)


def test_a_space_of_two_metrics_is_refused(tmp_path: Path) -> None:
    space = space_file(
        tmp_path / "two.py", '{"latent_dim": Choice(1, 2)}, metric="val_mse,val_loss"'
    )
    with pytest.raises(ValueError, match="must have one metric, got val_mse,val_loss"):
        study(space)


def test_the_default_arm_is_what_study_run_does() -> None:
    usual, arm = make_plan(Options(space="cvae")), default_arm("cvae")
    assert (arm.scheduler, arm.grace, arm.reduction) == (
        usual.scheduler,
        usual.grace,
        usual.reduction,
    )
    assert (arm.sampler, arm.telling) == ("tpe", "honest")


def test_the_default_stands_first_beside_what_differs_from_it() -> None:
    default = default_arm("cvae")
    assert all(arms[0] == default for arms in arms_by_factor(default).values())
    names = [arm.name for arm in all_arms(default)]
    assert len(names) == len(set(names)) == 13
    assert {"gp, asha 4/10", "tpe, hyperband 4/10", "tpe, no asha", "tpe, asha 3/30"} < set(names)
    assert "tpe, asha 4/10, ray's states" in names
