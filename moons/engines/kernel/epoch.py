"""An epoch of a ReLU VAE as one compiled function: forward, loss, gradient, clipping and Adam.

Computes what `moons.models`, `moons.objective` and the reference engine do, panel by panel: the
points of a batch pass through the network `PANEL` at a time, and their gradients add up.
"""

import math
from typing import Any

import numpy as np
from numba import types

from moons.engines.kernel.exponential import exp
from moons.engines.kernel.lanes import (
    LANES,
    flush,
    inlined,
    load,
    root,
    spread,
    store,
    total,
)
from moons.engines.kernel.layers import backward, forward, gradient, layer_at
from moons.engines.kernel.layout import PANEL, Plan

FIRST_DECAY, SECOND_DECAY, ADAM_EPS = 0.9, 0.999, 1e-8  # torch's defaults

F, U = np.float32, np.uint64
ZERO, HALF, ONE = F(0), F(0.5), F(1)
MOVE, KEPT_SQUARE, NEW_SQUARE = F(1 - FIRST_DECAY), F(SECOND_DECAY), F(1 - SECOND_DECAY)
EPS = F(ADAM_EPS)
PLANE = 2  # columns of most data


@inlined
def fill(
    data: Any, plan: Plan, points: Any, order: Any, noise: Any, start: int, count: int
) -> None:
    """Gathers a panel's points; where there are too few, the last one fills it up."""
    label = plan.z + plan.latent * PANEL
    width = plan.columns + plan.label
    for column in range(PANEL):  # unsigned, or each access asks whether its index is negative
        point = U(width * order[U(start + min(column, count - 1))])
        for row in range(width):
            number = points[point + U(row)]
            data[U(plan.x + row * PANEL + column)] = number
            if row >= plan.columns:
                data[U(label + (row - plan.columns) * PANEL + column)] = number
    if count < PANEL or data[plan.live + PANEL - 1] == ZERO:
        for column in range(PANEL):
            data[plan.live + column] = ONE if column < count else ZERO
    for row in range(plan.samples * plan.latent):
        draws, here = row * len(order) + start, plan.noise + row * PANEL
        if count == PANEL:
            for column in range(0, PANEL, LANES):
                store(data, here + column, load(noise, draws + column))
        else:
            for column in range(PANEL):
                data[here + column] = noise[row, start + min(column, count - 1)]


@inlined
def _sample(data: Any, plan: Plan, eps_w: float) -> Any:
    """Draws the latents of a panel; returns the sum of its KL."""
    kl = spread(ZERO)
    for place in range(0, plan.latent * PANEL, LANES):
        live = load(data, plan.live + place % PANEL)
        mean = load(data, plan.posterior + place)
        log_var = load(data, plan.posterior + plan.latent * PANEL + place)
        sigma = exp(HALF * log_var)
        store(data, plan.sigma + place, sigma)
        store(data, plan.z + place, mean + eps_w * sigma * load(data, plan.noise + place))
        kl = kl + live * (mean * mean + sigma * sigma - ONE - log_var)
    return HALF * total(kl)


@inlined
def _compare(data: Any, plan: Plan, columns: int, scale: float) -> Any:
    """The squared error of a panel, summed; leaves the derivative by the reconstruction."""
    squared_error = spread(ZERO)
    for place in range(0, columns * PANEL, LANES):
        live = load(data, plan.live + place % PANEL)
        error = live * (load(data, plan.x_hat + place) - load(data, plan.x + place))
        squared_error = squared_error + error * error
        store(data, plan.x_hat + plan.delta + place, F(2) * scale * error)
    return total(squared_error)


@inlined
def _by_posterior(data: Any, plan: Plan, eps_w: float, weight: float) -> None:
    """The derivatives by mean and log variance from those by z and, times `weight`, of the KL."""
    for place in range(0, plan.latent * PANEL, LANES):
        live = weight * load(data, plan.live + place % PANEL)
        mean = load(data, plan.posterior + place)
        sigma = load(data, plan.sigma + place)
        by_z = load(data, plan.z + plan.delta + place)
        by_sigma = eps_w * by_z * load(data, plan.noise + place)
        by_log_var = HALF * (by_sigma * sigma + live * (sigma * sigma - ONE))
        store(data, plan.posterior + plan.delta + place, by_z + live * mean)
        store(data, plan.posterior + plan.delta + plan.latent * PANEL + place, by_log_var)


@inlined
def _loss(data: Any, plan: Plan, layers: Any, eps_w: float, scale: float) -> Any:
    """Squared error and KL of a panel, summed; leaves the derivative by the reconstruction."""
    kl = ZERO
    for number in range(len(layers)):
        if number == plan.encoder_layers:
            kl = _sample(data, plan, eps_w)
        last = number == plan.encoder_layers - 1 or number == len(layers) - 1
        forward(data, layer_at(layers, number), not last, 0)
    if plan.columns == PLANE:  # a loop of known length is unrolled
        return _compare(data, plan, PLANE, scale), kl
    return _compare(data, plan, plan.columns, scale), kl


