import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    [
        *[(0.0005447, "0.000545"), (0.012345, "0.0123"), (3.0, "3"), (1234.5, "1,234")],
        *[(123456.7, "123,457"), (1.2e-7, "1.2e-07"), (float("nan"), "unknown")],
    ],
)
def test_numbers_have_three_digits_and_whole_ones_all(value: float, text: str) -> None:
    assert number(value) == text


def significant(text: str) -> int:
    digits = text.replace(",", "").lstrip("-").partition("e")[0].replace(".", "")
    return len(digits.lstrip("0"))


def read(text: str) -> float:
    return float(text.replace(",", ""))


NUMBERS = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-9)


@given(NUMBERS)
def test_a_number_says_no_more_than_three_digits_and_no_less(value: float) -> None:
    text = number(value)
    assert read(text) == pytest.approx(value, rel=0.005)
    if abs(value) < 999.5 and value != round(value):
        assert significant(text) <= 3


@given(NUMBERS, st.floats(1e-6, 1e6))
def test_a_value_and_its_error_end_at_the_errors_second_digit(value: float, error: float) -> None:
    shown = with_error(value, error)
    if " ± " not in shown:
        assert shown == number(value)
        assert error < 0.005 * abs(value)
        return
    first, second = shown.split(" ± ")
    assert len(first.partition(".")[2]) == len(second.partition(".")[2])
    assert read(second) == pytest.approx(error, rel=0.05)
    assert abs(read(first) - value) <= 0.051 * error
    if error < 9.4:  # above it, digits before the point are written out
        assert significant(second) <= 2


def test_an_error_that_three_digits_do_not_show_is_left_out() -> None:
    assert with_error(0.0133874, 0.000012) == "0.0134"


def test_shares_near_the_ends_keep_a_digit() -> None:
    shares = (0.0, 0.004, 0.5, 0.996, 1.0)
    assert [percent(s) for s in shares] == ["0 %", "0.4 %", "50 %", "99.6 %", "100 %"]


def test_durations_have_the_unit_that_reads_best() -> None:
    assert [duration(s) for s in (0.5, 45, 600, 36_000)] == ["0.5 s", "45 s", "10 min", "10.0 h"]
    assert duration(31.4 + 4.1 - 31.4 - 4.1 + 2.7e-15) == "0 s"


def test_columns_are_named_with_their_unit() -> None:
    assert label("test_excess_nll") == "test excess NLL (nats a point)"
    assert short_label("lr") == label("lr") == "learning rate"
    assert unit("val_kl") == "nats a point"
    assert label("val_something_new") == "validation something new"
