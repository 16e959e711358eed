"""A linear layer on a panel of points: output, gradient, and the derivative by its input."""

from typing import Any

from moons.engines.kernel.dots import ROWS, add_dots
from moons.engines.kernel.lanes import LANES, inlined
from moons.engines.kernel.layout import CELLS, PANEL, Layer, Plan
from moons.engines.kernel.products import (
    COLUMNS,
    Product,
    backward_strip,
    forward_strip,
    gradient_edge,
    gradient_strip,
    transpose_block,
)

FEW = 8  # columns up to which dot products are faster than tiles of vectors


@inlined
def layer_at(layers: Any, number: int) -> Layer:
    """A row of the layout's table of layers."""
    n_in, n_out, weight = layers[number, 0], layers[number, 1], layers[number, 2]
    stride, below, above = layers[number, 3], layers[number, 4], layers[number, 5]
    return Layer(n_in, n_out, weight, stride, below, above)


@inlined
def forward(data: Any, layer: Layer, relu: bool, shift: int) -> None:
    """The output panel from the input panel, through ReLU or not; both are `shift` further on."""
    for column in range(0, PANEL, COLUMNS):
        product = Product(
            layer.weight, layer.stride, 1, layer.below + shift + column, PANEL, layer.n_in,
            layer.above + shift + column, PANEL, layer.weight + layer.n_in, layer.stride, relu,
        )  # fmt: skip
        forward_strip(data, layer.n_out, product)


@inlined
def backward(data: Any, plan: Plan, layer: Layer, rows: int, relu: bool, shift: int) -> None:
    """The derivative by the first `rows` inputs, which ReLU made or not.

    Activations are `shift` further on, derivatives are not.
    """
    above, below = layer.above + plan.delta, layer.below + plan.delta
    for column in range(0, PANEL, COLUMNS):
        product = Product(
            layer.weight, 1, layer.stride, above + column, PANEL, layer.n_out,
            below + column, PANEL, layer.below + shift + column, PANEL, relu,
        )  # fmt: skip
        backward_strip(data, rows, product)


@inlined
def gradient(data: Any, plan: Plan, layer: Layer, fresh: bool, shift: int) -> None:
    """Adds the panel's part to the gradient by weights and bias, or sets it where it is the first.

    Activations are `shift` further on, derivatives are not.
    The gradient is the product of the derivative by the output and the input transposed, below
    whose rows lies one of ones, for the bias.
    """
    columns = layer.n_in + 1
    above, out = layer.above + plan.delta, layer.weight + plan.gradient
    column = 0
    if columns > FEW:
        stride = -(-columns // LANES) * LANES
        for row in range(0, columns, LANES):
            for point in range(0, PANEL, LANES):
                block = layer.below + shift + row * PANEL + point
                transpose_block(data, block, plan.flipped + point * stride + row, stride)
        while columns - column > FEW:
            product = Product(
                above, PANEL, 1, plan.flipped + column, stride, PANEL, out + column, layer.stride,
                columns - column, 0, fresh,
            )  # fmt: skip
            if columns - column > COLUMNS - LANES + FEW:
                gradient_strip(data, layer.n_out, product)
                column += COLUMNS
            else:
                gradient_edge(data, layer.n_out, product)
                column += LANES
    while column < columns:
        for row in range(0, layer.n_out, ROWS):
            place = out + row * layer.stride + column
            down, across = above + row * PANEL, layer.below + shift + column * PANEL
            add_dots(data, down, across, place, layer.stride, layer.n_out - row, fresh)
        column += CELLS
