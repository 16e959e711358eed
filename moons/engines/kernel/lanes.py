"""A few float32 numbers that the processor works on at once, as a type for compiled code.

`load`, `store`, `spread`, `total`, `least`, `clip` and the operators +, -, *, / make loops
that run over `LANES` numbers at a time by what they say; left to the compiler, whether such loops
are vectorised depends on what it can prove about the overlap of buffers. They lower to LLVM's
portable vector operations. None of them assumes that its numbers are finite.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils, config
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

FEATURES = config.CPU_FEATURES or llvmlite.binding.get_host_cpu_features().flatten()
LANES = 16 if "+avx512f" in FEATURES else 8  # 512 bits, where there are such registers, or 256

INDEX, INT32, FLOAT = ir.IntType(64), ir.IntType(32), ir.FloatType()
VECTOR = ir.VectorType(FLOAT, LANES)
MASK = ir.VectorType(ir.IntType(1), LANES)
LANE_NUMBERS = ir.Constant(ir.VectorType(INT32, LANES), list(range(LANES)))
# A product and a sum may become one rounding; nothing else may change.
CONTRACT = ("contract",)


# For what compiled code calls: no function of its own remains, nor a way in from Python.
inlined = njit(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


# The same as a function of its own, for what is called from several places and would be compiled
# anew at each.
called = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)


class LanesType(types.Type):
    """`LANES` numbers of float32."""

    def __init__(self) -> None:
        super().__init__(name=f"lanes{LANES}")


lanes = LanesType()


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):
    """One vector register, or as many as the processor needs for it."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, VECTOR)


def data_of(context: Any, builder: ir.IRBuilder, array: Any, value: ir.Value) -> ir.Value:
    """The pointer to an array's first number."""
    return cgutils.create_struct_proxy(array)(context, builder, value).data


def index(number: int) -> ir.Constant:
    """A constant offset."""
    return ir.Constant(INDEX, number)


def vector_at(builder: ir.IRBuilder, data: ir.Value, offset: ir.Value) -> ir.Value:
    """A pointer to the `LANES` numbers from `offset` on."""
    return builder.bitcast(builder.gep(data, [offset]), VECTOR.as_pointer())


def read(builder: ir.IRBuilder, data: ir.Value, offset: ir.Value) -> ir.Value:
    """The `LANES` numbers from `offset` on."""
    return builder.load(vector_at(builder, data, offset), align=4)


def write(builder: ir.IRBuilder, data: ir.Value, offset: ir.Value, value: ir.Value) -> None:
    """Puts `LANES` numbers at `offset` and after."""
    builder.store(value, vector_at(builder, data, offset), align=4)


def shuffle(
    builder: ir.IRBuilder, left: ir.Value, right: ir.Value, order: Iterable[int]
) -> ir.Value:
    """The lanes of two vectors laid side by side, in that order."""
    numbers = list(order)
    return builder.shuffle_vector(
        left, right, ir.Constant(ir.VectorType(INT32, len(numbers)), numbers)
    )


def widen(builder: ir.IRBuilder, number: ir.Value) -> ir.Value:
    """One number in every lane."""
    kind = ir.VectorType(number.type, LANES)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(INT32, 0))
    return shuffle(builder, first, first, [0] * LANES)


def call_llvm(
    builder: ir.IRBuilder, name: str, result: ir.Type, arguments: Sequence[ir.Value]
) -> ir.Value:
    """Calls one of LLVM's own functions."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}")
    return builder.call(function, arguments)


def _reduced(
    builder: ir.IRBuilder,
    value: ir.Value,
    combine: Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value],
) -> ir.Value:
    """All lanes combined into one number, pairwise."""
    width = LANES
    while width > 1:
        width //= 2
        order = [lane % width + width * (lane < width) for lane in range(LANES)]
        value = combine(builder, value, shuffle(builder, value, value, order))
    return builder.extract_element(value, ir.Constant(INT32, 0))


def _lower(builder: ir.IRBuilder, left: ir.Value, right: ir.Value) -> ir.Value:
    return builder.select(builder.fcmp_ordered("<", left, right), left, right)


@intrinsic
def load(_typing: Any, array: Any, offset: Any) -> Any:
    """The lanes `array[offset : offset + LANES]`."""

    def build(context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        return read(builder, data_of(context, builder, array, values[0]), values[1])

    return lanes(array, types.intp), build


@intrinsic
def store(_typing: Any, array: Any, offset: Any, value: Any) -> Any:
    """Sets `array[offset : offset + LANES]`."""

    def build(context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        write(builder, data_of(context, builder, array, values[0]), values[1], values[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), build


@intrinsic
def spread(_typing: Any, number: Any) -> Any:
    """One float32 in every lane."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        return widen(builder, values[0])

    return lanes(types.float32), build


