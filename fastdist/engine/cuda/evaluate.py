"""From arrays to kernels and back on the device: as :mod:`fastdist.engine.evaluate`, function by function."""

from __future__ import annotations

import functools
import math
from math import exp
from typing import Any

import numpy as np

from fastdist.engine import evaluate, loops
from fastdist.engine.broadcast import runs
from fastdist.engine.cuda import programs, target
from fastdist.engine.cuda.arrays import (
    Contiguous,
    Place,
    at_home,
    flat,
    kept,
    of_host,
    shape_of,
    to_host,
    view,
    written,
)
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F32, F64, I64, Constants
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import Program
from fastdist.engine.seed import Key

__all__ = ["of_host", "shape_of", "to_host"]

THREADS = 8 if target.SIMULATED else 256
BLOCKS = 1 << 16
# So many values keep every thread of a device busy with several.
MANY = 1 << 20
# From 64 rows on, sums are spread over as many threads as a device keeps busy.
SLOTS = 1 << 16


class DeviceConstants(Constants):
    """What `prepare` made of parameters on the device."""

    __slots__ = ("place",)

    def __init__(self, array: Any, batch_shape: tuple[int, ...], place: Place) -> None:
        super().__init__(array, batch_shape, ())
        self.scalars = None
        self.place = place


@functools.cache
def built(maker: Any, *key: Any) -> Any:
    """The kernel whose text `maker` writes."""
    return target.explained(target.build)(*maker(*key))


