"""Each column is stated once, and all that knows of columns takes it from there."""

from dataclasses import fields

import pytest

from moons.config import Config
from study.record.columns import (
    ABLATION,
    ABOUT_SETTINGS,
    BASELINES,
    COMPARISON,
    EPOCHS,
    RERUNS,
    TRIALS,
    column_of,
    evaluation,
    settings,
)
from study.record.document import README, documented

TABLES = {
    "trials": (*TRIALS, *settings(), *evaluation()),
    "epochs": EPOCHS,
    "reruns": (*RERUNS, *settings(), *evaluation()),
    "baselines": (*BASELINES, *evaluation()),
    "comparison": COMPARISON,
    "ablation": ABLATION,
}


@pytest.mark.parametrize("table", TABLES)
def test_no_two_columns_of_a_table_have_the_same_name(table):
    names = [column.name for column in TABLES[table]]
    assert len(names) == len(set(names))


def test_the_documentation_has_the_columns_as_they_are():
    text = README.read_text()
    assert documented(text) == text, "run python -m study.record.document"
    for columns in TABLES.values():
        shown = [c for c in columns if not c.name.endswith(("_se", "_error", "_floor"))]
        assert [c.name for c in shown if f"`{c.name}`" not in text] == []


def test_every_setting_is_described():
    assert {field.name for field in fields(Config)} == set(ABOUT_SETTINGS)


def test_a_column_that_nobody_stated_is_called_by_its_name():
    assert column_of("val_something_new").full_label == "validation something new"
    assert column_of("surprise_me").full_label == "surprise me"


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("val_mse", "less"),
        ("test_excess_nll", "less"),
        ("val_elbo", "more"),
        ("fresh_coverage", "more"),
        ("latent_dim", None),
    ],
)
def test_a_column_knows_which_way_is_better(name, better):
    assert column_of(name).better == better
