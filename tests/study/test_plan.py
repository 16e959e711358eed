import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.cpus import usable_cpus
from study.errors import StudyError
from study.options import NAME, parse
from study.plan import Plan, make_plan, make_rungs


def plan(*words: str) -> Plan:
    return make_plan(parse(words))


def test_the_main_job_is_the_plan_s_own():
    main = plan("--space", "cvae")
    assert (main.trials, main.max_epochs, main.seed) == (100, 1000, 42)
    assert (main.scheduler, main.rungs) == ("asha", (10, 40, 160, 640))
    assert (main.space.sampler, main.space.metric) == ("tpe", "val_mse")
    assert main.workers == usable_cpus()
    assert (main.engine, main.address, main.time_budget_s) == ("auto", None, None)
    assert not main.resumed


def test_a_study_without_a_name_takes_the_space_s_and_the_time():
    main, smoke = plan("--space", "cvae-proba"), plan("--space", "cvae-proba", "--smoke")
    assert re.fullmatch(r"cvae-proba-\d{8}-\d{6}", main.name)
    assert re.fullmatch(r"cvae-proba-smoke-\d{8}-\d{6}", smoke.name)
    assert NAME.fullmatch(smoke.name)


def test_studies_that_begin_in_the_same_second_have_different_names(monkeypatch, tmp_path):
    monkeypatch.setattr("study.plan._name", lambda *_: "cvae-20261125-120000")
    names = []
    for _ in range(3):
        made = plan("--space", "cvae", "--results", str(tmp_path))
        names.append(made.name)
        made.folder.mkdir()
    assert names == [f"cvae-20261125-120000{end}" for end in ("", "-2", "-3")]


def test_what_is_set_is_in_the_name_the_space_and_the_manifest():
    made = plan("--space", "cvae", "--set", "beta=0.045", "--set", "lr=log:1e-3..1e-2")
    assert re.fullmatch(r"cvae-beta0.045-lrlog-1e-3..1e-2-\d{8}-\d{6}", made.name)
    assert made.space.fixed == {"beta": 0.045}
    assert made.manifest().options["set"] == ["beta=0.045", "lr=log:1e-3..1e-2"]
    assert made.manifest().space["fixed"] == {"beta": 0.045}
    assert made.manifest().space_hash != plan("--space", "cvae").manifest().space_hash


def test_a_name_made_of_many_settings_is_still_a_name():
    words = [f"encoder_hidden=[{','.join(['128'] * 20)}]", "noise=0.123456789", "eps_w=0.987654321"]
    made = plan("--space", "vae", *(w for s in words for w in ("--set", s)))
    assert NAME.fullmatch(made.name)


def test_the_folder_is_the_name_under_results(tmp_path):
    named = plan("--space", "vae", "--name", "mine", "--results", str(tmp_path / "r"))
    assert named.folder == tmp_path / "r" / "mine"
    assert not (tmp_path / "r").exists()  # a plan writes nothing


@given(st.integers(1, 500), st.integers(2, 10), st.integers(1, 5000))
def test_rungs_begin_at_the_grace_and_grow_by_the_reduction_below_the_largest_budget(
    grace, reduction, max_epochs
):
    rungs = make_rungs(grace, reduction, max_epochs)
    assert list(rungs) == [grace * reduction**k for k in range(len(rungs))]
    assert all(rung < max_epochs for rung in rungs)
    assert grace * reduction ** len(rungs) >= max_epochs  # none is missing at the end


def test_where_the_metric_does_not_compare_trials_none_is_stopped_early():
    for space in ("data", "vae-proba", "cvae-proba"):
        assert (plan("--space", space).scheduler, plan("--space", space).rungs) == ("none", ())
    assert plan("--space", "vae-proba", "--scheduler", "asha").rungs == (10, 40, 160, 640)


def test_without_a_scheduler_there_are_no_rungs():
    assert plan("--space", "vae", "--scheduler", "none").rungs == ()


def test_the_first_rung_is_the_space_s_unless_it_is_said():
    assert plan("--space", "vae").rungs == (10, 40, 160, 640)
    assert plan("--space", "vae-generative").rungs == (80,)
    assert plan("--space", "vae-generative", "--grace", "10").rungs == (10, 40)


def test_smoke_is_4_trials_of_20_epochs_with_a_rung_between():
    smoke = plan("--space", "vae", "--smoke")
    assert (smoke.trials, smoke.max_epochs, smoke.rungs) == (4, 20, (10,))


def test_what_is_said_beside_smoke_counts():
    smoke = plan("--space", "vae", "--smoke", "--trials", "2", "--max-epochs", "5")
    assert (smoke.trials, smoke.max_epochs) == (2, 5)


def test_a_grid_has_a_trial_for_each_point():
    assert plan("--space", "data").trials == 21
    assert plan("--space", "data", "--smoke").trials == 21
    assert plan("--space", "data", "--trials", "21").trials == 21


def test_the_number_of_trials_is_the_option_s_then_the_space_s(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from search_spaces.space import Int, SearchSpace\n"
        'SPACE = SearchSpace(name="mine", about="", family="vae", '
        'searched={"latent_dim": Int(1, 4)}, trials=7)\n'
    )
    assert plan("--space", str(path)).trials == 7
    assert plan("--space", str(path), "--trials", "9").trials == 9


def test_options_override_the_space_s_sampler_and_metric():
    changed = plan("--space", "vae", "--sampler", "random", "--metric", "val_loss,val_mse")
    assert changed.space.sampler == "random"
    assert changed.space.metrics == ("val_loss", "val_mse")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "--space is missing"),
        (["--space", "vae", "--sampler", "grid"], "lr must be a Choice, as the sampler is a grid"),
        (["--space", "vae", "--metric", "mse"], "metric must be one of val_mse"),
        (["--space", "data", "--trials", "5"], "--trials must be left out"),
    ],
)
def test_what_does_not_fit_together_is_refused(words, sentence):
    with pytest.raises(StudyError, match=sentence) as refused:
        plan(*words)
    assert refused.value.code == 2


def test_on_a_cluster_that_is_there_every_cpu_is_used_unless_said():
    there = ("--space", "vae", "--address", "head:6379")
    assert plan(*there).workers is None
    assert plan(*there, "--workers", "3").workers == 3


def test_a_trial_s_config_is_the_point_with_the_study_s_seed_and_budget():
    made = plan("--space", "cvae", "--seed", "7", "--max-epochs", "50").config({"lr": 0.01})
    assert (made.family, made.lr, made.data_seed, made.max_epochs) == ("cvae", 0.01, 7, 50)


def test_searches_of_other_seeds_may_share_their_data():
    made = plan("--space", "cvae", "--seed", "7", "--data-seed", "0")
    assert (made.seed, made.config({"lr": 0.01}).data_seed) == (7, 0)
    assert made.options()["data_seed"] == 0


def test_the_options_as_resolved_are_json_and_name_the_sampler_and_the_metric():
    resolved = plan("--space", "vae", "--warm-start", "results/other", "--workers", "2").options()
    assert json.loads(json.dumps(resolved)) == resolved
    assert resolved["sampler"] == "tpe"
    assert resolved["metric"] == "val_mse"
    assert resolved["warm_start"] == "results/other"
    assert (resolved["trials"], resolved["workers"], resolved["seed"]) == (100, 2, 42)


def test_a_plan_cannot_be_changed_only_replaced():
    main = plan("--space", "vae")
    with pytest.raises(AttributeError):
        main.trials = 5  # type: ignore[misc]
    assert replace(main, trials=5).trials == 5
