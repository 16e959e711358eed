"""A bound's loss and gradient on a panel of points, with several latents each.

A point's samples go through the decoder one after the other, each keeps its activations, and when
all their weights are known the gradients go back through them. With v_k the weight of a sample in
the bound (its share of sum w_k, or 1 / K in the ELBO), the loss's derivatives are
2 v_k (x_hat_k - x) by a reconstruction and, where the KL has no closed form, beta v_k times those
of log q(z_k|x) - log p(z_k).
"""

from typing import Any

import numpy as np

from moons.engines.kernel.activations import LINEAR, activate, deactivate, learn
from moons.engines.kernel.epoch import PLANE
from moons.engines.kernel.exponential import exp, log
from moons.engines.kernel.lanes import (
    LANES,
    called,
    flush,
    inlined,
    larger,
    load,
    spread,
    store,
    total,
)
from moons.engines.kernel.layers import layer_at
from moons.engines.kernel.layout import PANEL, Plan
from moons.engines.kernel.mixture import gradient_of_density, log_density

F = np.float32
ZERO, HALF, ONE = F(0), F(0.5), F(1)


@called
def _pass(
    data: Any, plan: Plan, layers: Any, first: int, end: int, activation: int, shift: int
) -> None:
    """A panel through some layers; the last of them has no activation."""
    for number in range(first, end):
        kind = activation if number < end - 1 else LINEAR
        activate(data, plan, layer_at(layers, number), kind, shift)


@inlined
def _encode(data: Any, plan: Plan, layers: Any, activation: int) -> Any:
    """Mean, log variance and standard deviation of a panel; labels go to every sample.

    Returns:
        The sum of its KL to N(0, I).
    """
    _pass(data, plan, layers, 0, plan.encoder_layers, activation, 0)
    kl = spread(ZERO)
    for place in range(0, plan.latent * PANEL, LANES):
        live = load(data, plan.live + place % PANEL)
        mean = load(data, plan.posterior + place)
        log_var = load(data, plan.posterior + plan.latent * PANEL + place)
        sigma = exp(HALF * log_var)
        store(data, plan.sigma + place, sigma)
        kl = kl + live * (mean * mean + sigma * sigma - ONE - log_var)
    if plan.label:
        label = plan.z + plan.latent * PANEL
        for place in range(0, plan.label * PANEL, LANES):
            for sample in range(1, plan.samples):
                store(data, label + sample * plan.copy + place, load(data, label + place))
    return HALF * total(kl)


@inlined
def _decode(
    data: Any, plan: Plan, layers: Any, activation: int, eps_w: float, sample: int, shift: int
) -> None:
    """Draws a panel's sample and reconstructs from it."""
    for place in range(0, plan.latent * PANEL, LANES):
        noise = load(data, plan.noise + sample * plan.latent * PANEL + place)
        mean, sigma = load(data, plan.posterior + place), load(data, plan.sigma + place)
        store(data, plan.z + shift + place, mean + eps_w * sigma * noise)
    _pass(data, plan, layers, plan.encoder_layers, len(layers), activation, shift)


@inlined
def _log_ratio(data: Any, plan: Plan, constants: Any, sample: int, shift: int, column: int) -> Any:
    """Log p(z) - log q(z|x) of some points' sample."""
    ratio = spread(ZERO)
    for row in range(plan.latent):
        place = row * PANEL + column
        noise = load(data, plan.noise + sample * plan.latent * PANEL + place)
        log_var = load(data, plan.posterior + plan.latent * PANEL + place)
        ratio = ratio + HALF * (noise * noise + log_var)
        if plan.components == 0:
            z = load(data, plan.z + shift + place)
            ratio = ratio - HALF * z * z
    if plan.components:
        ratio = ratio + log_density(data, plan, constants, sample, shift, column)
    return ratio


@inlined
def _squared_error(data: Any, plan: Plan, columns: int, shift: int, column: int) -> Any:
    """Squared errors of some points' sample."""
    error = spread(ZERO)
    for row in range(0, columns * PANEL, PANEL):
        place = row + column
        miss = load(data, plan.x_hat + shift + place) - load(data, plan.x + place)
        error = error + miss * miss
    return error


@called
def loss(
    data: Any, plan: Plan, layers: Any, constants: Any, sums: Any, activation: int, eps_w: float,
    beta: float, weighted: bool, training: bool,
) -> None:  # fmt: skip
    """Adds a panel's squared error, KL and gain to `sums`; leaves each sample's weight."""
    kl = _encode(data, plan, layers, activation)
    share = ONE / F(plan.samples)
    squared_error, minus_kl = spread(ZERO), spread(ZERO)
    for sample in range(plan.samples):
        shift = sample * plan.copy if training else 0
        _decode(data, plan, layers, activation, eps_w, sample, shift)
        for column in range(0, PANEL, LANES):
            live = load(data, plan.live + column)
            if plan.columns == PLANE:  # a loop of known length is unrolled
                error = _squared_error(data, plan, PLANE, shift, column)
            else:
                error = _squared_error(data, plan, plan.columns, shift, column)
            squared_error = squared_error + live * error
            weight = spread(share)
            if weighted or plan.components:
                ratio = _log_ratio(data, plan, constants, sample, shift, column)
                minus_kl = minus_kl + live * ratio
                if weighted:
                    weight = ratio - error / beta
            store(data, plan.weights + sample * PANEL + column, weight)
    if plan.components:
        kl = ZERO - share * total(minus_kl)
    sums[0] += share * total(squared_error)
    sums[1] += kl
    if weighted:
        sums[2] += share * total(squared_error) + beta * (kl + _weigh(data, plan))