@intrinsic
def total(_typing: Any, value: Any) -> Any:
    """The sum of the lanes, added pairwise."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        return _reduced(builder, values[0], lambda _, left, right: builder.fadd(left, right))

    return types.float32(lanes), build


@intrinsic
def least(_typing: Any, value: Any) -> Any:
    """The lowest of the lanes."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        return _reduced(builder, values[0], _lower)

    return types.float32(lanes), build


@intrinsic
def clip(_typing: Any, value: Any, low: Any, high: Any) -> Any:
    """Each lane within [low, high]; NaN stays NaN."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        clipped = values[0]
        for sign, bound in (("<", values[1]), (">", values[2])):
            wide = widen(builder, bound)
            beyond = builder.fcmp_ordered(sign, clipped, wide)
            clipped = builder.select(beyond, wide, clipped)
        return clipped

    return lanes(lanes, types.float32, types.float32), build


@intrinsic
def flush(_typing: Any, value: Any) -> Any:
    """Each lane, or 0 where it is closer to 0 than 2 ** -100; NaN stays NaN."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        size = call_llvm(builder, f"fabs.v{LANES}f32", VECTOR, [values[0]])
        least = ir.Constant(VECTOR, [2.0**-100] * LANES)
        tiny = builder.fcmp_ordered("<", size, least)
        return builder.select(tiny, ir.Constant(VECTOR, [0.0] * LANES), values[0])

    return lanes(lanes), build


@intrinsic
def root(_typing: Any, value: Any) -> Any:
    """The square root of each lane."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        return call_llvm(builder, f"sqrt.v{LANES}f32", VECTOR, [values[0]])

    return lanes(lanes), build


@intrinsic
def nearest(_typing: Any, value: Any) -> Any:
    """Each lane rounded to a whole number."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        return call_llvm(builder, f"rint.v{LANES}f32", VECTOR, [values[0]])

    return lanes(lanes), build


@intrinsic
def power_of_two(_typing: Any, value: Any) -> Any:
    """2 ** n of each lane, a whole number in [-126, 127]: it becomes the exponent's bits."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        kind = ir.VectorType(INT32, LANES)
        whole = builder.fptosi(values[0], kind)
        biased = builder.add(whole, ir.Constant(kind, [127] * LANES))
        bits = builder.shl(biased, ir.Constant(kind, [23] * LANES))
        return builder.bitcast(bits, VECTOR)

    return lanes(lanes), build


@intrinsic
def exponent(_typing: Any, value: Any) -> Any:
    """The n of each lane, a positive number in [2 ** n, 2 ** (n + 1))."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        kind = ir.VectorType(INT32, LANES)
        bits = builder.lshr(builder.bitcast(values[0], kind), ir.Constant(kind, [23] * LANES))
        return builder.sitofp(builder.sub(bits, ir.Constant(kind, [127] * LANES)), VECTOR)

    return lanes(lanes), build


@intrinsic
def larger(_typing: Any, left: Any, right: Any) -> Any:
    """The larger number of each pair of lanes; the first where one is NaN."""

    def build(_context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        less = builder.fcmp_ordered("<", values[0], values[1])
        return builder.select(less, values[1], values[0])

    return lanes(lanes, lanes), build


def _define(symbol: Callable[..., Any], instruction: str) -> None:
    pairs = ((lanes, lanes), (lanes, types.float32), (types.float32, lanes))

    class Template(ConcreteTemplate):
        cases = [signature(lanes, *pair) for pair in pairs]  # noqa: RUF012

    def build(_context: Any, builder: ir.IRBuilder, kind: Any, values: Any) -> ir.Value:
        left, right = (
            value if operand == lanes else widen(builder, value)
            for operand, value in zip(kind.args, values, strict=True)
        )
        return getattr(builder, instruction)(left, right, flags=CONTRACT)

    infer_global(symbol)(Template)
    for pair in pairs:
        lower_builtin(symbol, *pair)(build)


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
_define(operator.truediv, "fdiv")
