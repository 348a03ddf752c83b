"""From arrays to compiled loops and back: dtypes, broadcasting, results, threads."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist.engine import loops, threads
from fastdist.engine.broadcast import layout
from fastdist.engine.device import cuda, on_device, refuse
from fastdist.engine.loops import Program, Shape
from fastdist.reals import as_reals

F64 = np.dtype(np.float64)
F32 = np.dtype(np.float32)
I64 = np.dtype(np.int64)

# Elements that take little time, light and heavy ones, and how many a thread may take at a time.
CHUNK, HEAVY_CHUNK, LONGEST = 1 << 11, 1 << 6, 1 << 17
# What loops hold of a chunk beside the results stays in a core's cache.
CACHED = 1 << 14
# So few go straight to the loop: light ones that take no longer than it does to wake a thread, heavy ones, and rounds
# over a batch, of which many are laid out anew.
DIRECT, HEAVY_DIRECT, ROUNDS = 1 << 14, 1 << 12, 64
# Bytes of several results that are worth one block of memory, and that the GNU C library would keep.
SEVERAL = 1 << 20, 1 << 25
# The terms of a chunk of events stay in a core's cache.
EVENTS_CHUNK = 1 << 13
# Sums are made in chunks of this size whatever the number of threads: the result never depends on it.
SUM_CHUNK, SUM_SLOTS = 1 << 14, 16


class Constants:
    """What `prepare` made of the parameters, once.

    Attributes
    ----------
    scalars : tuple or None
        For one parameter set, the constants as floats (or rows).
    array : ndarray
        Axes (constant, parameter set, ...).
    batch_shape : tuple of int
    entries : dict
        Compiled loops by what they compute, for calls that need nothing else.
    """

    __slots__ = ("array", "batch_shape", "entries", "scalars", "shape")

    def __init__(self, array: np.ndarray, batch_shape: tuple[int, ...], scalars: tuple[Any, ...] | None = None) -> None:
        self.array = array
        self.batch_shape = batch_shape
        self.entries: dict[Any, Any] = {}
        self.shape = Shape(len(array), array.ndim - 2)
        if scalars is None and batch_shape == ():
            scalars = tuple(row[0] for row in array)
        self.scalars = scalars


def prepare(kernel: Any, parameters: tuple[Any, ...], batch_shape: tuple[int, ...]) -> Constants:
    """Run a `prepare` kernel over the parameter sets."""
    if any(map(on_device, parameters)):
        return cuda().prepare(kernel, parameters, batch_shape)
    if batch_shape == ():
        entry, _ = loops.parameter_scalar(kernel, len(parameters))
        scalars = entry(*parameters)
        return Constants(np.array(scalars, dtype=F64).reshape(-1, 1), (), scalars)
    return Constants(_over(kernel, parameters, batch_shape), batch_shape)


def of_parameters(kernel: Any, parameters: tuple[Any, ...], batch_shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """A kernel of the parameters alone, such as a mean: a scalar, or an array of `batch_shape`."""
    if any(map(on_device, parameters)):
        return cuda().of_parameters(kernel, parameters, batch_shape, dtype)
    if batch_shape == ():
        return dtype.type(loops.parameter_scalar(kernel, len(parameters))[0](*parameters))
    return _over(kernel, parameters, batch_shape)[0].reshape(batch_shape).astype(dtype, copy=False)


def _over(kernel: Any, parameters: tuple[Any, ...], batch_shape: tuple[int, ...]) -> np.ndarray:
    sets = math.prod(batch_shape)
    entry, count = loops.parameter_loop(kernel, len(parameters))
    stacked = np.empty((len(parameters), *batch_shape))
    for row, parameter in zip(stacked, parameters, strict=True):
        row[...] = parameter
    out = np.empty((count or 1, sets))
    flat = stacked.reshape(len(parameters), sets)
    in_threads(lambda start, stop: entry(flat, out, start, stop), sets, heavy=True)
    return out


def prepare_rows(kernel: Any, rows: Any, count: int, batch_shape: tuple[int, ...]) -> Constants:
    """``kernel(row, out_row, ...)`` over the last axis of `rows`: `count` rows for each parameter set."""
    if on_device(rows):
        return cuda("sets").prepare_rows(kernel, rows, count, batch_shape)
    rows = np.ascontiguousarray(rows, F64).reshape(math.prod(batch_shape), rows.shape[-1])
    out = np.empty((count, *rows.shape))
    entry = loops.row_loop(kernel, count)
    chunk = max(CHUNK // max(rows.shape[-1], 1), 1)
    threads.run(lambda start, stop: entry(rows, out, start, stop), len(rows), chunk, LONGEST // CHUNK)
    return Constants(out, batch_shape)


def operand(value: Any, who: str) -> np.ndarray:
    """`value` as an array of a real dtype; integers and booleans stay what they are."""
    refuse(value, who)
    return as_reals(value, who, "a value")


def is_python_scalar(value: Any) -> bool:
    """Whether a value is a number without a dtype."""
    return isinstance(value, (float, int)) and not isinstance(value, np.generic)


def result_dtype(value: Any, own: np.dtype, weak: bool, python_scalar: bool) -> np.dtype:
    """float32 where both sides are float32, or one is and the other has no dtype of its own; else float64."""
    if python_scalar or value.dtype.kind in "iub":
        return own
    narrow = value.dtype.itemsize <= 4
    return F32 if narrow and (weak or own == F32) else F64


def arrays(count: int, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, ...]:
    """New arrays. Large ones share one block of memory, which a C library keeps for the next call when it is freed:
    of several it returns some to the system, and their pages are made anew each time."""
    if count > 1 and SEVERAL[0] <= count * math.prod(shape) * dtype.itemsize <= SEVERAL[1]:
        return tuple(np.empty((count, *shape), dtype))
    return tuple(np.empty(shape, dtype) for _ in range(count))


def destination(out: Any, shape: tuple[int, ...], dtype: np.dtype, who: str) -> tuple[np.ndarray, Any]:
    """A contiguous native array to write to, and the user's `out` if it is another."""
    if out is None:
        return np.empty(shape, dtype), None
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{who}: out must be a numpy array; got {type(out).__name__}")
    if out.shape != shape:
        raise ValueError(f"{who}: out has shape {out.shape}, the result has {shape}")
    if not out.flags.writeable:
        raise ValueError(f"{who}: out is read-only")
    if out.dtype.kind not in "fiuc" or not np.can_cast(dtype, out.dtype, "same_kind"):
        raise TypeError(f"{who}: out has dtype {out.dtype}, which cannot take {dtype}")
    if out.dtype == dtype and out.dtype.isnative and out.flags.c_contiguous:
        return out, None
    return np.empty(shape, dtype), out


