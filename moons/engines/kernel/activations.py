"""What follows a hidden layer, on its panel: ReLU, tanh or SiLU, and its derivative."""

from typing import Any

import numpy as np

from moons.config import Activation
from moons.engines.kernel.exponential import exp
from moons.engines.kernel.lanes import LANES, called, load, store
from moons.engines.kernel.layers import backward, forward, gradient
from moons.engines.kernel.layout import PANEL, Layer, Plan

LINEAR, RELU, TANH, SILU = -1, 0, 1, 2
CODES: dict[Activation, int] = {"relu": RELU, "tanh": TANH, "silu": SILU}
F = np.float32
ONE, TWO = F(1), F(2)


@called
def activate(data: Any, plan: Plan, layer: Layer, activation: int, shift: int) -> None:
    """A layer's output panel from its input panel, both `shift` further on."""
    forward(data, layer, activation == RELU, shift)
    first = layer.above + shift
    if activation == TANH:
        for place in range(first, first + layer.n_out * PANEL, LANES):
            store(data, place, ONE - TWO / (exp(TWO * load(data, place)) + ONE))
    elif activation == SILU:
        for place in range(first, first + layer.n_out * PANEL, LANES):
            value = load(data, place)
            share = ONE / (exp(F(0) - value) + ONE)
            out = value * share
            store(data, place, out)
            store(data, place + plan.slope, share + out * (ONE - share))


@called
def learn(data: Any, plan: Plan, layer: Layer, fresh: bool, shift: int) -> None:
    """`gradient` as a function of its own."""
    gradient(data, plan, layer, fresh, shift)


@called
def deactivate(data: Any, plan: Plan, layer: Layer, rows: int, activation: int, shift: int) -> None:
    """The derivative by what the activation below a layer made its first `rows` inputs of.

    Activations are `shift` further on, derivatives are not.
    """
    backward(data, plan, layer, rows, activation == RELU, shift)
    first = layer.below
    if activation == TANH:
        for place in range(first, first + rows * PANEL, LANES):
            out = load(data, place + shift)
            store(data, place + plan.delta, load(data, place + plan.delta) * (ONE - out * out))
    elif activation == SILU:
        for place in range(first, first + rows * PANEL, LANES):
            slope = load(data, place + shift + plan.slope)
            store(data, place + plan.delta, load(data, place + plan.delta) * slope)