def launch(kernel: Any, n: int, place: Place, *args: Any) -> None:
    """Queue a kernel with a thread for each of `n`, or fewer that go round."""
    blocks = max(1, min(BLOCKS, -(-n // THREADS)))
    target.called(kernel, blocks, THREADS, place.stream, *args)


def place_for(who: str, *values: Any) -> Place:
    """Where the results of a call go: to the first of its arrays that is on the device."""
    found = [value for value in values if on_device(value)]
    for value in values:
        if not on_device(value) and math.prod(shape_of(value)) > 1:
            raise TypeError(
                f"{who}: an array of shape {shape_of(value)} is on the host and another is on the device; "
                "move one of them (a distribution moves by .to('cuda') or .to('cpu'))"
            )
    return Place(found[0])


class Described:
    """What is asked of a value before it is taken: its shape, its axes and its dtype."""

    def __init__(self, value: Any) -> None:
        self.shape = shape_of(value)
        self.ndim = len(self.shape)
        self.dtype = dtype_of(value)


@at_home
def placed(constants: Constants, place: Place) -> DeviceConstants:
    """Constants that were made on the host, copied to the device."""
    if isinstance(constants, DeviceConstants):
        return constants
    return DeviceConstants(place.copied(constants.array), constants.batch_shape, place)


def operand(value: Any, shape: tuple[int, ...], place: Place, dtype: np.dtype | None = None) -> Any:
    """`value` as a flat contiguous array of `shape` and a float or integer dtype that a loop takes."""
    array = view(value) if on_device(value) else place.copied(np.asarray(value))
    given = np.dtype(array.dtype)
    dtype = dtype or (given if given in (F32, F64, I64) else F64)
    n = math.prod(shape)
    if n and array.shape == shape and given == dtype and array.is_c_contiguous():
        return flat(array)
    result = place.scratch((max(n, 1),), dtype)
    if not array.shape:
        array = array.reshape(1)
    if n:
        extents = shape or (1,)
        kernel = built(programs.gather, given, dtype, len(extents), array.ndim)
        launch(kernel, n, place, array, result, n, *extents)
    return result


def _constants(constants: Constants, shape: tuple[int, ...], place: Place) -> tuple[Any, int, bool]:
    """The constants on the device, and how they follow the elements of a result of `shape`."""
    array: Any = constants.array
    if not isinstance(constants, DeviceConstants):
        array = constants.entries.get(("device", place.device))
        if array is None:
            array = constants.entries["device", place.device] = place.copied(constants.array)
    found = runs(constants.batch_shape, shape)
    if found is not None:
        return array, *found
    return _repeated(array, constants.batch_shape, shape, place), math.prod(shape), True


def dtype_of(value: Any) -> np.dtype:
    """The dtype of an array anywhere, or of a number."""
    return np.dtype(view(value).dtype) if on_device(value) else np.asarray(value).dtype


def real(value: Any, who: str) -> Any:
    """Numba's view of `value`, or a host's array of it: real numbers."""
    array = view(value) if on_device(value) else np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{who}: a value must be real numbers; got dtype {array.dtype}")
    return array


@at_home
def moved(value: Any, shape: tuple[int, ...], dtype: np.dtype, place: Place) -> Any:
    """A copy of `value`, broadcast to `shape`, of the place's own kind."""
    result = place.empty(shape, dtype)
    n = math.prod(shape)
    if n:
        launch(_copy(dtype), n, place, operand(value, shape, place, dtype), written(result), n, n)
    return result


def _copy(dtype: np.dtype) -> Any:
    return built(programs.gather, dtype, dtype, 1, 1)


def new_place() -> Place:
    """Where results go when no array of the caller's says so: to CuPy's where CuPy is installed, else to Numba's."""
    return Place(of_host(np.zeros(1)))


def _place_of(value: Any, constants: Constants, who: str) -> Place:
    """Where the results for `value` go; a batch of parameter sets must be there too."""
    if isinstance(constants, DeviceConstants):
        if not on_device(value) and math.prod(shape_of(value)) > 1:
            place_for(who, constants.array, value)
        return constants.place if not on_device(value) else Place(value)
    return place_for(who, value, *([] if constants.batch_shape == () else [constants.array[0]]))


@at_home
def pointwise(
    program: Program,
    value: Any,
    constants: Constants,
    own: np.dtype,
    weak: bool,
    who: str,
    out: Any = None,
) -> Any:
    """``program`` at each element of `value` against `constants`: an array, or a tuple of arrays."""
    if out is None and target.DIRECT is not None:
        found = _in_place(program, value, constants, own, weak)
        if found is not None:
            return found
    place = _place_of(value, constants, who)
    number, value = evaluate.is_python_scalar(value), real(value, who)
    dtype = evaluate.result_dtype(value, own, weak, number)
    shape = evaluate.broadcast_shape(value.shape, constants.batch_shape, who)
    first = place.empty(shape, dtype) if out is None else _destination(out, shape, dtype, who)
    results = (first, *(place.empty(shape, dtype) for _ in range(program.outputs - 1)))
    if math.prod(shape):
        _fill(program, value, constants, shape, place, dtype, [written(result) for result in results])
    return results if program.outputs > 1 else first


def _in_place(program: Program, value: Any, constants: Constants, own: np.dtype, weak: bool) -> Any:
    """The same for a contiguous array of a known library that needs no view of Numba's, or None: most calls."""
    lent = Contiguous.of(value)
    batch = constants.batch_shape
    if lent is None or not lent.size or not (batch == () or (batch == lent.shape and type(constants) is not Constants)):
        return None
    place = Place(value)
    key = program, lent.dtype, own, weak, place.device
    plan = constants.entries.get(key)
    if plan is None:
        if lent.dtype not in (F32, F64, I64):
            return None
        dtype = evaluate.result_dtype(lent, own, weak, False)
        array, _, _ = _constants(constants, batch, place)
        kernel = built(programs.pointwise, program, constants.shape, dtype, lent.dtype, math.prod(batch) == 1)
        plan = constants.entries[key] = kernel, kept(array), dtype
    kernel, array, dtype = plan
    results = tuple(place.empty(lent.shape, dtype) for _ in range(program.outputs))
    n = lent.size
    threads = _threads(program, n, batch == ())
    launch(kernel, threads, place, lent, array, *map(written, results), n, n, batch != ())
    return results if program.outputs > 1 else results[0]


def _threads(program: Program, n: int, one: bool) -> int:
    """How many threads share so many values: fewer, where each loads some of many at once."""
    return -(-n // programs.AHEAD) if n > MANY and programs.loads_ahead(program, one) else n


def _fill(
    program: Program,
    value: Any,
    constants: Constants,
    shape: tuple[int, ...],
    place: Place,
    dtype: np.dtype,
    results: list[Any],
) -> None:
    n = math.prod(shape)
    x = operand(value, shape, place)
    array, length, advance = _constants(constants, shape, place)
    one = math.prod(constants.batch_shape) == 1
    kernel = built(programs.pointwise, program, constants.shape, dtype, np.dtype(x.dtype), one)
    launch(kernel, _threads(program, n, one), place, x, array, *results, n, length, advance)


@at_home
def events(
    program: Program, value: Any, constants: Constants, ndim: int, own: np.dtype, who: str, out: Any = None
) -> Any:
    """``program`` at each element of `value`, summed over the last `ndim` axes, which are those of an event."""
    if out is not None:
        raise TypeError(f"{who}: results on a device are new arrays: out is not taken")
    place, value = _place_of(value, constants, who), real(value, who)
    dtype = evaluate.result_dtype(value, own, False, False)
    shape = evaluate.broadcast_shape(value.shape, constants.batch_shape, who)
    outer = shape[: len(shape) - ndim]
    count, size = math.prod(outer), math.prod(shape[len(outer) :])
    if not count or not size:
        return moved(0.0, outer, dtype, place)
    terms = place.scratch((count * size,))
    _fill(program, value, constants, shape, place, F64, [terms])
    return _over_last(terms, count, outer, dtype, place)


def _over_last(terms: Any, count: int, outer: tuple[int, ...], dtype: np.dtype, place: Place) -> Any:
    """The sums of `count` runs of terms, as an array of the shape `outer`."""
    sums = folded(terms.reshape((count, len(terms) // count, 1)), place)
    return moved(sums.reshape(outer or (1,)), outer, dtype, place)


@at_home
def summed(value: Any, ndim: int) -> Any:
    """The sums over the last `ndim` axes."""
    shape, dtype, place = shape_of(value), dtype_of(value), Place(value)
    outer = shape[: len(shape) - ndim]
    if not math.prod(shape):
        return moved(0.0, outer, dtype, place)
    return _over_last(operand(value, shape, place, F64), math.prod(outer), outer, dtype, place)


def _destination(out: Any, shape: tuple[int, ...], dtype: np.dtype, who: str) -> Any:
    if not on_device(out):
        raise TypeError(f"{who}: the result is on the device, and out is not")
    array = view(out)
    if array.shape != shape or np.dtype(array.dtype) != dtype or not array.is_c_contiguous():
        raise ValueError(
            f"{who}: out must be contiguous, of shape {shape} and dtype {dtype}; got {array.shape}, {array.dtype}"
        )
    return out


@at_home
def total(program: Program, value: Any, constants: Constants, own: np.dtype, who: str) -> tuple[Any, ...]:
    """Each result of `program` summed over the sample axes of `value`: arrays of the batch's shape."""
    place, value = _place_of(value, constants, who), real(value, who)
    samples, inner = evaluate.samples_and_sets(value.shape, constants.batch_shape, who)
    sets, rows = math.prod(inner), math.prod(samples)
    count = len(program.summed)
    results = tuple(place.empty(inner, F64) for _ in range(count))
    if not sets:
        return results
    x = operand(value, samples + inner, place)
    x = x if x.dtype != I64 else operand(x, x.shape, place, F64)
    array = _spread(constants, inner, place)
    slots = max(1, min(-(-rows // programs.FOLD), SLOTS // sets))
    sums = place.scratch((count, slots, sets))
    kernel = built(programs.total, program, constants.shape, np.dtype(x.dtype), sets == 1)
    launch(kernel, slots * sets, place, x, array, sums, rows, slots, sets)
    sums = folded(sums, place)
    for row, result in zip(sums.reshape(count, sets), results, strict=True):
        launch(_copy(F64), sets, place, row, written(result), sets, sets)
    return results


def folded(sums: Any, place: Place) -> Any:
    """The sums along the second of three axes, which is left with a length of 1: the same on every device."""
    count, slots, sets = sums.shape
    while slots > 1:
        slots = -(-slots // programs.FOLD)
        shorter = place.scratch((count, slots, sets))
        launch(built(programs.fold), count * slots * sets, place, sums, shorter)
        sums = shorter
    return sums


def _spread(constants: Constants, inner: tuple[int, ...], place: Place) -> Any:
    """The constants of each set of a batch that values may have made larger."""
    array, _, _ = _constants(constants, constants.batch_shape, place)
    return array if inner == constants.batch_shape else _repeated(array, constants.batch_shape, inner, place)


def _repeated(array: Any, batch_shape: tuple[int, ...], shape: tuple[int, ...], place: Place) -> Any:
    """Constants, with the axes (constant, set, ...), broadcast from a batch to a larger one."""
    count, kind = array.shape[0], tuple(array.shape[2:])
    batch = (1,) * (len(shape) - len(batch_shape)) + tuple(batch_shape)
    full = operand(array.reshape((count, *batch, *kind)), (count, *shape, *kind), place)
    return full.reshape((count, math.prod(shape), *kind))


@at_home
def elementwise(
    formula: Any, operands: tuple[Any, ...], shape: tuple[int, ...], dtype: np.dtype, who: str
) -> tuple[Any, ...]:
    """The results of ``formula(*operands)`` with its operands broadcast to `shape`."""
    place = place_for(who, *operands)
    _, outputs = loops.parameter_scalar(formula, len(operands))
    results = tuple(place.empty(shape, dtype) for _ in range(outputs or 1))
    _over(formula, operands, shape, place, dtype, outputs, [written(result) for result in results])
    return results


def _over(
    formula: Any,
    operands: tuple[Any, ...],
    shape: tuple[int, ...],
    place: Place,
    dtype: np.dtype,
    outputs: int | None,
    results: list[Any],
) -> None:
    n = math.prod(shape)
    if not n:
        return
    taken = [
        operand(given, shape, place) if on_device(given) else float(np.asarray(given).reshape(-1)[0])
        for given in operands
    ]
    kinds = tuple(None if isinstance(value, float) else np.dtype(value.dtype) for value in taken)
    launch(built(programs.elementwise, formula, kinds, dtype, outputs), n, place, *taken, *results, n)


@kernel
def _minus(x: Any) -> Any:
    return -x


@kernel
def _exponential(x: Any) -> Any:
    return exp(x)


@at_home
def exponential(value: Any, place: Place) -> Any:
    """``exp(value)`` of the engine's own array."""
    result = place.scratch(value.shape)
    _over(_exponential, (value,), tuple(value.shape), place, F64, None, [flat(result)])
    return result


def negative(value: Any) -> Any:
    """``-value``."""
    return elementwise(_minus, (value,), shape_of(value), dtype_of(value), "negative")[0]


@kernel
def _sum(a: Any, b: Any) -> Any:
    return a + b


def plus(a: Any, b: Any) -> Any:
    """``a + b``."""
    shape = np.broadcast_shapes(shape_of(a), shape_of(b))
    return elementwise(_sum, (a, b), shape, np.result_type(dtype_of(a), dtype_of(b)), "plus")[0]


def entry(array: Any, k: int) -> Any:
    """``array[..., k]``; of an array with one axis Numba would copy that number to the host."""
    ndim = len(shape_of(array))
    return array[k : k + 1].reshape(()) if ndim == 1 else array[(*(slice(None),) * (ndim - 1), k)]


def of_numbers(value: Any, who: str, place: Any, ndim: int = 0) -> Any:
    """`value`, or a number of the host's at a place, with one more axis before the last `ndim`."""
    found = real(value, who)
    shape, dtype = found.shape, found.dtype
    if not on_device(value):
        if math.prod(shape) > 1:
            raise TypeError(f"{who}: the distribution is on the device, and the array of shape {shape} is on the host")
        value = moved(value, shape, dtype, place)
    elif Place(value).kind == "numba" and not found.is_c_contiguous():
        value = moved(value, shape, dtype, Place(value))
    cut = len(shape) - ndim
    return value.reshape((*shape[:cut], 1, *shape[cut:]))


@at_home
def prepare(formula: Any, parameters: tuple[Any, ...], batch_shape: tuple[int, ...]) -> DeviceConstants:
    """Run a `prepare` kernel over the parameter sets."""
    place = place_for("prepare", *parameters)
    _, count = loops.parameter_scalar(formula, len(parameters))
    array = place.scratch((count or 1, max(math.prod(batch_shape), 1)))
    rows = [array[i] for i in range(count or 1)]
    _over(formula, parameters, batch_shape, place, F64, count, rows)
    return DeviceConstants(array, batch_shape, place)


def of_parameters(formula: Any, parameters: tuple[Any, ...], batch_shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """A kernel of the parameters alone, such as a mean."""
    return elementwise(formula, parameters, batch_shape, dtype, "the parameters")[0]


@at_home
def stacked(each: list[Any], shape: tuple[int, ...], place: Place) -> Any:
    """Arrays and numbers of either side, broadcast to a `shape`, along a new last axis: an array in float64."""
    n, count = math.prod(shape), len(each)
    result = place.scratch((max(n * count, 1),))
    for k, value in enumerate(each):
        _put(operand(value, shape, place, F64), result, n, k, count, place)
    return result[: n * count].reshape((*shape, count))


@at_home
def assembled(parts: Any, size: int, count: int, batch_shape: tuple[int, ...], place: Place) -> DeviceConstants:
    """Constants of `size` rows over `count` components for each parameter set of a batch, from those of each component.

    `parts` are the number of a first row, the number of a component, or None for all of them, and what they are for
    these: numbers, or rows over all of them. What comes later counts.
    """
    sets = math.prod(batch_shape)
    full = size * sets * count
    whole = operand(0.0, (max(full, 1),), place, F64)
    for first, k, constants in parts:
        array, *_ = _constants(constants, constants.batch_shape, place)
        own = (*batch_shape, count) if k is None else batch_shape
        given = constants.batch_shape
        if array.ndim == 3:
            array, given = array.reshape((array.shape[0], math.prod(array.shape[1:]))), (*given, count)
        if given != own:
            array = _repeated(array, given, own, place)
        n = array.shape[0] * math.prod(own)
        _put(flat(array), whole, n, first * sets * count + (k or 0), 1 if k is None else count, place)
    return DeviceConstants(whole[:full].reshape((size, sets, count)), batch_shape, place)


def _put(x: Any, out: Any, n: int, first: int, apart: int, place: Place) -> None:
    if n:
        launch(built(programs.put, F64), n, place, x, out, n, first, apart)


@at_home
def draw(sampler: Any, constants: Constants, shape: tuple[int, ...], dtype: np.dtype, key: Key, place: Place) -> Any:
    """Draws of `shape`, whose last axes are the constants' batch."""
    result = place.empty(shape, dtype)
    n = math.prod(shape)
    if n:
        array, length, advance = _constants(constants, shape, place)
        one = math.prod(constants.batch_shape) == 1
        kernel = built(programs.draw, sampler.program, constants.shape, dtype, one, sampler.pairs, sampler.redraw)
        k0, k1 = (np.uint64(word) for word in key)
        launch(kernel, (n + 1) // 2, place, array, written(result), n, length, advance, k0, k1)
    return result


@at_home
def first_outside(value: Any, inside: str, place: Place) -> int | None:
    """The flat index of the first element that is not `inside`, a condition over ``v``; one number is read back."""
    shape = shape_of(value)
    n = math.prod(shape)
    if not n:
        return None
    found = place.copied(np.array([n]))
    launch(built(programs.outside, inside), n, place, operand(value, shape, place, F64), found, n)
    index = int(to_host(found)[0])
    return index if index < n else None
