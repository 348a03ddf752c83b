"""A formula of several arrays, number by number: one pass over memory, whichever of them are single numbers."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu, loops
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import CACHED, F32, F64, LONGEST, arrays, in_threads

# So many of the operands tell whether a formula that does not hold everywhere is worth its time.
FEW = 64


@functools.cache
def _loop(kernel: Any, kinds: tuple[np.dtype | None, ...], dtype: np.dtype, outputs: int | None) -> Any:
    """``f(*operands, *results, start, stop)``; an operand of no kind is a number.

    Where the kernel gives a number the loop tells how often that is NaN.
    """
    operands = [f"p{i}" for i in range(len(kinds))]
    results = [f"r{i}" for i in range(outputs or 1)]
    taken = [name if kind is None else f"np.float64({name}[k])" for name, kind in zip(operands, kinds, strict=True)]
    values = ["v"] if outputs is None else [f"v[{i}]" for i in range(outputs)]
    source = loops.function_source(
        "loop",
        [*operands, *results, "start", "stop"],
        "missing = 0",
        "for k in range(start, stop):",
        f"    v = FORMULA({', '.join(taken)})",
        *(f"    {result}[k] = {value}" for result, value in zip(results, values, strict=True)),
        *(["    missing += v != v"] if outputs is None else []),
        "return missing",
    )
    inputs = [types.float64 if kind is None else loops.input_type(kind) for kind in kinds]
    signature = (*inputs, *[loops.output_type(dtype)] * len(results), loops.SIZE, loops.SIZE)
    return cpu.build("loop", source, {"FORMULA": kernel}, signature).entry_point


def _flat(operand: np.ndarray, shape: tuple[int, ...]) -> Any:
    """A number where it is one throughout, else an array of one axis, contiguous."""
    if all(stride == 0 or length == 1 for stride, length in zip(operand.strides, operand.shape, strict=True)):
        return float(operand.flat[0])
    return np.ascontiguousarray(np.broadcast_to(operand, shape)).reshape(-1)


def elementwise(kernel: Any, operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype) -> tuple[Any, ...]:
    """The results of ``kernel(*operands)`` with its operands broadcast to `shape`: arrays, or numbers for ``()``.

    Operands are numbers or arrays of float32 or float64.
    """
    if any(map(on_device, operands)):
        return cuda().elementwise(kernel, operands, shape, dtype, "the operands")
    if shape == ():
        entry, outputs = loops.parameter_scalar(kernel, len(operands))
        found = entry(*(float(operand) for operand in operands))
        return tuple(dtype.type(value) for value in (found if outputs is not None else (found,)))
    return _over((kernel,), operands, shape, dtype)


def first_that_holds(
    kernels: tuple[Any, ...], operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype
) -> Any:
    """An array of the only result of the first kernel, of the next where that is NaN, and so on.

    The last holds everywhere, and is that of numbers. Another that holds for few of the operands is not asked.
    """
    return _over(kernels, operands, shape, dtype)[0]


def _over(
    kernels: tuple[Any, ...], operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype
) -> tuple[np.ndarray, ...]:
    """The results of the last kernel as arrays: where those before it hold, theirs."""
    entry, outputs = loops.parameter_scalar(kernels[-1], len(operands))
    results = arrays(outputs or 1, shape, dtype)
    n = math.prod(shape)
    if not n:
        return results
    flat = [_flat(np.asarray(operand), shape) for operand in operands]
    if all(isinstance(o, float) for o in flat):  # a loop over nothing but numbers takes minutes to compile
        found = entry(*flat)
        for result, value in zip(results, found if outputs is not None else (found,), strict=True):
            result[...] = value
        return results
    kinds = tuple(None if isinstance(o, float) else (F32 if o.dtype == F32 else F64) for o in flat)

    def fill(loop: Any, rest: tuple[Any, ...], given: list[Any], outs: list[Any], start: int, stop: int) -> None:
        missing = loop(*given, *outs, start, stop)
        if not missing or not rest:
            return
        (out,), following = outs, _loop(rest[0], kinds, dtype, None)
        if missing == stop - start:
            fill(following, rest[1:], given, outs, start, stop)
            return
        where = start + np.flatnonzero(np.isnan(out[start:stop]))
        few = np.empty(missing, dtype)
        fill(following, rest[1:], [o if isinstance(o, float) else o[where] for o in given], [few], 0, missing)
        out[where] = few

    first, outs = _loop(kernels[0], kinds, dtype, outputs), [r.reshape(-1) for r in results]
    if len(kernels) > 1 and n > FEW:
        few = [o if isinstance(o, float) else o[:: n // FEW].copy() for o in flat]
        while len(kernels) > 1 and first(*few, np.empty(FEW, dtype), 0, FEW) > FEW // 2:
            kernels = kernels[1:]
            first = _loop(kernels[0], kinds, dtype, outputs)
    work = functools.partial(fill, first, kernels[1:], flat, outs)
    in_threads(work, n, cpu.heavy(kernels[0]), LONGEST if len(kernels) == 1 else CACHED)
    return results
