import pytest

from analysis.words import count, duration, listed, number, percent
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
