"""What samplers see of a study's trials."""

import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from study.samplers.experience import BEST, MOST, Experience, as_complete
from study.samplers.seeded import SeededTPE

SPACE = {"lr": FloatDistribution(0.0, 1.0)}


def trial(value: float | None, *, rung: float | None = None, diverged: bool = False) -> FrozenTrial:
    """A complete trial of that value, or a pruned one that reported `rung` at epoch 10."""
    return optuna.trial.create_trial(
        state=TrialState.PRUNED if value is None else TrialState.COMPLETE,
        value=value,
        params={"lr": 0.5},
        distributions=SPACE,
        intermediate_values={} if rung is None else {10: rung},
        user_attrs={"outcome": {"state": "diverged" if diverged else "sound"}},
    )


def study_of(trials: list[FrozenTrial]) -> optuna.Study:
    study = optuna.create_study(sampler=SeededTPE())
    study.add_trials(trials)
    return study


def numbers(study: optuna.Study) -> list[int]:
    return [t.number for t in study._get_trials(deepcopy=False)]


def test_up_to_a_thousand_finished_trials_it_is_the_study_itself():
    study = study_of([trial(float(i)) for i in range(MOST)])
    experience = Experience()
    assert experience.of(study) is study
    study.ask(SPACE)  # one that is running does not count
    assert experience.of(study) is study
    study.add_trial(trial(0.0))
    assert experience.of(study) is not study


def test_beyond_that_it_is_the_best_and_a_sample_of_the_others_and_those_that_run():
    complete = [trial(float(1000 - i)) for i in range(BEST - 30)]
    pruned = [trial(None, rung=float(i)) for i in range(1500)]
    study = study_of([*pruned, *complete, trial(None, diverged=True)])
    running = study.ask(SPACE)
    experience = Experience()
    experience.reseed(1)
    seen = numbers(experience.of(study))
    assert seen == sorted(seen)
    assert len(seen) == MOST + 1
    assert running.number in seen
    assert set(range(1500, 1500 + BEST - 30)) <= set(seen)  # complete ones come first
    assert set(range(30)) <= set(seen)  # then the best of those that came as far
    others = {number for number in seen if 30 <= number < 1500}
    assert max(others) > 1400


def test_the_sample_is_a_function_of_history_and_seed_however_often_it_was_asked():
    trials = [trial(float(i % 97)) for i in range(1200)]
    grown, rebuilt = Experience(), Experience()
    study = study_of(trials[:1100])
    grown.of(study)
    study.add_trials(trials[1100:])
    for experience in (grown, rebuilt):
        experience.reseed(5)
    seen = numbers(grown.of(study))
    assert numbers(rebuilt.of(study)) == seen
    rebuilt.reseed(6)
    assert numbers(rebuilt.of(study)) != seen


def test_the_trials_that_tpe_models_good_configs_by_are_the_same_as_among_all():
    from optuna.samplers._tpe.sampler import _split_trials, default_gamma

    trials = [trial(float(i * 7919 % 1500)) for i in range(1500)]
    study = study_of(trials)
    view = Experience().of(study)

    def good(seen: optuna.Study) -> list[int]:
        known = seen._get_trials(deepcopy=False)
        return [t.number for t in _split_trials(study, known, default_gamma(len(known)))[0]]

    assert good(view) == good(study)
    assert len(good(view)) == 25


def test_tpe_shares_what_it_proposes_through_the_view_as_it_does_without():
    study = study_of([trial(float(i)) for i in range(MOST + 50)])
    study.sampler.reseed(3, 3)  # type: ignore[attr-defined]
    asked = study.ask(SPACE)
    assert "tpe:relative_params:0" in study.get_trials()[asked.number].system_attrs


def test_a_pruned_trial_counts_with_what_it_reached_and_a_diverged_one_with_the_worst():
    study = study_of(
        [trial(1.0), trial(None, rung=3.0), trial(None, rung=0.0, diverged=True), trial(None)]
    )
    seen = as_complete(study)
    assert [t.value for t in seen] == [1.0, 3.0, 3.0, 3.0]
    assert all(t.state == TrialState.COMPLETE for t in seen)
    assert [t.state for t in study.get_trials()].count(
        TrialState.PRUNED
    ) == 3  # themselves as they were


def test_with_two_objectives_pruned_trials_are_left_out_and_tpe_sees_all():
    study = optuna.create_study(directions=["minimize", "minimize"])
    for i in range(MOST + 5):
        values = [float(i), 0.0] if i % 2 else None
        state = TrialState.COMPLETE if values else TrialState.PRUNED
        study.add_trial(
            optuna.trial.create_trial(
                state=state, values=values, params={"lr": 0.5}, distributions=SPACE
            )
        )
    assert Experience().of(study) is study
    assert len(as_complete(study)) == (MOST + 5) // 2
