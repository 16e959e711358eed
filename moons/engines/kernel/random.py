"""Random numbers: a permutation and standard normal draws, many at a time.

Source of the generator: Blackman and Vigna 2021, "Scrambled linear pseudorandom number generators"
(xoshiro128++), `STREAMS` independent ones side by side.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from moons.engines.kernel.exponential import log
from moons.engines.kernel.lanes import (
    INT32,
    LANES,
    VECTOR,
    data_of,
    index,
    inlined,
    lanes,
    root,
    store,
)

STREAMS = 16  # the same on every machine, so that the draws are
WORDS = 4  # of a stream's state

F = np.float32
WHOLE = ir.VectorType(INT32, LANES)


def _constant(number: int) -> ir.Constant:
    return ir.Constant(WHOLE, [number] * LANES)


def _next_words(builder: ir.IRBuilder, state: ir.Value, first: ir.Value) -> ir.Value:
    """One word of each of the LANES streams from `first` on; they move one step."""

    def turned(word: ir.Value, by: int) -> ir.Value:
        left, right = builder.shl(word, _constant(by)), builder.lshr(word, _constant(32 - by))
        return builder.or_(left, right)

    places = [
        builder.bitcast(
            builder.gep(state, [builder.add(first, index(word * STREAMS))]), WHOLE.as_pointer()
        )
        for word in range(WORDS)
    ]
    a, b, c, d = (builder.load(place, align=4) for place in places)
    result = builder.add(turned(builder.add(a, d), 7), a)
    shifted = builder.shl(b, _constant(9))
    c, d = builder.xor(c, a), builder.xor(d, b)
    b, a = builder.xor(b, c), builder.xor(a, d)
    c, d = builder.xor(c, shifted), turned(d, 11)
    for place, word in zip(places, (a, b, c, d), strict=True):
        builder.store(word, place, align=4)
    return result


@intrinsic
def _store_words(_typing: Any, state: Any, first: Any, words: Any, offset: Any) -> Any:
    """Puts a word of each of LANES streams into `words`, uint32."""

    def build(context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        drawn = _next_words(builder, data_of(context, builder, state, values[0]), values[1])
        place = builder.gep(data_of(context, builder, words, values[2]), [values[3]])
        builder.store(drawn, builder.bitcast(place, WHOLE.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(state, types.intp, words, types.intp), build


@intrinsic
def _uniform(_typing: Any, state: Any, first: Any) -> Any:
    """A number in (0, 1] from each of LANES streams, one of 2 ** 24 equally far apart."""

    def build(context: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
        drawn = _next_words(builder, data_of(context, builder, state, values[0]), values[1])
        high = builder.sitofp(builder.lshr(drawn, _constant(8)), VECTOR)
        scaled = builder.fmul(high, ir.Constant(VECTOR, [2.0**-24] * LANES))
        return builder.fadd(scaled, ir.Constant(VECTOR, [2.0**-25] * LANES))

    return lanes(state, types.intp), build


QUARTER, HALF, ONE, TWO = F(math.pi / 2), F(0.5), F(1), F(2)
S9, S7, S5, S3 = (F((-1) ** (k // 2) / math.factorial(k)) for k in (9, 7, 5, 3))
C10, C8, C6, C4, C2 = (F((-1) ** (k // 2) / math.factorial(k)) for k in (10, 8, 6, 4, 2))


@inlined
def _circle(turn: Any) -> Any:
    """Sine and cosine of 2 pi (turn - 1/2), by their series at a quarter of it and doubling."""
    a = (turn - HALF) * QUARTER
    t = a * a
    sine = a * ((((S9 * t + S7) * t + S5) * t + S3) * t + ONE)
    cosine = ((((C10 * t + C8) * t + C6) * t + C4) * t + C2) * t + ONE
    for _ in range(2):
        sine, cosine = TWO * sine * cosine, ONE - TWO * sine * sine
    return sine, cosine


def draw(state: Any, words: Any, order: Any, noise: Any) -> None:
    """Fills `order` with a permutation and `noise` with standard normal draws.

    Args:
        state: of the streams, uint32, shape (WORDS * STREAMS,); moves on.
        words: room to work in, uint32, as long as `order` rounded up to STREAMS.
        order: int64.
        noise: float32, its length a multiple of 2 * STREAMS.

    Source: Fisher and Yates' shuffle; Box and Muller 1958.
    """
    for place in range(0, len(words), STREAMS):
        for part in range(0, STREAMS, LANES):
            _store_words(state, part, words, place + part)
    for place in range(len(order)):
        order[place] = place
    for place in range(len(order) - 1, 0, -1):
        # A word's share of the range; uneven by place / 2 ** 32, which no epoch can show.
        other = np.int64((np.uint64(words[place]) * np.uint64(place + 1)) >> np.uint64(32))
        order[place], order[other] = order[other], order[place]
    for place in range(0, len(noise), 2 * STREAMS):
        for part in range(0, STREAMS, LANES):
            radius = root(F(-2) * log(_uniform(state, part)))
            sine, cosine = _circle(_uniform(state, part))
            store(noise, place + part, radius * cosine)
            store(noise, place + STREAMS + part, radius * sine)


_WORDS = types.Array(types.uint32, 1, "C")
DRAW = types.void(
    _WORDS, _WORDS, types.Array(types.int64, 1, "C"), types.Array(types.float32, 1, "C")
)
