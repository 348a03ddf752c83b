"""From arrays of events that are rows of numbers to compiled loops and back.

The formulas and their loops are those of :mod:`fastdist.engine.row_programs`.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine import cpu, threads
from fastdist.engine.broadcast import layout
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import F64, SUM_SLOTS, Constants, destination, operand, result_dtype
from fastdist.engine.row_programs import CONSTANTS, FLOATS, I64, RowProgram, TermProgram, packed, view

# Numbers of all events that take little time, and how many of them a thread takes at most: so many that they stay in
# a core's cache, and more where no stage goes over what another left.
LITTLE, CHUNK, LONG_CHUNK = 1 << 12, 1 << 13, 1 << 15
# Sums are made in chunks of so many numbers whatever the number of threads: the result never depends on it.
SUM_CHUNK = 1 << 14
# Runs over constants are made at least about so long.
RUN = 1 << 9


class Table:
    """The constants of all parameter sets: arrays whose first axis is the set, in C order of the batch."""

    __slots__ = ("_made", "arrays", "batch_shape", "kinds")

    def __init__(self, arrays: tuple[np.ndarray, ...], batch_shape: tuple[int, ...]) -> None:
        self.arrays = arrays
        self.batch_shape = batch_shape
        self.kinds = tuple(array.ndim - 1 for array in arrays)
        self._made: dict[Any, Any] = {}

    def batched(self) -> tuple[np.ndarray, ...]:
        """The constants with the axes of the batch."""
        return tuple(array.reshape(self.batch_shape + array.shape[1:]) for array in self.arrays)

    def cells(self, first: int, count: int) -> np.ndarray:
        """`count` rows from number `first` on, one behind the other for all parameter sets, and repeated if few."""
        key = first, count
        if key not in self._made:
            stacked = np.stack([array.ravel() for array in self.arrays[first : first + count]])
            repeats = max(1, RUN // max(stacked.shape[1], 1))
            self._made[key] = np.ascontiguousarray(np.tile(stacked, (1, repeats)))
        return self._made[key]

    def any_of(self, index: int) -> bool:
        """Whether any number of a constant is other than 0."""
        return bool(self.arrays[index].any())

    def once(self, make: Any) -> Any:
        """``make(table)``, kept with the constants that it is made of."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]


def of_constants(constants: Constants, more: tuple[Any, ...] = ()) -> Table:
    """Constants that are rows, and others behind them, as a table."""
    arrays = (*(constants.array[i] for i in range(len(constants.array))), *more)
    if type(constants) is Constants:
        return Table(arrays, constants.batch_shape)
    found: Table = cuda("sets").DeviceTable(arrays, constants.batch_shape, constants.place)  # type: ignore[attr-defined]
    return found


def beside(table: Table, value: Any) -> Table:
    """The table, or its copy on the device if `value` is there."""
    return cuda("sets").there(table, cuda("sets").Place(value)) if on_device(value) else table


class Walk(NamedTuple):
    """Which of an operand's events belongs to an event of the result: see :func:`place`."""

    events: np.ndarray
    length: int
    advance: bool


DIRECT = Walk(np.zeros(1, np.int64), 0, False)
SINGLE = Walk(np.zeros(1, np.int64), 1, False)


def walk(own: tuple[int, ...], shape: tuple[int, ...]) -> Walk:
    """How an operand with the axes `own` follows a result of `shape`, to which it broadcasts."""
    count = math.prod(own)
    if count == 1:
        return SINGLE
    if count == math.prod(shape):
        return DIRECT
    index, length, advance = layout(np.arange(count).reshape(1, count), own, shape)
    return Walk(index[0], length, advance)


def events_shape(x: Any, event_shape: tuple[int, ...], batch_shape: tuple[int, ...], who: str) -> tuple[int, ...]:
    """The shape of a result that has one number for each event of a value."""
    ndim = len(event_shape)
    if x.ndim < ndim or x.shape[x.ndim - ndim :] != event_shape:
        raise ValueError(f"{who}: a value must end in the axes of an event, {event_shape}; got shape {x.shape}")
    shape: tuple[int, ...] = x.shape[: x.ndim - ndim]
    if batch_shape in ((), shape):
        return shape
    try:
        return np.broadcast_shapes(shape, batch_shape)
    except ValueError:
        raise ValueError(
            f"{who}: a value of shape {x.shape} does not broadcast with batch_shape {batch_shape}"
            f" and event_shape {event_shape}"
        ) from None