def broadcast_shape(value_shape: tuple[int, ...], batch_shape: tuple[int, ...], who: str) -> tuple[int, ...]:
    """The shape of a result, or an error that names both sides."""
    if value_shape == batch_shape or batch_shape == ():
        return value_shape
    try:
        return np.broadcast_shapes(value_shape, batch_shape)
    except ValueError:
        raise ValueError(
            f"{who}: a value of shape {value_shape} does not broadcast with batch_shape {batch_shape}"
        ) from None


def pointwise(
    program: Program,
    value: Any,
    constants: Constants,
    own: np.dtype,
    weak: bool,
    who: str,
    out: Any = None,
    quick: tuple[Program, Constants] | None = None,
) -> Any:
    """``program`` at each element of `value` against `constants`: an array, or a tuple of arrays.

    With `quick`, another program computes what it can, and `program` only where that gives NaN.
    """
    if quick is None and type(value) is np.ndarray and value.dtype is F64 is own and type(constants) is Constants:
        entry: Any = constants.entries.get(program)
        length = 0 if entry is None else _run_of_few(program, value, constants)
        if length and (out is None or _takes(out, value)):
            result = np.empty(value.shape) if out is None else out
            flat, n, advance = value.reshape(-1), value.size, len(constants.batch_shape) > 0
            entry(flat, constants.array, result.reshape(-1), 0, n, length, advance, 0, 0)
            return result
    if type(constants) is not Constants or on_device(value):
        return cuda().pointwise(program, value, constants, own, weak, who, out)
    x = operand(value, who)
    dtype = result_dtype(x, own, weak, is_python_scalar(value))
    shape = broadcast_shape(x.shape, constants.batch_shape, who)
    given = None
    if out is None:
        results = arrays(program.outputs, shape, dtype)
    else:
        own_out, given = destination(out, shape, dtype, who)
        results = (own_out, *arrays(program.outputs - 1, shape, dtype))
    first = results[0]
    if first.size:
        if out is not None and np.may_share_memory(x, first):
            x = x.copy()
        flat = _flat(x, shape)
        computed = program.computed(dtype)
        narrow = computed != dtype
        to_narrow: Any = loops.to_narrow() if dtype != F64 else None
        # Integers are counts: where the formula is light, a pass that converts many would cost as much as it does.
        counts = x.ndim and flat.dtype == I64 and dtype == F64
        given_dtype = I64 if counts and not program.heavy and quick is None else computed
        entry = program.loop(constants.shape, computed, given_dtype)
        dear = program.heavy and program.name in ("icdf", "isf")
        if program.outputs == 1 and given_dtype is F64 and not narrow and not dear:
            constants.entries[program] = entry
        array, length, advance = layout(constants.array, constants.batch_shape, shape)
        outs = [r.reshape(-1) for r in results]
        ready = not narrow and flat.dtype == given_dtype and flat.dtype.isnative and flat.flags.c_contiguous

        def work(start: int, stop: int) -> None:
            if ready:
                entry(flat, array, *outs, start, stop, length, advance, 0, 0)
                return
            part = np.ascontiguousarray(flat[start:stop], given_dtype)
            if not narrow:
                entry(part, array, *outs, start, stop, length, advance, start, 0)
                return
            parts = [np.empty(stop - start) for _ in outs]
            entry(part, array, *parts, start, stop, length, advance, start, start)
            for out, wide in zip(outs, parts, strict=True):
                to_narrow(wide, out, start)

        def quick_work(start: int, stop: int) -> None:
            part = np.ascontiguousarray(flat[start:stop], counted)
            result = np.empty(stop - start) if dtype != F64 else outs[0][start:stop]
            if checked(part, table, result):
                rest = np.flatnonzero(np.isnan(result))
                slow = np.empty(rest.size)
                entry(part[rest].astype(F64), array, slow, 0, rest.size, rest.size, False, 0, 0)
                result[rest] = slow
            if dtype != F64:
                to_narrow(result, outs[0], start)

        if quick is None:
            in_threads(work, first.size, program.heavy, LONGEST if ready else CACHED)
        else:
            counted = I64 if flat.dtype == I64 else F64
            checked, table = quick[0].checked(quick[1].shape, counted), quick[1].array
            entry = program.loop(constants.shape, F64)
            threads.run(quick_work, first.size, CHUNK, CACHED // CHUNK)
    if given is not None:
        given[...] = first
        results = (given, *results[1:])
    if out is None and shape == ():
        results = tuple(r[()] for r in results)
    return results if program.outputs > 1 else results[0]


def _run_of_few(program: Program, value: np.ndarray, constants: Constants) -> int:
    """The length of a run over values that go straight to the loop, or 0."""
    n, ndim, batch = value.size, value.ndim, constants.batch_shape
    if not 0 < n < (HEAVY_DIRECT if program.heavy else DIRECT) or not ndim or not value.flags.c_contiguous:
        return 0
    if not batch:
        return n
    length = constants.array.shape[1]
    return length if value.shape[ndim - len(batch) :] == batch and n <= ROUNDS * length else 0


def _takes(out: Any, value: np.ndarray) -> bool:
    """Whether a loop may write what becomes of `value` to an array as it is."""
    same = type(out) is np.ndarray and out.dtype is F64 and out.shape == value.shape
    return same and out.flags.carray and not np.may_share_memory(value, out)


def _flat(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`x` broadcast to `shape`, with one axis: a view where there is one."""
    x = x if x.shape == shape else np.broadcast_to(x, shape)
    return x if x.ndim == 1 else x.reshape(-1)


def in_threads(work: Callable[[int, int], None], n: int, heavy: bool, longest: int = LONGEST) -> None:
    """``work(start, stop)`` over `n` elements, no more than `longest` at a time."""
    chunk = HEAVY_CHUNK if heavy else CHUNK
    threads.run(work, n, chunk, longest // chunk)


def events(
    program: Program, value: Any, constants: Constants, ndim: int, own: np.dtype, who: str, out: Any = None
) -> Any:
    """``program`` at each element of `value`, summed over the last `ndim` axes, which are those of an event."""
    if type(constants) is not Constants or on_device(value):
        return cuda().events(program, value, constants, ndim, own, who, out)
    x = operand(value, who)
    shape = broadcast_shape(x.shape, constants.batch_shape, who)
    cut = len(shape) - ndim
    size = math.prod(shape[cut:])
    result, given = destination(out, shape[:cut], result_dtype(x, own, False, False), who)
    if out is not None and np.may_share_memory(x, result):
        x = x.copy()
    if not size:
        result[...] = 0.0
    elif result.size:
        flat, sums = _flat(x, shape), result.reshape(-1)
        entry = program.events(constants.shape)
        array, length, advance = layout(constants.array, constants.batch_shape, shape)

        def work(start: int, stop: int) -> None:
            part = np.ascontiguousarray(flat[start * size : stop * size], F64)
            wide = sums[start:stop] if result.dtype == F64 else np.empty(stop - start)
            entry(part, array, wide, np.empty(len(part)), start, stop, size, length, advance)
            if result.dtype != F64:
                with np.errstate(over="ignore"):
                    sums[start:stop] = wide

        chunk = HEAVY_CHUNK if program.heavy else EVENTS_CHUNK
        threads.run(work, result.size, max(1, chunk // size), EVENTS_CHUNK // chunk)
    if given is not None:
        given[...] = result
        return given
    return result if out is not None else result[()]


def samples_and_sets(
    shape: tuple[int, ...], batch_shape: tuple[int, ...], who: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of a value the sample axes, over which sums go, and the axes of the sums."""
    broadcast_shape(shape, batch_shape, who)
    cut = max(len(shape) - len(batch_shape), 0)
    return shape[:cut], np.broadcast_shapes(shape[cut:], batch_shape) if batch_shape else ()


def total(program: Program, value: Any, constants: Constants, own: np.dtype, who: str) -> tuple[Any, ...]:
    """Each result of `program` summed over the sample axes of `value`: arrays of the batch's shape."""
    if type(constants) is not Constants or on_device(value):
        return cuda().total(program, value, constants, own, who)
    x = operand(value, who)
    batch_shape = constants.batch_shape
    samples, inner = samples_and_sets(x.shape, batch_shape, who)
    flat = _flat(x, samples + inner)
    array = constants.array
    if inner != batch_shape:
        kind = array.shape[2:]
        batch = (1,) * (len(inner) - len(batch_shape)) + batch_shape
        spread = np.broadcast_to(array.reshape((len(array), *batch, *kind)), (len(array), *inner, *kind))
        array = np.ascontiguousarray(spread).reshape((len(array), -1, *kind))
    entry = program.total(constants.shape)
    sets = math.prod(inner)
    results = len(program.summed)
    if sets == 0:
        return tuple(np.zeros(inner) for _ in range(results))
    advance = sets > 1
    rows = flat.size // sets
    slots = max(1, min(SUM_SLOTS, SUM_CHUNK // sets) if advance else rows)
    chunk = sets * max(SUM_CHUNK // sets, -(-rows // slots), 1)
    sums = np.zeros((results, max(1, -(-flat.size // chunk)), sets))

    def work(start: int, stop: int) -> None:
        part = np.ascontiguousarray(flat[start:stop], F64)
        scratch = np.empty((results, loops.BLOCK))
        entry(part, array, sums, scratch, 0, stop - start, sets, advance, start // chunk)

    threads.run(work, flat.size, chunk)
    return tuple(_added_up(row).reshape(inner)[()] for row in sums)


def _added_up(chunks: np.ndarray) -> np.ndarray:
    """The sum over chunks: correctly rounded for one parameter set, where there are few numbers."""
    if chunks.shape[1] == 1 and np.isfinite(chunks).all():
        return np.array(math.fsum(chunks[:, 0]))
    return chunks.sum(axis=0)
