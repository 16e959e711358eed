"""The learning rate's fall, against torch's own scheduler."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from moons.schedule import FACTOR, PlateauSchedule

losses = st.floats(0.0, 4.0).map(lambda loss: round(loss, 1))


@given(st.lists(losses, max_size=40), st.integers(0, 4), st.floats(1e-8, 1.0))
def test_rates_fall_when_torch_s_do(losses, patience, lr):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    theirs = ReduceLROnPlateau(optimizer, factor=FACTOR, patience=patience)
    ours = PlateauSchedule(lr, patience)
    for loss in losses:
        ours.step(loss)
        theirs.step(loss)
        assert ours.lr == optimizer.param_groups[0]["lr"]