def as_events(
    value: Any, event_shape: tuple[int, ...], table: Table, own: np.dtype, who: str
) -> tuple[np.ndarray, Any]:
    """`value` as an array of events, and the shape of a result that has one number for each event."""
    x = operand(value, who)
    return x, events_shape(x, event_shape, table.batch_shape, who)


def of_numbers(value: Any, who: str, own: np.dtype, place: Any = None) -> Any:
    """Numbers as events of one number each: with an axis behind their own, on a device if a `place` there is given."""
    if place is not None or on_device(value):
        return cuda().of_numbers(value, who, place)
    return operand(value, who)[..., np.newaxis]


def evaluate(
    program: RowProgram | TermProgram,
    value: Any,
    table: Table,
    event_shape: tuple[int, ...],
    kinds: tuple[tuple[int, ...], ...],
    own: np.dtype,
    who: str,
    out: Any = None,
    of_log: bool = False,
) -> tuple[Any, ...]:
    """The results of `program` for each event of `value`; `kinds` are their axes for one event.

    With `of_log` the first result is the exponential of what the program gives.
    """
    if type(table) is not Table or on_device(value):
        return cuda("rows").evaluate(program, value, table, event_shape, kinds, own, who, out, of_log)
    x, shape = as_events(value, event_shape, table, own, who)
    dtype = result_dtype(x, own, False, False)
    if out is not None and np.may_share_memory(x, out):
        x = x.copy()
    first, given = destination(out, shape + kinds[0], dtype, who)
    results = (first, *(np.empty(shape + kind, dtype) for kind in kinds[1:]))
    n = math.prod(shape)
    if n:
        chunk = _chunks(program, x, shape, table, event_shape)
        outs = [r.reshape((n, *kind)) for r, kind in zip(results, kinds, strict=True)]

        def work(start: int, stop: int) -> None:
            parts = [o[start:stop] for o in outs]
            wide = parts if dtype is F64 else [np.empty(part.shape) for part in parts]
            chunk(start, *wide)
            if wide is parts and not of_log:
                return
            with np.errstate(over="ignore"):
                if of_log:
                    np.exp(wide[0], out=wide[0])
                if wide is not parts:
                    for part, full in zip(parts, wide, strict=True):
                        part[...] = full

        staged = isinstance(program, RowProgram) and program.staged
        in_threads(work, n, max(math.prod(kind) for kind in (event_shape, *kinds)), CHUNK if staged else LONG_CHUNK)
    if given is not None:
        given[...] = first
        return given, *results[1:]
    return results if out is not None else tuple(r[()] for r in results)


def single(program: RowProgram | TermProgram, table: Table, event_shape: tuple[int, ...]) -> Any:
    """``f(x)``: the one result of `program` for one event, C-contiguous float64, of the only parameter set."""
    one = 1, *event_shape
    if isinstance(program, TermProgram):
        term_entry, sums, size = program.loop(F64), program.sums, math.prod(event_shape)
        operands = table.cells(program.numbers, program.rows), *SINGLE, 0, *table.arrays[: program.numbers]

        def terms(x: np.ndarray) -> Any:
            out = np.empty(1)
            term_entry(x.reshape(one), *operands, *[np.empty(size) for _ in range(sums)], out)
            return out[0]

        return terms
    entry, walks, row = (
        program.loop(table.kinds, len(event_shape)),
        (*DIRECT, *SINGLE, 0),
        (1, widest(event_shape, table)),
    )
    scratch = range(program.scratch)

    def event(x: np.ndarray) -> Any:
        out = np.empty(1)
        entry(x.reshape(one), *walks, *[np.empty(row) for _ in scratch], *table.arrays, out)
        return out[0]

    return event


def widest(event_shape: tuple[int, ...], table: Table) -> int:
    """How many numbers a row of scratch has."""
    return max([math.prod(event_shape), *(tuple(c.shape)[-1] for c in table.arrays if c.ndim > 1)])


