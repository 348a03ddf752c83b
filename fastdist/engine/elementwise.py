"""A formula of several arrays, number by number: one pass over memory, whichever of them are single numbers."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu, loops
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import CACHED, F32, F64, LONGEST, in_threads


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
    return _over(kernel, operands, shape, dtype)


def with_rest(quick: Any, careful: Any, operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """An array of ``quick(*operands)``, and where that is NaN of ``careful(*operands)``."""
    return _over(quick, operands, shape, dtype, careful)[0]


def _over(
    kernel: Any, operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype, careful: Any = None
) -> tuple[np.ndarray, ...]:
    """The results as arrays. The only one is that of `careful`, if given, where it is NaN."""
    entry, outputs = loops.parameter_scalar(kernel, len(operands))
    results = tuple(np.empty(shape, dtype) for _ in range(outputs or 1))
    n = math.prod(shape)
    if not n:
        return results
    flat = [_flat(np.asarray(operand), shape) for operand in operands]
    if all(isinstance(o, float) for o in flat):  # a loop over nothing but numbers takes minutes to compile
        found = entry(*flat)
        if careful is not None and found != found:
            found = loops.parameter_scalar(careful, len(operands))[0](*flat)
        for result, value in zip(results, found if outputs is not None else (found,), strict=True):
            result[...] = value
        return results
    kinds = tuple(None if isinstance(o, float) else (F32 if o.dtype == F32 else F64) for o in flat)
    loop, outs = _loop(kernel, kinds, dtype, outputs), [r.reshape(-1) for r in results]

    def work(start: int, stop: int) -> None:
        missing = loop(*flat, *outs, start, stop)
        if missing and careful is not None:
            mend(_loop(careful, kinds, dtype, None), start, stop, missing)

    def mend(rest: Any, start: int, stop: int, missing: int) -> None:
        (out,) = outs
        if missing == stop - start:
            rest(*flat, out, start, stop)
            return
        where = start + np.flatnonzero(np.isnan(out[start:stop]))
        found = np.empty(missing, dtype)
        rest(*(o if isinstance(o, float) else o[where] for o in flat), found, 0, missing)
        out[where] = found

    in_threads(work, n, cpu.heavy(kernel), LONGEST if careful is None else CACHED)
    return results
