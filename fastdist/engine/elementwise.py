"""A formula of several arrays, number by number: one pass over memory, whichever of them are single numbers."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu, loops
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import F32, F64, in_threads


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
    return _over(kernel, operands, shape, dtype)[0]


def with_rest(quick: Any, careful: Any, operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """An array of ``quick(*operands)``, and where that is NaN of ``careful(*operands)``."""
    (found,), missing = _over(quick, operands, shape, dtype)
    if missing:
        rest = np.isnan(found)
        few = tuple(np.broadcast_to(operand, shape)[rest] for operand in operands)
        found[rest] = _over(careful, few, few[0].shape, dtype)[0][0]
    return found


def _over(
    kernel: Any, operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype
) -> tuple[tuple[np.ndarray, ...], bool]:
    """The results as arrays, and whether there may be a NaN in the only one."""
    entry, outputs = loops.parameter_scalar(kernel, len(operands))
    results = tuple(np.empty(shape, dtype) for _ in range(outputs or 1))
    n = math.prod(shape)
    if not n:
        return results, False
    flat = [_flat(np.asarray(operand), shape) for operand in operands]
    if all(isinstance(o, float) for o in flat):  # a loop over nothing but numbers takes minutes to compile
        found = entry(*flat)
        for result, value in zip(results, found if outputs is not None else (found,), strict=True):
            result[...] = value
        return results, True
    kinds = tuple(None if isinstance(o, float) else (F32 if o.dtype == F32 else F64) for o in flat)
    loop, outs = _loop(kernel, kinds, dtype, outputs), [r.reshape(-1) for r in results]
    missing = []

    def work(start: int, stop: int) -> None:
        if loop(*flat, *outs, start, stop):
            missing.append(start)

    in_threads(work, n, cpu.heavy(kernel))
    return results, bool(missing)