def _chunks(
    program: RowProgram | TermProgram,
    x: np.ndarray,
    shape: tuple[int, ...],
    table: Table,
    event_shape: tuple[int, ...],
) -> Any:
    """``f(start, *results)``: fills float64 arrays with the results from event `start` on."""
    ndim = len(event_shape)
    batch = table.batch_shape
    x_walk, c_walk = walk(x.shape[: x.ndim - ndim], shape), walk(batch, shape)
    flat = x.reshape((-1, *event_shape))
    whole = x_walk is not DIRECT  # the events are few, or each is needed in many places
    if whole:
        flat = np.ascontiguousarray(flat, F64)
    if isinstance(program, TermProgram):
        if c_walk is SINGLE or (not whole and batch == shape[len(shape) - len(batch) :]):
            kind = I64 if flat.dtype == I64 and flat.dtype.isnative else F64
            entry, sums = program.loop(kind), program.sums
            cells = table.cells(program.numbers, program.rows)
            numbers = table.arrays[: program.numbers]

            def terms(start: int, out: np.ndarray) -> None:
                part = np.ascontiguousarray(flat[start : start + len(out)], kind)
                entry(part, cells, *c_walk, start, *numbers, *(np.empty(part.size) for _ in range(sums)), out)

            return terms
        program = program.whole
    entry = program.loop(table.kinds, ndim)
    scratch, width = program.scratch, widest(event_shape, table)

    def events(start: int, *outs: np.ndarray) -> None:
        n = len(outs[0])
        part = flat if whole else np.ascontiguousarray(flat[start : start + n], F64)
        rows = [np.empty((n if program.staged else 1, width)) for _ in range(scratch)]
        entry(part, *x_walk, *c_walk, start, *rows, *table.arrays, *outs)

    return events


