"""Formulas of whole parameter sets on the device, a thread for each set: what :mod:`fastdist.engine.rows` prepares."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import types

from fastdist.engine.broadcast import runs
from fastdist.engine.cuda.arrays import Place, at_home
from fastdist.engine.cuda.evaluate import (
    SLOTS,
    THREADS,
    DeviceConstants,
    built,
    folded,
    launch,
    operand,
    place_for,
    shape_of,
)
from fastdist.engine.cuda.programs import FOLD, SIZE, Text, indented
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import expression
from fastdist.engine.loops import output_type
from fastdist.engine.row_programs import view
from fastdist.engine.rows import Table

# Threads that count share this many counts among them.
MOST_COUNTS = 1 << 22
# Matrices of so many numbers for a set are worked on in copies, of which there are so many numbers at a time.
MOST_APART, MOST_WORK = 1 << 12, 1 << 25


class DeviceTable(Table):
    """Constants on the device; what is the same for all parameter sets may be there once."""

    __slots__ = ("place",)

    def __init__(self, arrays: tuple[Any, ...], batch_shape: tuple[int, ...], place: Place) -> None:
        super().__init__(arrays, batch_shape)
        self.place = place

    def batched(self) -> tuple[Any, ...]:
        """The constants with the axes of the batch, of length 1 where one serves all sets."""
        sets, ones = math.prod(self.batch_shape), (1,) * len(self.batch_shape)
        return tuple(
            array.reshape((self.batch_shape if array.shape[0] == sets else ones) + tuple(array.shape[1:]))
            for array in self.arrays
        )

    def any_of(self, index: int) -> bool:
        """Whether a constant may be other than 0: nothing is read back to find out."""
        return True

    def followed(self, shape: tuple[int, ...]) -> tuple[list[Any], tuple[bool, ...], int, int, bool]:
        """The constants for events of `shape`: arrays, which of them hold one set alone, and the walk of the others."""
        single = tuple(array.shape[0] == 1 for array in self.arrays)
        found = runs(self.batch_shape, shape)
        if found is not None:
            return list(self.arrays), single, max(1, math.prod(self.batch_shape)), *found
        n = math.prod(shape)
        full = []
        for array, with_axes, once in zip(self.arrays, self.batched(), single, strict=True):
            kind = tuple(array.shape[1:])
            missing = (1,) * (len(shape) + len(kind) - len(with_axes.shape))
            whole = with_axes.reshape(missing + tuple(with_axes.shape))
            full.append(array if once else _full(whole, shape + kind, (n, *kind), self.place))
        return full, single, n, n, True


def looped(body: list[str]) -> list[str]:
    """`body` for each ``k`` of a thread, and ``t``, the number of the thread."""
    return [
        "t = np.int64(cuda.grid(1))",
        "step = np.int64(cuda.gridsize(1))",
        "k = t",
        "while k < n:",
        *indented(body),
        "    k += step",
    ]


def array_of(ndim: int) -> types.Array:
    """The type of results and constants that have so many axes for one set or event."""
    return output_type(float, ndim + 1)


def each_text(
    formula: Any,
    kinds: tuple[int | None, ...],
    single: tuple[bool, ...],
    numbers: int,
    rows: tuple[int, ...],
    apart: bool,
) -> Text:
    """``f(*parameters, *numbers, *rows, *work, n)``; a parameter of no kind is a number, one that is single serves all.

    Matrices of neighbouring threads that are `apart` are worked on in copies, where they have neighbouring numbers.
    """
    given, outs = [f"p{i}" for i in range(len(kinds))], [f"c{i}" for i in range(numbers + len(rows))]
    cells = {
        name: name if kind is None else f"{name}[{'0' if once else 'k'}]"
        for name, kind, once in zip(given, kinds, single, strict=True)
    }
    cells.update((out, f"{out}[k]") for out in outs)
    before: list[str] = []
    after: list[str] = []
    taken = [name for name, kind, once in zip(given, kinds, single, strict=True) if kind == 2 and not once]
    made = [out for out, ndim in zip(outs[numbers:], rows, strict=True) if ndim == 2]
    work = {name: f"w{i}" for i, name in enumerate(taken + made)} if apart else {}
    for name, own in work.items():
        cells[name] = f"{own}[:, :, t]"
        lines = before if name in taken else after
        copy = f"{own}[i, j, t] = {name}[k, i, j]" if name in taken else f"{name}[k, i, j] = {own}[i, j, t]"
        lines += [f"for i in range({own}.shape[0]):", f"    for j in range({own}.shape[1]):", f"        {copy}"]
    call = f"FORMULA({', '.join(cells[name] for name in given + outs[numbers:])})"
    first = f"{', '.join(cells[out] for out in outs[:numbers])} = " if numbers else ""
    body = looped([*before, first + call, *after])
    source = "\n".join([f"def each({', '.join([*given, *outs, *work.values(), 'n'])}):", *indented(body)])
    signature = (
        *(types.float64 if kind is None else array_of(kind) for kind in kinds),
        *(array_of(ndim) for ndim in (0,) * numbers + rows),
        *(array_of(2),) * len(work),
        SIZE,
    )
    return Text("each", source, {"FORMULA": formula}, signature)


def of_sets_text(formula: Any, kinds: tuple[int, ...], single: tuple[bool, ...], outputs: tuple[int, ...]) -> Text:
    """``f(*constants, *results, n)`` of a formula that takes a tuple of constants and fills all results."""
    constants, outs = [f"c{i}" for i in range(len(kinds))], [f"o{i}" for i in range(len(outputs))]
    views = [view(out, ndim, "k") for out, ndim in zip(outs, outputs, strict=True)]
    call = f"FORMULA({', '.join([packed_of(constants, single, 'k'), *views])})"
    source = "\n".join([f"def of_sets({', '.join([*constants, *outs, 'n'])}):", *indented(looped([call]))])
    return Text("of_sets", source, {"FORMULA": formula}, (*map(array_of, kinds), *map(array_of, outputs), SIZE))


def packed_of(names: list[str], single: tuple[bool, ...], index: str) -> str:
    """The tuple of one element of each."""
    cells = (f"{name}[{'0' if once else index}], " for name, once in zip(names, single, strict=True))
    return f"({''.join(cells)})"


def _full(value: Any, shape: tuple[int, ...], axes: tuple[int, ...], place: Place) -> Any:
    """`value` broadcast to a `shape`, contiguous and in float64, with other axes of as many numbers."""
    return operand(value, shape, place, F64).reshape(axes) if math.prod(shape) else place.scratch(axes)


def _work(matrices: list[Any], sets: int, place: Place) -> tuple[int, list[Any]]:
    """How many threads work on so many sets, and room for their matrices where these are worked on in copies."""
    size = sum(map(math.prod, matrices))
    if not 0 < size <= MOST_APART:
        return sets, []
    threads = min(sets, MOST_WORK // size // THREADS * THREADS)
    whole = -(-threads // THREADS) * THREADS
    return threads, [place.scratch((*matrix, whole)) for matrix in matrices]


@at_home
def prepare(
    formula: Any,
    parameters: tuple[Any, ...],
    batch_shape: tuple[int, ...],
    numbers: int,
    shapes: tuple[tuple[int, ...], ...],
) -> DeviceTable:
    """``formula(*parameters, *rows)`` over the parameter sets, as :func:`fastdist.engine.rows.prepare`."""
    place, sets, ndim = place_for("the parameters", *parameters), math.prod(batch_shape), len(batch_shape)
    given: list[Any] = []
    kinds: list[int | None] = []
    single = []
    for parameter in parameters:
        shape = shape_of(parameter)
        if not on_device(parameter) and math.prod(shape) == 1:
            given.append(float(np.asarray(parameter).reshape(-1)[0]))
            kinds.append(None)
            single.append(False)
            continue
        kind = shape[ndim:]
        once = sets > 1 and math.prod(shape) == math.prod(kind)
        batch = (1,) * ndim if once else batch_shape
        count = 1 if once else sets
        given.append(_full(parameter, batch + kind, (count, *kind), place))
        kinds.append(len(kind))
        single.append(once)
    arrays = tuple(place.scratch((sets, *shape)) for shape in ((),) * numbers + tuple(shapes))
    if sets:
        each = zip(given, kinds, single, strict=True)
        matrices = [array.shape[1:] for array, kind, once in each if kind == 2 and not once]
        matrices += [shape for shape in shapes if len(shape) == 2]
        threads, work = _work(matrices, sets, place)
        apart, axes = bool(work), tuple(map(len, shapes))
        kernel = built(each_text, formula, tuple(kinds), tuple(single), numbers, axes, apart)
        launch(kernel, threads, place, *given, *arrays, *work, sets)
    return DeviceTable(arrays, batch_shape, place)


@at_home
def prepare_rows(formula: Any, rows: Any, count: int, batch_shape: tuple[int, ...]) -> DeviceConstants:
    """``formula(row, out_row, ...)`` over `rows`: constants that are rows themselves."""
    place, sets, size = Place(rows), math.prod(batch_shape), shape_of(rows)[-1]
    array = place.scratch((count, sets, size))
    if sets and size:
        given = _full(rows, (*batch_shape, size), (sets, size), place)
        kernel = built(each_text, formula, (1,), (False,), 0, (1,) * count, False)
        launch(kernel, sets, place, given, *(array[i] for i in range(count)), sets)
    return DeviceConstants(array, batch_shape, place)


@at_home
def of_sets(formula: Any, table: DeviceTable, shapes: tuple[tuple[int, ...], ...]) -> tuple[Any, ...]:
    """``formula(constants, *results)`` for each parameter set, as :func:`fastdist.engine.rows.of_sets`."""
    sets = math.prod(table.batch_shape)
    outs = tuple(table.place.scratch((sets, *shape)) for shape in shapes)
    if sets:
        arrays, single, *_ = table.followed(table.batch_shape)
        kernel = built(of_sets_text, formula, table.kinds, single, tuple(map(len, shapes)))
        launch(kernel, sets, table.place, *arrays, *outs, sets)
    return DeviceTable(outs, table.batch_shape, table.place).batched()


@at_home
def written_out(constants: list[tuple[Any, int]], batch_shape: tuple[int, ...]) -> DeviceTable:
    """The constants, each with how many axes it has for one parameter set; what is the same for all is there once."""
    place, sets, arrays = place_for("the parameters", *(array for array, _ in constants)), math.prod(batch_shape), []
    for array, ndim in constants:
        shape = shape_of(array)
        kind = shape[len(shape) - ndim :]
        once = math.prod(shape) == math.prod(kind)
        batch = (1,) * (len(shape) - ndim) if once else batch_shape
        arrays.append(_full(array, batch + kind, (1 if once else sets, *kind), place))
    return DeviceTable(tuple(arrays), batch_shape, place)


def counts_text() -> Text:
    """``f(x, counts, rounds, slots, sets, n)``: each thread counts the rows of one slot for one parameter set."""
    body = [
        "slot = k // sets",
        "j = k - slot * sets",
        "for i in range(counts.shape[2]):",
        "    counts[slot, j, i] = 0.0",
        "row = slot",
        "while row < rounds:",
        "    v = x[row * sets + j]",
        "    if v >= 0.0 and v < counts.shape[2] and v == floor(v):",
        "        counts[slot, j, np.int64(v)] += 1.0",
        "    row += slots",
    ]
    source = "\n".join(["def counts(x, counts, rounds, slots, sets, n):", *indented(looped(body))])
    return Text("counts", source, {}, (array_of(0), array_of(2), *(SIZE,) * 4))


@at_home
def counts(value: Any, size: int, batch_shape: tuple[int, ...], table: Table) -> Any:
    """How often each integer is among the values, as :func:`fastdist.engine.rows.counts`."""
    place = Place(value) if on_device(value) else there(table, None).place
    shape = np.broadcast_shapes(shape_of(value), batch_shape)
    sets = math.prod(batch_shape)
    rounds = math.prod(shape[: len(shape) - len(batch_shape)])
    slots = max(1, min(-(-rounds // FOLD), SLOTS // max(sets, 1), MOST_COUNTS // max(sets * size, 1)))
    found = place.scratch((slots, sets, size))
    if sets and size:
        x = operand(value, shape, place, F64)
        launch(built(counts_text), slots * sets, place, x, found, rounds, slots, sets, slots * sets)
    return folded(found.reshape((1, slots, sets * size)), place).reshape((*batch_shape, size))


def careful(*formulas: tuple[Any, tuple[Any, ...]], shape: tuple[int, ...]) -> Any:
    """For each event what a formula gives of its rows, or where that is NaN the next."""
    (formula, rows), *others = formulas
    (found,) = prepare(formula, rows, shape, 1, ()).batched()
    for other, rows in others:
        (found,) = prepare(_unless(other, len(rows)), (found, *rows), shape, 1, ()).batched()
    return found


@functools.cache
def _unless(formula: Any, count: int) -> Any:
    """The kernel that gives its first argument, or a formula of the others where that is NaN."""
    names = ", ".join(f"x{i}" for i in range(count))
    return expression(f"found if found == found else formula({names})", f"found, {names}", formula=formula)


def there(table: Table, place: Place | None) -> DeviceTable:
    """The table on the device, copied to a place when first used."""
    return table if isinstance(table, DeviceTable) else table.once(_Copies).on(place)


class _Copies:
    """A table on each device, copied when first used."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._copies: dict[int | None, DeviceTable] = {}

    def on(self, place: Place) -> DeviceTable:
        """The copy."""
        if place.device not in self._copies:
            arrays = tuple(place.copied(array) for array in self._table.arrays)
            self._copies[place.device] = DeviceTable(arrays, self._table.batch_shape, place)
        return self._copies[place.device]
