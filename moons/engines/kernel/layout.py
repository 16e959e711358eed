"""Where parameters, gradients and activations lie in the one buffer that a fused epoch works on.

Activations lie in panels: a panel is a matrix of `PANEL` points, one row a feature, and row r of
the panel at offset p begins at p + r * PANEL.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PANEL = 32  # points that pass through the network together; a multiple of every LANES
CELLS = 4  # columns of weights that are dealt with together where there are few
ALIGNED = 16  # numbers; 64 bytes, a cache line and the widest register
UNROLLED = 32  # numbers that the passes over all parameters take at a time


class Plan(NamedTuple):
    """Sizes, and offsets of what is not a layer's own."""

    encoder_layers: int
    latent: int
    columns: int  # of a point
    label: int  # columns of the label where encoder and decoder see it, else 0
    parameters: int  # how many, rounded up to UNROLLED; they begin at 0
    gradient: int  # in the order of the parameters, like the two moments
    first_moment: int
    second_moment: int
    x: int  # panels from here on
    posterior: int  # means, then log variances
    z: int
    sigma: int
    noise: int
    x_hat: int
    live: int  # 1 for a point, 0 for what fills a panel up
    flipped: int  # a transposed panel
    delta: int  # from an activation to the loss's derivative by it
    samples: int  # latents of a point
    copy: int  # from a decoder's activation to the next sample's; they share the derivatives
    weights: int  # a row a sample
    components: int  # of a mixture as the prior, or 0
    prior: int  # its parameters: logits, means and log variances, of all components each
    shares: int  # of the components in a latent's density, a row each; so for each sample
    slope: int  # from an activation to its derivative by the layer's output; 0 where it tells that


class Layer(NamedTuple):
    """A linear layer's sizes, and offsets of its parameters, input panel and output panel."""

    n_in: int
    n_out: int
    weight: int  # (n_out, stride): torch's layout, with the bias in column n_in
    stride: int  # n_in + 1, rounded up to CELLS
    below: int
    above: int


class Layout(NamedTuple):
    """The plan, its layers (encoder first), one row of `layers` each, and the buffer's length."""

    plan: Plan
    layers: NDArray[np.int64]
    length: int


def arrange(
    encoder: Sequence[int],
    decoder: Sequence[int],
    label: int,
    samples: int = 1,
    components: int = 0,
    slopes: bool = False,
) -> Layout:
    """Lays out a VAE.

    Args:
        encoder: widths from the input, label included, to the posterior's 2 * latent outputs.
        decoder: widths from the latent, label included, to the reconstruction.
        label: columns of the label, or 0.
        samples: latents of a point.
        components: of a mixture as the prior, or 0.
        slopes: whether an activation does not tell its own derivative.
    """
    latent = encoder[-1] // 2
    end = 0

    def reserve(numbers: int) -> int:
        nonlocal end
        start, end = end, end + _aligned(numbers)
        return start

    def panel(rows: int) -> int:
        return reserve(_aligned(rows) * PANEL)  # transposing reads whole blocks of rows

    count = sum(
        n_out * stride_of(n_in) for widths in (encoder, decoder) for n_in, n_out in pairwise(widths)
    )
    parameters = _aligned(count + components * (1 + 2 * latent), UNROLLED)
    _, gradient, first_moment, second_moment = (reserve(parameters) for _ in range(4))
    activations = end
    layers: list[Layer] = []
    used = 0
    inputs, outputs = [], []
    starts = []
    for widths in (encoder, decoder):
        starts.append(end)
        below = panel(widths[0] + 1)  # and a row of ones, whose weights are the bias
        inputs.append(below)
        for n_in, n_out in pairwise(widths):
            above = panel(n_out + 1)
            stride = stride_of(n_in)
            layers.append(Layer(n_in, n_out, used, stride, below, above))
            used, below = used + n_out * stride, above
        outputs.append(below)
    copy, once = end - starts[1], end - activations
    reserve((samples - 1) * copy)
    slope = reserve(end - activations) - activations if slopes else 0
    delta = reserve(once) - activations
    plan = Plan(
        encoder_layers=len(encoder) - 1,
        latent=latent,
        columns=decoder[-1],
        label=label,
        parameters=parameters,
        gradient=gradient,
        first_moment=first_moment,
        second_moment=second_moment,
        x=inputs[0],
        posterior=outputs[0],
        z=inputs[1],
        sigma=panel(latent),
        noise=panel(samples * latent),
        x_hat=outputs[1],
        live=panel(1),
        flipped=panel(max(layer.n_in for layer in layers) + 1),
        delta=delta,
        samples=samples,
        copy=copy,
        weights=panel(samples),
        components=components,
        prior=count,
        shares=panel(samples * components),
        slope=slope,
    )
    return Layout(plan, np.array(layers, dtype=np.int64), end)


def stride_of(n_in: int) -> int:
    """Numbers from a row of a weight matrix to the next: inputs and bias, in whole cells."""
    return _aligned(n_in + 1, CELLS)


def _aligned(numbers: int, unit: int = ALIGNED) -> int:
    return -(-numbers // unit) * unit