@inlined
def _gradient(
    data: Any, plan: Plan, layers: Any, beta: float, eps_w: float, scale: float, fresh: bool
) -> None:
    """Adds a panel's part to the gradient, or is the first part; to be called after `_loss`."""
    for number in range(len(layers) - 1, -1, -1):
        layer = layer_at(layers, number)
        gradient(data, plan, layer, fresh, 0)
        if number == plan.encoder_layers:
            backward(data, plan, layer, plan.latent, False, 0)
            _by_posterior(data, plan, eps_w, beta * scale)
        elif number > 0:
            backward(data, plan, layer, layer.n_in, True, 0)


@inlined
def adam_step(data: Any, plan: Plan, lr: float, clip_norm: float, step: int) -> None:
    """Clips the gradient's norm and takes the `step`-th step of Adam.

    The moments of a dead unit fade until a processor takes a hundred times as long for them; by
    then they are far too small to move a weight, and are set to zero.
    """
    one, two = spread(ZERO), spread(ZERO)  # two sums, since each waits for its last addition
    for place in range(plan.gradient, plan.gradient + plan.parameters, 2 * LANES):
        left, right = load(data, place), load(data, place + LANES)
        one = one + left * left
        two = two + right * right
    clipped = F(clip_norm) / (F(math.sqrt(total(one + two))) + F(1e-6))
    if clipped > ONE:  # not `min`, which would hide NaN
        clipped = ONE
    size = F(lr / (1 - FIRST_DECAY**step))
    correction = F(1 / math.sqrt(1 - SECOND_DECAY**step))
    for place in range(0, plan.parameters, LANES):
        gradient = clipped * load(data, plan.gradient + place)
        mean = load(data, plan.first_moment + place)
        mean = flush(mean + MOVE * (gradient - mean))
        square = load(data, plan.second_moment + place)
        square = flush(KEPT_SQUARE * square + NEW_SQUARE * gradient * gradient)
        change = size * mean / (correction * root(square) + EPS)
        store(data, place, load(data, place) - change)
        store(data, plan.first_moment + place, mean)
        store(data, plan.second_moment + place, square)


def train_epoch(
    data: Any, plan: Plan, layers: Any, points: Any, order: Any, noise: Any, sums: Any,
    lr: float, clip_norm: float, step: int, beta: float, eps_w: float, batch_size: int,
) -> None:  # fmt: skip
    """One pass over the points in batches.

    Args:
        data: the buffer, float32.
        plan: from the buffer's layout.
        layers: likewise, int64, shape (layers, 6).
        points: coordinates of each and, where it is seen, its label; float32, flat.
        order: of the points, int64, shape (n,).
        noise: for the points in that order, float32, shape (latent, n).
        sums: set to squared error and KL summed over the points, float64, shape (2,).
        lr: Adam's learning rate.
        clip_norm: the gradient's largest norm.
        step: Adam's steps before this epoch.
        beta: weight of the KL.
        eps_w: factor on the posterior's standard deviation.
        batch_size: points a step; the last batch of an epoch may be smaller.
    """
    sums[:] = 0.0
    for start in range(0, len(order), batch_size):
        stop = min(start + batch_size, len(order))
        scale = F(1 / (plan.columns * (stop - start)))
        for first in range(start, stop, PANEL):
            fill(data, plan, points, order, noise, first, min(PANEL, stop - first))
            squared_error, kl = _loss(data, plan, layers, F(eps_w), scale)
            sums[0] += squared_error
            sums[1] += kl
            _gradient(data, plan, layers, F(beta), F(eps_w), scale, first == start)
        step += 1
        adam_step(data, plan, lr, clip_norm, step)


def validate(
    data: Any, plan: Plan, layers: Any, points: Any, order: Any, noise: Any, sums: Any, eps_w: float
) -> None:
    """The sums of `train_epoch` without training; arguments as there."""
    sums[:] = 0.0
    for first in range(0, len(order), PANEL):
        fill(data, plan, points, order, noise, first, min(PANEL, len(order) - first))
        squared_error, kl = _loss(data, plan, layers, F(eps_w), ONE)
        sums[0] += squared_error
        sums[1] += kl


_FLOATS, _MATRIX = types.Array(types.float32, 1, "C"), types.Array(types.float32, 2, "C")
_WHOLE, _LAYERS = types.Array(types.int64, 1, "C"), types.Array(types.int64, 2, "C")
_PLAN = types.NamedUniTuple(types.int64, len(Plan._fields), Plan)
_SUMS = types.Array(types.float64, 1, "C")
_INPUTS = (_FLOATS, _PLAN, _LAYERS, _FLOATS, _WHOLE, _MATRIX, _SUMS)
_F, _I = types.float64, types.int64
TRAIN_EPOCH = types.void(*_INPUTS, _F, _F, _I, _F, _F, _I)
VALIDATE = types.void(*_INPUTS, _F)