def in_threads(work: Any, n: int, size: int, numbers: int = CHUNK, cost: int = 1) -> None:
    """``work(start, stop)`` over `n` events of `size` numbers, each of some `cost`, about `numbers` at a time at most.

    Chunks begin at even events.
    """
    threads.run(work, n, max(2, LITTLE // (cost * max(size, 1)) & ~1), numbers // LITTLE)


def total(
    program: RowProgram | TermProgram,
    value: Any,
    table: Table,
    event_shape: tuple[int, ...],
    kinds: tuple[tuple[int, ...], ...],
    own: np.dtype,
    who: str,
) -> tuple[Any, ...]:
    """Each result of `program` summed over the sample axes of `value`: arrays of the batch's axes and its own."""
    if type(table) is not Table or on_device(value):
        return cuda("rows").total(program, value, table, event_shape, kinds, who)
    x, shape = as_events(value, event_shape, table, own, who)
    inner_shape = shape[len(shape) - len(table.batch_shape) :]
    inner, n = math.prod(inner_shape), math.prod(shape)
    if n == 0:
        return tuple(np.zeros(inner_shape + kind)[()] for kind in kinds)
    fill = _chunks(program, x, shape, table, event_shape)
    size = inner * max(math.prod(kind) for kind in (event_shape, *kinds))  # of one round over the batch
    rounds = n // inner
    step = max(1, CHUNK // size)
    # The sums of many parameter sets are few.
    slots = max(1, min(SUM_SLOTS, SUM_CHUNK // size) if inner > 1 else rounds)
    chunk = inner * step * max(1, -(-rounds // (slots * step)))
    sums = [np.zeros((-(-n // chunk), inner, *kind)) for kind in kinds]

    def work(start: int, stop: int) -> None:
        parts = [np.empty((min(inner * step, stop - start), *kind)) for kind in kinds]
        for begin in range(start, stop, inner * step):
            outs = [part[: stop - begin] for part in parts]
            fill(begin, *outs)
            for s, o, kind in zip(sums, outs, kinds, strict=True):
                s[start // chunk] += o.reshape((-1, inner, *kind)).sum(axis=0)

    threads.run(work, n, chunk)
    return tuple(_sum(s, inner_shape + kind) for s, kind in zip(sums, kinds, strict=True))


def _sum(chunks: np.ndarray, shape: tuple[int, ...]) -> Any:
    """The sum over chunks: correctly rounded for a single number, where there are few."""
    if chunks[0].size == 1 and np.isfinite(chunks).all():
        return np.full(shape, math.fsum(chunks.ravel()))[()]
    return chunks.sum(axis=0).reshape(shape)[()]


def of_sets(formula: Any, table: Table, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """``formula(constants, *results)`` for each parameter set: float64 arrays of the batch's axes.

    The formula fills rows, a row of one where a result is a number.
    """
    if type(table) is not Table:
        return cuda("sets").of_sets(formula, table, shapes)
    entry = _of_sets(formula, table.kinds, tuple(len(shape) for shape in shapes))
    sets = math.prod(table.batch_shape)
    outs = [np.empty((sets, *shape)) for shape in shapes]

    def work(start: int, stop: int) -> None:
        entry(start, stop, *table.arrays, *outs)

    threads.run(work, sets, 1, sets)
    return tuple(o.reshape(table.batch_shape + shape)[()] for o, shape in zip(outs, shapes, strict=True))


@functools.cache
def _of_sets(formula: Any, kinds: tuple[int, ...], outputs: tuple[int, ...]) -> Any:
    constants = [f"c{i}" for i in range(len(kinds))]
    outs = [f"o{i}" for i in range(len(outputs))]
    views = [view(o, ndim) for o, ndim in zip(outs, outputs, strict=True)]
    lines = [
        f"def of_sets(start, stop, {', '.join(constants + outs)}):",
        "    for j in range(start, stop):",
        f"        FORMULA({', '.join([packed(constants, 'j'), *views])})",
    ]
    signature = (
        types.int64,
        types.int64,
        *(CONSTANTS[ndim + 1] for ndim in kinds),
        *(FLOATS[ndim + 1] for ndim in outputs),
    )
    return cpu.build("of_sets", "\n".join(lines), {"FORMULA": formula}, signature, bare=True).entry_point


def counts(value: Any, size: int, batch_shape: tuple[int, ...], table: Table) -> Any:
    """How often each integer below `size` is among the values of each parameter set of `table`, along a last axis."""
    if type(table) is not Table or on_device(value):
        return cuda("sets").counts(value, size, batch_shape, table)
    x = operand(value, "log_likelihood")
    x = np.broadcast_to(x, np.broadcast_shapes(x.shape, batch_shape))
    sets = math.prod(batch_shape)
    valid = (x >= 0) & (x < size) & (x == np.floor(x))
    row = np.broadcast_to(np.arange(sets).reshape(batch_shape), x.shape)[valid]
    cell = row * size + x[valid].astype(np.int64)
    return np.bincount(cell, minlength=sets * size).reshape((*batch_shape, size))


def prepare(
    formula: Any,
    parameters: tuple[Any, ...],
    batch_shape: tuple[int, ...],
    numbers: int,
    shapes: tuple[Any, ...],
    into: tuple[np.ndarray, ...] | None = None,
) -> Table:
    """``formula(*parameters, *rows)`` over the parameter sets: gives `numbers`, and fills rows of these `shapes`.

    A parameter is a number or an array with the batch's axes first. The results are new arrays, or `into`.
    """
    if any(map(on_device, parameters)):
        return cuda("sets").prepare(formula, parameters, batch_shape, numbers, shapes)
    sets = math.prod(batch_shape)
    ndim = len(batch_shape)
    given = []
    for parameter in parameters:
        array = np.asarray(parameter, F64)
        kind = array.shape[ndim:] if array.ndim else ()
        full = array if array.shape == batch_shape + kind else np.broadcast_to(array, batch_shape + kind)
        given.append(np.ascontiguousarray(full).reshape((sets, *kind)))
    arrays = into or tuple(np.empty((sets, *shape)) for shape in ((),) * numbers + shapes)
    entry = _prepare(formula, tuple(p.ndim - 1 for p in given), numbers, tuple(len(shape) for shape in shapes))
    entry(*given, *arrays)
    return Table(arrays, batch_shape)


@functools.cache
def _prepare(formula: Any, kinds: tuple[int, ...], numbers: int, rows: tuple[int, ...]) -> Any:
    inputs = [f"p{i}" for i in range(len(kinds))]
    outs = [f"c{i}" for i in range(numbers + len(rows))]
    call = f"FORMULA({', '.join(f'{v}[s]' for v in inputs + outs[numbers:])})"
    first = f"{', '.join(f'{c}[s]' for c in outs[:numbers])} = " if numbers else ""
    lines = [
        f"def prepare({', '.join(inputs + outs)}):",
        f"    for s in range(len({outs[0]})):",
        f"        {first}{call}",
    ]
    signature = (
        *(CONSTANTS[ndim + 1] for ndim in kinds),
        *(FLOATS[1],) * numbers,
        *(FLOATS[ndim + 1] for ndim in rows),
    )
    return cpu.build("prepare", "\n".join(lines), {"FORMULA": formula}, signature, bare=True).entry_point