@inlined
def _weigh(data: Any, plan: Plan) -> Any:
    """From log weights to shares of their sum; returns the sum of the bounds log 1/K sum w_k.

    Shares so small that no sum would notice them become 0.
    """
    bound = spread(ZERO)
    for column in range(0, PANEL, LANES):
        peak = load(data, plan.weights + column)
        for sample in range(1, plan.samples):
            peak = larger(peak, load(data, plan.weights + sample * PANEL + column))
        whole = spread(ZERO)
        for sample in range(plan.samples):
            place = plan.weights + sample * PANEL + column
            weight = exp(load(data, place) - peak)
            store(data, place, weight)
            whole = whole + weight
        for sample in range(plan.samples):
            place = plan.weights + sample * PANEL + column
            store(data, place, flush(load(data, place) / whole))
        live = load(data, plan.live + column)
        bound = bound + live * (peak + log(whole * (ONE / F(plan.samples))))
    return total(bound)


@inlined
def _by_reconstruction(
    data: Any, plan: Plan, columns: int, weights: int, shift: int, scale: float
) -> None:
    """The derivative of the loss by a sample's reconstruction."""
    for place in range(0, columns * PANEL, LANES):
        live = load(data, plan.live + place % PANEL) * load(data, weights + place % PANEL)
        miss = load(data, plan.x_hat + shift + place) - load(data, plan.x + place)
        store(data, plan.x_hat + plan.delta + place, F(2) * scale * live * miss)


@inlined
def decoder_gradient(
    data: Any, plan: Plan, layers: Any, constants: Any, activation: int, eps_w: float,
    beta: float, scale: float, drawn_kl: bool, fresh: bool,
) -> None:  # fmt: skip
    """Adds a panel's part of the decoder's and the prior's gradient, from all samples.

    Leaves the derivative by the posterior's mean and, in the log variance's place, by sigma.
    """
    moments = plan.posterior + plan.delta
    for place in range(0, 2 * plan.latent * PANEL, LANES):
        store(data, moments + place, spread(ZERO))
    for sample in range(plan.samples):
        shift, weights = sample * plan.copy, plan.weights + sample * PANEL
        if plan.columns == PLANE:
            _by_reconstruction(data, plan, PLANE, weights, shift, scale)
        else:
            _by_reconstruction(data, plan, plan.columns, weights, shift, scale)
        for number in range(len(layers) - 1, plan.encoder_layers - 1, -1):
            layer = layer_at(layers, number)
            learn(data, plan, layer, fresh and sample == 0, shift)
            if number > plan.encoder_layers:
                deactivate(data, plan, layer, layer.n_in, activation, shift)
            else:
                deactivate(data, plan, layer, plan.latent, LINEAR, shift)
        if drawn_kl:
            for column in range(0, PANEL, LANES):
                live = load(data, plan.live + column) * load(data, weights + column)
                _pull(data, plan, constants, sample, shift, column, (beta * scale) * live)
        for place in range(0, plan.latent * PANEL, LANES):
            by_z = load(data, plan.z + plan.delta + place)
            noise = load(data, plan.noise + sample * plan.latent * PANEL + place)
            store(data, moments + place, load(data, moments + place) + by_z)
            sigma = moments + plan.latent * PANEL + place
            store(data, sigma, load(data, sigma) + eps_w * by_z * noise)


@inlined
def _pull(
    data: Any, plan: Plan, constants: Any, sample: int, shift: int, column: int, weight: Any
) -> None:
    """Adds `weight` times the derivatives of -log p(z)."""
    if plan.components:
        gradient_of_density(data, plan, constants, sample, shift, column, weight)
        return
    for row in range(plan.latent):
        here = plan.z + row * PANEL + column
        z = load(data, here + shift)
        store(data, here + plan.delta, load(data, here + plan.delta) + weight * z)


@inlined
def encoder_gradient(
    data: Any, plan: Plan, layers: Any, activation: int, weight: float, drawn_kl: bool, fresh: bool
) -> None:
    """Adds a panel's part of the encoder's gradient; `weight` is of the KL."""
    for place in range(0, plan.latent * PANEL, LANES):
        live = weight * load(data, plan.live + place % PANEL)
        by_mean = plan.posterior + plan.delta + place
        by_sigma = by_mean + plan.latent * PANEL
        sigma = load(data, plan.sigma + place)
        by_log_var = sigma * load(data, by_sigma)
        if drawn_kl:  # log q(z|x) is -log sigma and what the noise alone decides
            by_log_var = by_log_var - live
        else:
            mean = load(data, plan.posterior + place)
            store(data, by_mean, load(data, by_mean) + live * mean)
            by_log_var = by_log_var + live * (sigma * sigma - ONE)
        store(data, by_sigma, HALF * by_log_var)
    for number in range(plan.encoder_layers - 1, -1, -1):
        layer = layer_at(layers, number)
        learn(data, plan, layer, fresh, 0)
        if number > 0:
            deactivate(data, plan, layer, layer.n_in, activation, 0)
