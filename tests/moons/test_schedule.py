"""The fall of the learning rate, against sequences worked out by hand."""

import pytest

from moons.schedule import PlateauSchedule


def rates(losses, patience, lr=1.0):
    """The rate that each epoch was trained with, and the one that the next would have."""
    schedule = PlateauSchedule(lr, patience)
    seen = [schedule.lr]
    for loss in losses:
        schedule.step(loss)
        seen.append(schedule.lr)
    return seen


def falls(losses, patience):
    """The epochs, from 1, that are the first to be trained at a lower rate."""
    seen = rates(losses, patience)
    return [epoch + 1 for epoch in range(1, len(seen)) if seen[epoch] < seen[epoch - 1]]


def test_the_rate_stays_while_the_loss_gets_better():
    assert rates([1.0, 0.9, 0.8, 0.7, 0.6], patience=0) == [1.0] * 6


@pytest.mark.parametrize(
    ("losses", "patience", "expected"),
    [
        # epoch 1 is the best; 2 and 3 are the patience; 4 exhausts it, so 5 is trained lower
        ([1.0, 1.0, 1.0, 1.0, 1.0], 2, [5]),
        # a better epoch 4 starts the count again: 5 and 6 are the patience, 7 exhausts it
        ([1.0, 1.0, 1.0, 0.9, 0.9, 0.9, 0.9], 2, [8]),
        # after a fall the count begins at zero, the best stays
        ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 2, [5, 8]),
        # without patience the first worse epoch is enough
        ([1.0, 2.0, 0.5, 0.6], 0, [3, 5]),
        # a worse epoch between better ones costs nothing
        ([1.0, 2.0, 0.9, 2.0, 0.8, 2.0, 0.7], 1, []),
        # a gain of a hundredth of a percent or less is none
        ([1.0, 0.99995, 0.9999, 0.99985], 2, []),
        ([1.0, 0.99995, 0.9999, 0.9999], 2, [5]),
    ],
)
def test_the_rate_falls_when_patience_is_exhausted(losses, patience, expected):
    assert falls(losses, patience) == expected


def test_each_fall_is_to_a_tenth():
    seen = rates([1.0] * 7, patience=1, lr=0.03)
    assert seen == pytest.approx([0.03, 0.03, 0.03, 0.003, 0.003, 0.0003, 0.0003, 0.00003])
