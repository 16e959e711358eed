"""An epoch with several latents a point, other activations and a mixture as the prior.

Computes what `moons.objective` says of `elbo` and `iwae`, on panels of points as `epoch` does.
"""

from typing import Any

import numpy as np
from numba import types

from moons.engines.kernel.activations import CODES
from moons.engines.kernel.bound import decoder_gradient, encoder_gradient, loss
from moons.engines.kernel.epoch import adam_step, fill
from moons.engines.kernel.layout import PANEL, Plan
from moons.engines.kernel.mixture import settle

__all__ = ["CODES", "TRAIN_SAMPLES", "VALIDATE_SAMPLES", "train_samples", "validate_samples"]

F = np.float32
ZERO = F(0)


def train_samples(
    data: Any, plan: Plan, layers: Any, points: Any, order: Any, noise: Any, sums: Any,
    constants: Any, lr: float, clip_norm: float, step: int, beta: float, eps_w: float,
    batch_size: int, activation: int, weighted: bool,
) -> None:  # fmt: skip
    """One pass over the points in batches.

    Args:
        data: the buffer, float32.
        plan: from the buffer's layout.
        layers: likewise, int64, shape (layers, 6).
        points: coordinates of each and, where it is seen, its label; float32, flat.
        order: of the points, int64, shape (n,).
        noise: for the points in that order, float32, shape (samples * latent, n).
        sums: set to squared error, KL and gain summed over the points, float64, shape (3,).
        constants: room for `mixture.settle`.
        lr: Adam's learning rate.
        clip_norm: the gradient's largest norm.
        step: Adam's steps before this epoch.
        beta: weight of the KL, and twice the decoder's variance.
        eps_w: factor on the posterior's standard deviation.
        batch_size: points a step; the last batch of an epoch may be smaller.
        activation: its code.
        weighted: whether importance weights the samples: `iwae`, or else `elbo`.
    """
    sums[:] = 0.0
    drawn_kl = weighted or plan.components > 0
    for start in range(0, len(order), batch_size):
        stop = min(start + batch_size, len(order))
        scale = F(1 / (plan.columns * (stop - start)))
        settle(data, plan, constants)
        for place in range(plan.prior, plan.parameters):
            data[plan.gradient + place] = ZERO
        for first in range(start, stop, PANEL):
            fill(data, plan, points, order, noise, first, min(PANEL, stop - first))
            loss(data, plan, layers, constants, sums, activation, F(eps_w), F(beta), weighted, True)
            decoder_gradient(
                data, plan, layers, constants, activation, F(eps_w), F(beta), scale, drawn_kl,
                first == start,
            )  # fmt: skip
            encoder_gradient(
                data, plan, layers, activation, F(beta) * scale, drawn_kl, first == start
            )
        step += 1
        adam_step(data, plan, lr, clip_norm, step)


def validate_samples(
    data: Any, plan: Plan, layers: Any, points: Any, order: Any, noise: Any, sums: Any,
    constants: Any, beta: float, eps_w: float, activation: int, weighted: bool,
) -> None:  # fmt: skip
    """The sums of `train_samples` without training; arguments as there."""
    sums[:] = 0.0
    settle(data, plan, constants)
    for first in range(0, len(order), PANEL):
        fill(data, plan, points, order, noise, first, min(PANEL, len(order) - first))
        loss(data, plan, layers, constants, sums, activation, F(eps_w), F(beta), weighted, False)


_FLOATS, _MATRIX = types.Array(types.float32, 1, "C"), types.Array(types.float32, 2, "C")
_WHOLE, _LAYERS = types.Array(types.int64, 1, "C"), types.Array(types.int64, 2, "C")
_PLAN = types.NamedUniTuple(types.int64, len(Plan._fields), Plan)
_SUMS = types.Array(types.float64, 1, "C")
_INPUTS = (_FLOATS, _PLAN, _LAYERS, _FLOATS, _WHOLE, _MATRIX, _SUMS, _MATRIX)
_F, _I, _B = types.float64, types.int64, types.boolean
TRAIN_SAMPLES = types.void(*_INPUTS, _F, _F, _I, _F, _F, _I, _I, _B)
VALIDATE_SAMPLES = types.void(*_INPUTS, _F, _F, _I, _B)
