"""Kernels at Duals: what the engine compiles of a formula for its value and its tangents."""

from __future__ import annotations

import functools
import math
import types
from typing import Any

import numpy as np
from numba.core.errors import NumbaError

from fastdist.engine.bits import LARGEST
from fastdist.engine.elementwise import elementwise
from fastdist.engine.evaluate import F32, F64
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import Program
from fastdist.engine.pairs import tangent
from fastdist.forward.dual import duals_in, level_of, made, primals, stacked
from fastdist.forward.ufuncs import scaled


def applied(
    formula: types.FunctionType, arguments: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype, who: str
) -> tuple[Any, ...]:
    """The results of a kernel with its arguments, arrays or Duals, broadcast to `shape`.

    Each level of Duals makes a kernel of arguments and tangents of the one before it.
    """
    level = max(map(level_of, arguments))
    if not level:
        try:
            return elementwise(formula, tuple(map(_operand, arguments)), shape, dtype)
        except NumbaError as error:
            raise TypeError(f"{who}: its formula has no rule for this derivative") from error
    found = duals_in(arguments, level)
    moved = tangent(formula, len(arguments))
    plain = primals(arguments, level)
    values: list[Any] = []
    slopes = []
    for j in range(len(found[0]._directions)):
        towards = tuple(a._directions[j] if level_of(a) == level else 0.0 for a in arguments)
        results = applied(moved, (*plain, *towards), shape, dtype, who)
        values = list(results[::2])
        slopes.append(results[1::2])
    single = all(dual._single for dual in found)
    return tuple(made(v, stacked(s), single, level) for v, s in zip(values, zip(*slopes, strict=True), strict=True))


def by_slopes(
    formula: types.FunctionType, arguments: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype, who: str
) -> Any:
    """The first result of a kernel, of which the others are the derivatives in its first arguments, at Duals."""
    level = max(map(level_of, arguments))
    if not level:
        return applied(formula, arguments, shape, dtype, who)[0]
    found, plain = duals_in(arguments, level), primals(arguments, level)
    slopes = applied(formula, plain, shape, dtype, who)[1:]
    terms = [
        [scaled(slope, a._directions[j]) for a, slope in zip(arguments, slopes, strict=False) if level_of(a) == level]
        for j in range(len(found[0]._directions))
    ]
    moved = stacked([np.broadcast_to(sum(part), shape) for part in terms])
    value = by_slopes(formula, plain, shape, dtype, who)
    return made(value, moved, all(dual._single for dual in found), level)


def _operand(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array if array.dtype == F32 else array.astype(F64, copy=False)


@functools.cache
def whole(program: Program, prepare: types.FunctionType, arity: int) -> types.FunctionType:
    """The kernel of a value and of the parameters that a program is the loop of, with its guard."""
    names, results = [f"p{i}" for i in range(arity)], [f"r{i}" for i in range(program.outputs)]
    formula = [f"{', '.join(results)} = FORMULA(v, c)"]
    lines = [
        f"c = PREPARE({', '.join(names)})",
        "ZERO, ONE = 0.0, 1.0",
        *(formula if program.guard is None else program.guard.lines(formula, results, "c")),
        f"return {', '.join(results)}",
    ]
    source = "\n".join([f"def whole({', '.join(['v', *names])}):", *(f"    {line}" for line in lines)])
    defined: dict[str, Any] = {}
    known = {"floor": math.floor, "INF": math.inf, "NAN": math.nan, "LARGEST": LARGEST, "PREPARE": prepare}
    exec(compile(source, f"<fastdist {program.name}>", "exec"), {**known, **program.kernels}, defined)
    function: types.FunctionType = kernel(defined["whole"])
    return function
