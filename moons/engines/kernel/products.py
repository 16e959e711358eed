"""The matrix products of a layer, on panels of points.

All matrices lie in one buffer and are given by their offsets in it. A product is cut into tiles
whose sums stay in registers over the whole length of the product.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from moons.engines.kernel.lanes import (
    INT32,
    LANE_NUMBERS,
    LANES,
    MASK,
    VECTOR,
    call_llvm,
    data_of,
    index,
    inlined,
    read,
    shuffle,
    vector_at,
    widen,
    write,
)
from moons.engines.kernel.layout import PANEL

# Vectors across a tile: eight rows of them must fit the registers, 32 of 512 bits or 16 of 256.
ACROSS = 2 if LANES == 16 else 1
COLUMNS = ACROSS * LANES

Kind = Literal["forward", "backward", "gradient"]
ZERO = ir.Constant(VECTOR, [0.0] * LANES)


class Product(NamedTuple):
    """out[row, column] = sum over k of left[row, k] * right[k, column], as a layer needs it.

    Numbers of `left` lie `left_row` and `left_step` apart; the columns of `right` and `out` lie
    side by side. Forward, `extra` is the bias that the sum starts from, and `gate` whether ReLU
    follows. Backward, it is the activation, and `gate` whether ReLU had made it. For a gradient,
    it is the number of columns, and `gate` whether the sum sets `out` instead of adding to it.
    """

    left: int
    left_row: int
    left_step: int
    right: int
    right_step: int
    length: int
    out: int
    out_row: int
    extra: int
    extra_row: int
    gate: int


def _tile(kind: Kind, rows: int, across: int) -> Callable[..., None]:
    """`rows` rows of a product from a given one on, by `across` vectors."""

    @intrinsic
    def tile(_typing: Any, array: Any, row: Any, product: Any) -> Any:
        def build(context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
            data = data_of(context, builder, array, values[0])
            fields = [
                context.cast(builder, value, number, types.intp)
                for value, number in zip(
                    cgutils.unpack_tuple(builder, values[2]), product.types, strict=True
                )
            ]
            _build_tile(builder, data, values[1], Product(*fields), kind, rows, across)
            return context.get_dummy_value()

        return types.void(array, types.intp, product), build

    return tile  # type: ignore[no-any-return]


def _build_tile(
    builder: ir.IRBuilder,
    data: ir.Value,
    first: ir.Value,
    product: Any,
    kind: Kind,
    rows: int,
    across: int,
) -> None:
    def place(start: ir.Value, row: int, stride: ir.Value, vector: int = 0) -> ir.Value:
        down = builder.mul(stride, builder.add(first, index(row)))
        return builder.add(builder.add(start, down), index(vector * LANES))

    def number(offset: ir.Value) -> ir.Value:
        return widen(builder, builder.load(builder.gep(data, [offset])))

    cells = [(row, vector) for row in range(rows) for vector in range(across)]
    last = builder.trunc(builder.sub(product.extra, index((across - 1) * LANES)), INT32)
    inside = builder.icmp_signed("<", LANE_NUMBERS, widen(builder, last))
    masks = [ir.Constant(MASK, [1] * LANES)] * (across - 1) + [inside]

    gated = builder.icmp_signed("!=", product.gate, index(0))
    sums = {}
    for row, vector in cells:
        start = ZERO
        if kind == "forward":
            start = number(place(product.extra, row, product.extra_row))
        elif kind == "gradient":  # earlier panels of the batch have left their part
            pointer = vector_at(builder, data, place(product.out, row, product.out_row, vector))
            arguments = [pointer, ir.Constant(INT32, 4), masks[vector], ZERO]
            old = call_llvm(builder, f"masked.load.v{LANES}f32.p0", VECTOR, arguments)
            start = builder.select(gated, ZERO, old)
        sums[row, vector] = cgutils.alloca_once_value(builder, start)

    with cgutils.for_range(builder, product.length) as loop:
        right = builder.add(product.right, builder.mul(loop.index, product.right_step))
        step = builder.mul(loop.index, product.left_step)
        vectors = [read(builder, data, builder.add(right, index(v * LANES))) for v in range(across)]
        for row in range(rows):
            factor = number(builder.add(place(product.left, row, product.left_row), step))
            for vector in range(across):
                cell = sums[row, vector]
                arguments = [factor, vectors[vector], builder.load(cell)]
                builder.store(call_llvm(builder, f"fmuladd.v{LANES}f32", VECTOR, arguments), cell)

    lowest = ir.Constant(VECTOR, [float("-inf")] * LANES)
    floor = builder.select(gated, ZERO, lowest)
    for row, vector in cells:
        at = place(product.out, row, product.out_row, vector)
        value = builder.load(sums[row, vector])
        if kind == "gradient":
            pointer = vector_at(builder, data, at)
            arguments = [value, pointer, ir.Constant(INT32, 4), masks[vector]]
            call_llvm(builder, f"masked.store.v{LANES}f32.p0", ir.VoidType(), arguments)
            continue
        if kind == "forward":  # comparisons that let NaN through
            value = builder.select(builder.fcmp_ordered("<", value, floor), floor, value)
        else:
            activation = read(builder, data, place(product.extra, row, product.extra_row, vector))
            value = builder.select(builder.fcmp_ordered("<=", activation, floor), ZERO, value)
        write(builder, data, at, value)


def _strip(kind: Kind, across: int) -> Callable[..., None]:
    """All rows of a product's first `across` vectors of columns."""
    tile8, tile4, tile2, tile1 = (_tile(kind, rows, across) for rows in (8, 4, 2, 1))

    @inlined
    def strip(data: Any, rows: int, product: Product) -> None:
        row = 0
        while row + 8 <= rows:
            tile8(data, row, product)
            row += 8
        if rows & 4:
            tile4(data, row, product)
            row += 4
        if rows & 2:
            tile2(data, row, product)
            row += 2
        if rows & 1:
            tile1(data, row, product)

    return strip  # type: ignore[no-any-return]


forward_strip = _strip("forward", ACROSS)
backward_strip = _strip("backward", ACROSS)
gradient_strip = _strip("gradient", ACROSS)
gradient_edge = _strip("gradient", 1)


@intrinsic
def transpose_block(_typing: Any, array: Any, block: Any, flipped: Any, flipped_row: Any) -> Any:
    """Transposes LANES rows of a panel by LANES of its points, in log2(LANES) rounds of swaps."""

    def build(context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        data = data_of(context, builder, array, values[0])
        rows = [
            read(builder, data, builder.add(values[1], index(row * PANEL))) for row in range(LANES)
        ]
        bit = 1
        while bit < LANES:  # swaps this bit of the row's number with the lane's
            upper = [lane - bit + LANES if lane & bit else lane for lane in range(LANES)]
            lower = [lane + LANES if lane & bit else lane + bit for lane in range(LANES)]
            for row in (row for row in range(LANES) if not row & bit):
                pair = rows[row], rows[row + bit]
                rows[row], rows[row + bit] = (shuffle(builder, *pair, o) for o in (upper, lower))
            bit *= 2
        for number, row in enumerate(rows):
            at = builder.add(values[2], builder.mul(values[3], index(number)))
            write(builder, data, at, row)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, types.intp), build
