"""Products with few columns, as dot products over the points of a panel."""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from moons.engines.kernel.lanes import LANES, VECTOR, call_llvm, data_of, index, read, shuffle
from moons.engines.kernel.layout import CELLS, PANEL

ZERO = ir.Constant(VECTOR, [0.0] * LANES)
ROWS = LANES // CELLS  # as many dot products as a vector has lanes


def _sums(builder: ir.IRBuilder, vectors: Sequence[ir.Value]) -> ir.Value:
    """One vector whose lane l is the sum of the lanes of vectors[l]."""
    left, bit = dict(enumerate(vectors)), 1
    while bit < LANES:
        own = [lane + LANES if lane & bit else lane for lane in range(LANES)]
        other = [lane - bit + LANES if lane & bit else lane + bit for lane in range(LANES)]
        for number in [n for n in left if not n & bit]:
            pair = left[number], left.pop(number + bit)
            left[number] = builder.fadd(
                shuffle(builder, *pair, own), shuffle(builder, *pair, other)
            )
        bit *= 2
    return left[0]


@intrinsic
def add_dots(
    _typing: Any,
    array: Any,
    rows: Any,
    columns: Any,
    out: Any,
    out_row: Any,
    count: Any,
    fresh: Any,
) -> Any:
    """out[r, c] += sum over the points of rows[r] * columns[c]; or = where `fresh` is set.

    ROWS rows, of which the first `count` are kept, by CELLS columns; all of them are read.
    """

    def build(context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        data = data_of(context, builder, array, values[0])

        def panel_rows(start: ir.Value, count: int) -> list[list[ir.Value]]:
            return [
                [
                    read(builder, data, builder.add(start, index(row * PANEL + point)))
                    for point in range(0, PANEL, LANES)
                ]
                for row in range(count)
            ]

        dots = []
        down, across = panel_rows(values[1], ROWS), panel_rows(values[2], CELLS)
        for row in down:
            for column in across:
                dot = ZERO
                for pair in zip(row, column, strict=True):
                    dot = call_llvm(builder, f"fmuladd.v{LANES}f32", VECTOR, [*pair, dot])
                dots.append(dot)
        sums = _sums(builder, dots)
        gated = builder.icmp_signed("!=", values[6], index(0))
        kind = ir.VectorType(VECTOR.element, CELLS)
        for number in range(ROWS):
            at = builder.add(values[3], builder.mul(values[4], index(number)))
            place = builder.bitcast(builder.gep(data, [at]), kind.as_pointer())
            part = shuffle(builder, sums, sums, range(number * CELLS, (number + 1) * CELLS))
            with builder.if_then(builder.icmp_signed("<", index(number), values[5])):
                old = builder.load(place, align=4)
                start = builder.select(gated, ir.Constant(kind, [0.0] * CELLS), old)
                builder.store(builder.fadd(start, part), place, align=4)
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 6), build
