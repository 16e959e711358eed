import pytest

from analysis.words import (
    alike,
    count,
    duration,
    listed,
    number,
    percent,
    with_error,
    with_interval,
)
from study.record.labels import label, short_label, unit


def test_lists_read_as_sentences() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_counts_have_their_plural() -> None:
    assert (count(1, "trial"), count(2000, "trial")) == ("1 trial", "2,000 trials")
    assert count(2, "repetition of a search") == "2 repetitions of a search"


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (1.405, 0.007651, "1.4050 ± 0.0077"),
        (0.0153, 0.0016, "0.0153 ± 0.0016"),
        (0.01339, 0.000996, "0.0134 ± 0.0010"),  # the error rounds up to another digit
        (1234.5, 123.4, "1,230 ± 120"),
        (0.5, None, "0.5"),
        (0.5, 0.0, "0.5 ± 0"),
    ],
)
def test_a_value_is_rounded_by_its_error(value: float, error: float | None, text: str) -> None:
    assert with_error(value, error) == text


def test_a_value_and_its_interval_end_at_the_same_decimal() -> None:
    assert with_interval(0.013412, 0.012104, 0.014809) == "0.0134 [0.0121, 0.0148]"
    assert with_interval(0.0134, float("nan"), float("nan")) == "0.0134"
    assert alike(0.5, -1.26, float("-inf")) == ["-1.26", "no bound"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.01235"), (3.0, "3"), (123456.7, "1.235e+05"), (float("nan"), "unknown")],
)
def test_numbers_have_four_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_shares_near_the_ends_keep_a_digit() -> None:
    shares = (0.0, 0.004, 0.5, 0.996, 1.0)
    assert [percent(s) for s in shares] == ["0 %", "0.4 %", "50 %", "99.6 %", "100 %"]


def test_durations_have_the_unit_that_reads_best() -> None:
    assert [duration(s) for s in (0.5, 45, 600, 36_000)] == ["0.5 s", "45 s", "10 min", "10.0 h"]


def test_columns_are_named_with_their_unit() -> None:
    assert label("test_excess_nll") == "test excess NLL (nats a point)"
    assert short_label("lr") == label("lr") == "learning rate"
    assert unit("val_kl") == "nats a point"
    assert label("val_something_new") == "validation something new"
