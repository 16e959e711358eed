"""Whether studies can be compared, said in sentences."""

import json
import re
import shlex

import pytest

from analysis.comparison.checks import checks
from analysis.comparison.comparable import choose_metric, study_names
from study.options import parse
from study.plan import make_plan
from study.record.results import read_results

from .synthetic import Recipe, make_study


def studies(tmp_path, **changes):
    """Two studies; `changes` go into the second one's manifest, dotted paths as in JSON."""
    recipe = Recipe(n_trials=40)
    folders = [make_study(tmp_path / name, recipe) for name in ("first", "second")]
    path = folders[1] / "study.json"
    about = json.loads(path.read_text())
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        place = about
        for parent in parents:
            place = place[parent]
        place[last] = value
    path.write_text(json.dumps(about))
    return [read_results(folder) for folder in folders]


def levels(two, metric="val_mse"):
    return {check.what: check.level for check in checks(two, metric)}


def test_two_studies_of_the_same_kind_are_comparable(tmp_path):
    found = checks(studies(tmp_path), "val_mse")
    assert {check.level for check in found} == {"same"}
    assert {"metric", "data", "split"} <= {check.what for check in found}


@pytest.mark.parametrize(
    ("change", "value", "what", "level", "said"),
    [
        ("space__fixed__noise", 0.2, "data", "differs", "first 0.15, second 0.2"),
        ("space__fixed__n_samples", 20_000, "data", "differs", "first 2000, second 20000"),
        ("space__fixed__data_seed", 7, "split", "differs", "first 42, second 7"),
        ("options__metric", "val_kl", "metric", "differs", "first val_mse, second val_kl"),
        ("space__fixed__eps_w", 1.0, "objective", "note", "first 0.1, second 1.0"),
        ("space__family", "vae", "label", "note", "first are told the moon"),
        ("options__max_epochs", 100, "budget", "note", "first 1000, second 100"),
        ("machine", {"cpus": 64}, "machine", "note", "seconds are not the same work"),
    ],
)
def test_what_differs_is_named_with_both_values(tmp_path, change, value, what, level, said):
    found = {check.what: check for check in checks(studies(tmp_path, **{change: value}), "val_mse")}
    assert found[what].level == level
    assert said in found[what].sentence
    for check in found.values():
        if check.level != "same":
            assert_says_what_to_type(check.sentence)


def assert_says_what_to_type(sentence):
    commands = re.findall(r"`python -m (study|analysis)\.(\w+) ([^`]+)`", sentence)
    assert commands, sentence
    for package, command, words in commands:
        if (package, command) == ("study", "run") and "--resume" not in words:
            make_plan(parse(shlex.split(words)))


def test_advice_quotes_folders_whose_names_hold_spaces(tmp_path):
    folder = tmp_path / "my results"
    found = checks(studies(folder, machine={"cpus": 64}), "val_mse")
    (sentence,) = [check.sentence for check in found if check.level == "note"]
    assert f"`python -m study.rerun '{folder / 'first'}' --top 5" in sentence


def test_data_that_differ_are_searched_again_as_the_first_had_them(tmp_path):
    found = checks(studies(tmp_path, space__fixed__noise=0.2), "val_mse")
    assert "--set noise=0.15` searches on the same data" in found[0].sentence


def test_other_noise_makes_other_validation_points(tmp_path):
    assert levels(studies(tmp_path, space__fixed__noise=0.3))["split"] == "differs"


def test_a_loss_cannot_be_compared_across_beta_though_an_error_can(tmp_path):
    two = studies(tmp_path, space__fixed__beta=0.1)
    assert levels(two, "val_loss")["objective"] == "differs"
    assert "objective" not in levels(two, "val_mse")


def test_searches_of_other_lengths_are_noted(tmp_path):
    folders = [
        make_study(tmp_path / "short", Recipe(n_trials=20)),
        make_study(tmp_path / "long", Recipe(n_trials=50)),
    ]
    found = {c.what: c for c in checks([read_results(f) for f in folders], "val_mse")}
    assert "short 20, long 50" in found["trials"].sentence


def test_graver_things_are_said_first(tmp_path):
    found = checks(studies(tmp_path, space__fixed__noise=0.2, options__max_epochs=10), "val_mse")
    order = [check.level for check in found]
    assert order == sorted(order, key=["differs", "note", "same"].index)


def test_searching_the_data_is_not_called_the_same_data(tmp_path):
    noise = {"kind": "float", "low": 0.0, "high": 0.3, "log": False}
    recipe = Recipe(n_trials=20, searched={**Recipe().searched, "noise": noise})
    two = [read_results(make_study(tmp_path / name, recipe)) for name in "ab"]
    found = {check.what: check for check in checks(two, "val_mse")}
    assert found["data"].level == "note"
    assert "easiest data" in found["data"].sentence


def test_studies_are_compared_by_what_they_minimise(tmp_path):
    assert choose_metric(studies(tmp_path)) == "val_mse"


def test_a_metric_that_only_one_study_has_gives_way_to_one_that_all_have(tmp_path):
    two = studies(tmp_path)
    two[0].trials["val_own"] = 1.0
    changed = json.loads((two[0].folder.manifest).read_text())
    changed["options"]["metric"] = "val_own"
    two[0].folder.manifest.write_text(json.dumps(changed))
    two[0].trials.to_parquet(two[0].folder.trials)
    two = [read_results(study.folder.path) for study in two]
    assert choose_metric(two) == "val_mse"


@pytest.mark.parametrize("asked", ["test_excess_nll", "val_kl", "val_nothing"])
def test_a_metric_that_trials_must_not_be_chosen_by_is_refused(tmp_path, asked):
    with pytest.raises(ValueError, match=f"--metric must be .*{asked}"):
        choose_metric(studies(tmp_path), asked)


def test_a_validation_figure_can_be_asked_for(tmp_path):
    assert choose_metric(studies(tmp_path), "val_excess_nll") == "val_excess_nll"


def test_names_are_as_short_as_they_can_be(tmp_path):
    assert study_names([tmp_path / "a", tmp_path / "b"]) == ("a", "b")
    assert study_names([tmp_path / "x" / "a", tmp_path / "y" / "a"]) == ("x/a", "y/a")


def test_the_same_study_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="each study once"):
        study_names([tmp_path / "a", tmp_path / "b" / ".." / "a"])
