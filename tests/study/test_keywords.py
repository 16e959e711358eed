"""Keyword arguments say what the command line says."""

import inspect
from pathlib import Path

import pytest

from search_spaces.settings import read_settings, setting_text
from search_spaces.space import Choice, Float, Int
from study.errors import StudyError
from study.keywords import UnknownOption, options_of, words_of
from study.options import Options, parse
from study.reruns.options import RerunOptions


def read(**keywords):
    return parse(words_of(Options, "study.run", keywords))


def test_every_option_of_the_commands_is_a_keyword_argument_with_its_default():
    import study

    for function, kind in ((study.run, Options), (study.rerun, RerunOptions)):
        parameters = dict(inspect.signature(function).parameters)
        assert parameters.pop("progress").default is False
        assert next(iter(parameters)) == options_of(kind)[0].name
        assert parameters.keys() == {option.name for option in options_of(kind)}
        assert all(p.annotation is not inspect.Parameter.empty for p in parameters.values())
    assert inspect.signature(study.run).parameters["reduction"].default == 4


def test_keywords_are_read_as_the_command_line_is():
    given = read(space="cvae", trials=20, smoke=True, live=False, time_budget=2.5, name=None)
    assert given == parse(["--space", "cvae", "--trials", "20", "--smoke", "--time-budget", "2.5"])
    assert given.given == {"space", "trials", "smoke", "time_budget"}
    assert read(space="cvae", results=Path("some where")).results == Path("some where")
    assert read(space="-odd-").space == "-odd-"


def test_several_values_are_several_words_or_one_list():
    assert read(metric=["val_mse", "val_loss"]).metric == "val_mse,val_loss"
    assert read(set=["beta=0.045", "lr=1e-3"]).set == ("beta=0.045", "lr=1e-3")
    words = words_of(RerunOptions, "study.rerun", {"study": "here", "trial": [1, 2]})
    assert words == ["here", "--trial=1", "--trial=2"]
    assert words_of(RerunOptions, "study.rerun", {"study": "-a", "trial": 3}) == [
        "./-a",
        "--trial=3",
    ]


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("beta", 0.045, 0.045),
        ("latent_dim", [1, 2, 4], Choice(1, 2, 4)),
        ("latent_dim", Int(2, 8, step=2), Int(2, 8, step=2)),
        ("lr", Float(1e-4, 1e-1, log=True), Float(1e-4, 1e-1, log=True)),
        ("lr", "log:1e-4..1e-1", Float(1e-4, 1e-1, log=True)),
        ("encoder_hidden", [32, 16], (32, 16)),
        ("encoder_hidden", Choice(32, 64), Choice(32, 64)),
        ("activation", "silu", "silu"),
    ],
)
def test_settings_in_python_are_those_of_the_command_line(key, value, meant):
    (setting,) = read_settings(read(set={key: value}).set)
    assert (setting.key, setting.value) == (key, meant)
    assert setting_text(key, value).startswith(f"{key}=")


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"trails": 3}, "study.run has no option 'trails'; its options: space, name, trials"),
        ({"help": True}, "study.run has no option 'help'"),
        ({"given": ()}, "study.run has no option 'given'"),
        ({"smoke": 1}, "--smoke must be True or False, got 1"),
        ({"trials": True}, "--trials: must be a whole number, got 'True'"),
        ({"trials": 2.5}, "--trials: must be a whole number, got '2.5'"),
        ({"trials": 0}, "--trials must be a whole number in [1, 1000000], got 0"),
        ({"engine": "gpu"}, "invalid choice 'gpu' for argument '--engine'"),
    ],
)
def test_what_will_not_do_is_refused_with_the_command_s_sentence(keywords, sentence):
    with pytest.raises(StudyError) as refused:
        read(**keywords)
    assert sentence in str(refused.value)
    assert refused.value.code == 2


def test_an_unknown_option_is_a_type_error_as_of_every_function():
    assert issubclass(UnknownOption, TypeError)
