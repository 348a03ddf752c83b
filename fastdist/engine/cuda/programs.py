"""Loops around formulas for the device, as text that is compiled once for each formula and dtype.

A thread takes every element that lies a whole grid apart from its first, so a result depends neither on the grid nor
on the device. Arrays are flat and contiguous; constants are found for an element as on the host.
"""

from __future__ import annotations

import functools
import types as pytypes
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine.evaluate import F32
from fastdist.engine.loops import ATTEMPTS, Program, Shape, function_source, output_type

SIZE = types.int64
FOLD = 64
"""How many terms a thread adds up in one pass of a sum."""


class Text(NamedTuple):
    """What :func:`target.build` and :func:`target.ptx` take."""

    name: str
    source: str
    kernels: dict[str, pytypes.FunctionType]
    signature: tuple[Any, ...]
    narrow: bool = False


def indented(lines: Iterable[str], depth: int = 1) -> list[str]:
    """Lines of a block."""
    return ["    " * depth + line for line in lines]


AHEAD = 4
"""How many values a thread loads before it works on them: one by one they would not keep the memory busy."""


def _each(body: Iterable[str], count: str = "n") -> list[str]:
    """`body` for each element ``k`` of a thread."""
    return [
        "k = np.int64(cuda.grid(1))",
        "step = np.int64(cuda.gridsize(1))",
        f"while k < {count}:",
        *indented(body),
        "    k += step",
    ]


class Sets(NamedTuple):
    """How a loop finds the constants of an element: statements before it, and for each element ``k``.

    Those of a single parameter set are loaded once, which a compiler dares not do by itself: results might be stored
    where they lie.
    """

    before: list[str]
    each: list[str]

    @classmethod
    def of(cls, constants: Shape, one: bool, narrow: bool = False) -> Sets:
        """For one parameter set, or for any number of them."""
        if one:
            return cls(constants.load("0", narrow), [])
        before = ["length, sets = np.uint64(length), np.uint64(c.shape[1])"]
        index = ["run = k // length", "i = k - run * length if advance else run % sets"]
        return cls(before, index + constants.load("i", narrow))


def _constants(constants: Shape) -> types.Array:
    return output_type(float, 2 + constants.ndim)


def loads_ahead(program: Program, one: bool) -> bool:
    """Whether a thread loads some values at once: where formulas are short, and constants are loaded already."""
    return one and not program.heavy


def pointwise(program: Program, constants: Shape, dtype: np.dtype, given: np.dtype, one: bool) -> Text:
    """``f(x, c, out0, ..., n, length, advance)``.

    Indices are unsigned, because those that may be negative are wrapped around at each access.
    """
    narrow = program.single and dtype == F32
    outs = [f"out{i}" for i in range(program.outputs)]
    sets = Sets.of(constants, one, narrow)

    def work(x: str, k: str) -> list[str]:
        return [
            f"v = {x}" if narrow else f"v = np.float64({x})",
            *sets.each,
            *program.body(constants),
            *(f"{out}[{k}] = {result}" for out, result in zip(outs, program.results, strict=True)),
        ]

    lines = [
        "k, step, n = np.uint64(cuda.grid(1)), np.uint64(cuda.gridsize(1)), np.uint64(n)",
        *("while k < n:", *indented(work("x[k]", "k")), "    k += step"),
    ]
    if loads_ahead(program, one):
        steps = ["step0 = np.uint64(0)", *(f"step{i} = step{i - 1} + step" for i in range(1, AHEAD + 1))]
        loads = [f"x{i} = x[k + step{i}]" for i in range(AHEAD)]
        each = [line for i in range(AHEAD) for line in work(f"x{i}", f"k + step{i}")]
        ahead = [f"while k + step{AHEAD - 1} < n:", *indented([*loads, *each]), f"    k += step{AHEAD}"]
        lines[1:1] = [*steps, *ahead]
    source = function_source(
        "pointwise", ["x", "c", *outs, "n", "length", "advance"], *sets.before, *lines, narrow=narrow
    )
    arrays = (output_type(given), _constants(constants), *(output_type(dtype),) * program.outputs)
    return Text("pointwise", source, program.kernels, (*arrays, SIZE, SIZE, types.boolean), narrow)


def total(program: Program, constants: Shape, dtype: np.dtype, one: bool) -> Text:
    """``f(x, c, sums, rows, slots, sets)``: each thread adds up the rows of one slot for one parameter set.

    ``sums`` has the axes (result, slot, set).
    """
    kept = [(i, program.results[result]) for i, result in enumerate(program.summed)]
    source = function_source(
        "total",
        ["x", "c", "sums", "rows", "slots", "sets"],
        *_each(
            [
                "slot = k // sets",
                "j = k - slot * sets",
                *constants.load("0" if one else "j"),
                *(f"s{i} = 0.0" for i, _ in kept),
                "row = slot",
                "while row < rows:",
                "    v = np.float64(x[row * sets + j])",
                *indented(program.body(constants)),
                *(f"    s{i} += {result}" for i, result in kept),
                "    row += slots",
                *(f"sums[{i}, slot, j] = s{i}" for i, _ in kept),
            ],
            "slots * sets",
        ),
    )
    return Text(
        "total",
        source,
        program.kernels,
        (output_type(dtype), _constants(constants), output_type(float, 3), SIZE, SIZE, SIZE),
    )


def fold() -> Text:
    """``f(sums, folded)``: along the second of three axes, each slot of ``folded`` adds up its share of ``sums``."""
    source = function_source(
        "fold",
        ["sums", "folded"],
        "results, slots, sets = folded.shape",
        *_each(
            [
                "j = k % sets",
                "slot = (k // sets) % slots",
                "result = k // (sets * slots)",
                "s = 0.0",
                "t = slot",
                "while t < sums.shape[1]:",
                "    s += sums[result, t, j]",
                "    t += slots",
                "folded[result, slot, j] = s",
            ],
            "results * slots * sets",
        ),
    )
    return Text("fold", source, {}, (output_type(float, 3), output_type(float, 3)))


def elementwise(kernel: Any, kinds: tuple[np.dtype | None, ...], dtype: np.dtype, outputs: int | None) -> Text:
    """``f(*operands, *results, n)``; an operand of no kind is a number."""
    operands = [f"p{i}" for i in range(len(kinds))]
    results = [f"r{i}" for i in range(outputs or 1)]
    taken = [name if kind is None else f"np.float64({name}[k])" for name, kind in zip(operands, kinds, strict=True)]
    values = ["v"] if outputs is None else [f"v[{i}]" for i in range(outputs)]
    source = function_source(
        "elementwise",
        [*operands, *results, "n"],
        *_each(
            [
                f"v = FORMULA({', '.join(taken)})",
                *(f"{result}[k] = {value}" for result, value in zip(results, values, strict=True)),
            ]
        ),
    )
    inputs = [types.float64 if kind is None else output_type(kind) for kind in kinds]
    return Text("elementwise", source, {"FORMULA": kernel}, (*inputs, *[output_type(dtype)] * len(results), SIZE))


def draw(
    program: Program,
    constants: Shape,
    dtype: np.dtype,
    one: bool,
    pairs: tuple[pytypes.FunctionType, ...],
    redraw: pytypes.FunctionType | None,
) -> Text:
    """``f(c, out, n, length, advance, k0, k1)``: each thread draws two neighbours, which share their noise.

    `pairs` are the kernels of each kind of noise. With `redraw`, a NaN from the formula is a rejected proposal.
    """
    noise = {f"PAIR{i}": pair for i, pair in enumerate(pairs)}
    first, second = ("".join(f"{side}{i}, " for i in range(len(pairs))) for side in "ab")
    body = program.body(constants)
    if redraw is not None:
        noise["REDRAW"] = redraw
        body = [
            "attempt = np.uint64(0)",
            "r0 = NAN",
            f"while r0 != r0 and attempt < np.uint64({ATTEMPTS}):",
            "    if attempt > np.uint64(0):",
            "        v = REDRAW(np.uint64(k), attempt, k0, k1)",
            *indented(body),
            "    attempt += np.uint64(1)",
        ]
    sets = Sets.of(constants, one)
    source = function_source(
        "draw",
        ["c", "out", "n", "length", "advance", "k0", "k1"],
        *sets.before,
        "pair, step, n = np.uint64(cuda.grid(1)), np.uint64(cuda.gridsize(1)), np.uint64(n)",
        "zero, one, two = np.uint64(0), np.uint64(1), np.uint64(2)",
        "while pair + pair < n:",
        *(f"    a{i}, b{i} = PAIR{i}(pair, zero, np.uint64({i}), k0, k1)" for i in range(len(pairs))),
        "    for j in range(two if pair + pair + one < n else one):",
        "        k = pair + pair + np.uint64(j)",
        f"        v = ({second}) if j else ({first})",
        *indented([*sets.each, *body, "out[k] = r0"], 2),
        "    pair += step",
    )
    signature = (_constants(constants), output_type(dtype), SIZE, SIZE, types.boolean, types.uint64, types.uint64)
    return Text("draw", source, {**program.kernels, **noise}, signature)


@functools.cache
def gather(given: np.dtype, dtype: np.dtype, ndim: int, own: int) -> Text:
    """``f(x, out, n, *shape)``: the array ``x`` of `own` axes, strided, broadcast to `ndim` axes and one type."""
    extents = [f"e{axis}" for axis in range(ndim)]
    index = [f"(i{axis} if x.shape[{axis - ndim + own}] > 1 else 0)" for axis in range(ndim - own, ndim)]
    split = []
    for axis in reversed(range(ndim)):
        split += [f"rest = left // e{axis}", f"i{axis} = left - rest * e{axis}", "left = rest"]
    source = function_source(
        "gather", ["x", "out", "n", *extents], *_each(["left = k", *split, f"out[k] = x[{', '.join(index)}]"])
    )
    signature = (types.Array(_of(given), own, "A"), types.Array(_of(dtype), 1, "C"), SIZE, *(SIZE,) * ndim)
    return Text("gather", source, {}, signature)


@functools.cache
def put(given: np.dtype) -> Text:
    """``f(x, out, n, first, apart)``: the numbers of ``x`` in every so many places of ``out``."""
    source = function_source("put", ["x", "out", "n", "first", "apart"], *_each(["out[first + k * apart] = x[k]"]))
    return Text("put", source, {}, (output_type(given), output_type(float), *(SIZE,) * 3))


@functools.cache
def outside(inside: str) -> Text:
    """``f(x, first, n)``: the smallest index of an element that is not `inside`, a condition over ``v``, if any is."""
    source = function_source(
        "outside",
        ["x", "first", "n"],
        *_each(["v = np.float64(x[k])", f"if not ({inside}):", "    cuda.atomic.min(first, 0, k)"]),
    )
    return Text("outside", source, {}, (output_type(float), types.Array(types.int64, 1, "C"), SIZE))


def _of(dtype: np.dtype) -> Any:
    from numba.np.numpy_support import from_dtype

    return from_dtype(dtype)
