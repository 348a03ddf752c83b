"""Events that are rows of numbers on the device: as :mod:`fastdist.engine.rows`, a thread for each event.

Constants that were made on the host are copied once.
"""

from __future__ import annotations

import math
import types as pytypes
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine.cuda import arrays
from fastdist.engine.cuda import evaluate as numbers
from fastdist.engine.cuda.arrays import Place, at_home
from fastdist.engine.cuda.evaluate import THREADS, built, launch, moved, operand
from fastdist.engine.cuda.programs import SIZE, Text, indented
from fastdist.engine.cuda.sets import DeviceTable, array_of, looped, packed_of, there
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F64, result_dtype
from fastdist.engine.loops import output_type
from fastdist.engine.row_programs import Columns, Flat, RowProgram, TermProgram, flat_line, packed, stage_kernels, view
from fastdist.engine.rows import Table, events_shape, widest
from fastdist.engine.seed import Key

# Each thread has scratch of its own.
MOST_THREADS = 1 << 16
# Sums keep so many terms at a time.
MOST_TERMS = 1 << 26


def _number(dtype: Any) -> Any:
    return np.dtype(np.int64) if dtype == np.int64 else F64


class Scratch(NamedTuple):
    """How rows of scratch lie in an array: what of it is a thread's, and which axis its numbers are along."""

    whole: str
    axis: int

    def cell(self, name: str, j: str) -> str:
        """Number j of a thread's row."""
        return f"{name}[t, {j}]" if self.axis else f"{name}[{j}, t]"

    def width(self, name: str) -> str:
        """How many numbers a row has."""
        return f"{name}.shape[{self.axis}]"

    def shape(self, width: int, threads: int) -> tuple[int, int]:
        """The shape of the array."""
        return (threads, width) if self.axis else (width, threads)


def _scratch_of(event: int) -> Scratch:
    """Neighbouring threads read and write neighbouring numbers; but formulas of matrices take rows as matrices."""
    return Scratch("t", 1) if event > 1 else Scratch(":, t", 0)


def _loop(body: list[str]) -> list[str]:
    """`body` for each event ``k``, whose constants are those of set ``s``."""
    return looped(["run = k // length", "s = k - run * length if advance else run % sets", *body])


def _stages(stages: tuple[Any, ...], arguments: str, scratch: str, own: Scratch) -> list[str]:
    """All stages but the last, for one event."""
    lines = []
    for i, stage in enumerate(stages[:-1]):
        if isinstance(stage, Flat):
            lines += [
                f"for j in range({own.width(f'{scratch}{stage.row}')}):",
                f"    {flat_line(i, stage, own.cell(f'{scratch}{{}}', 'j'))}",
            ]
        else:
            lines.append(f"STAGE{i}{arguments}")
    return lines


def formula_text(program: RowProgram, kinds: tuple[int, ...], single: tuple[bool, ...], event: int) -> Text:
    """``f(x, numbers of x, *constants, *scratch, *results, n, sets, length, advance)``."""
    constants, scratch = [f"c{i}" for i in range(len(kinds))], [f"w{i}" for i in range(program.scratch)]
    own = _scratch_of(event)
    outs = [f"o{i}" for i in range(len(program.outputs))]
    rest = [view(o, ndim, "k") for o, ndim in zip(outs, program.outputs, strict=True)][1:]
    last = f"STAGE{len(program.stages) - 1}"
    body = [f"r = {last}({', '.join(['x[k]', 'c', 'w', *rest])})"]
    if "INSIDE" in program.kernels:
        body = [
            "if INSIDE(x[k], c):",
            f"    {body[0]}",
            "else:",
            "    r = -np.inf",
            "    for j in range(xs.shape[1]):",
            "        if xs[k, j] != xs[k, j]:",
            "            r = np.nan",
            "    nothing = 0.0 if r == r else np.nan",
            *(
                f"    {line}"
                for o, ndim in list(zip(outs, program.outputs, strict=True))[1:]
                for line in _filled(o, ndim)
            ),
        ]
    lines = _loop(
        [
            f"c = {packed_of(constants, single, 's')}",
            f"w = {packed(scratch, own.whole)}",
            *_stages(program.stages, "(x[k], c, w)", "w", own),
            *body,
            "o0[k] = r",
        ]
    )
    arguments = ["x", "xs", *constants, *scratch, *outs, "n", "sets", "length", "advance"]
    source = "\n".join([f"def rows({', '.join(arguments)}):", *indented(lines)])
    signature = (
        array_of(event),
        array_of(1),
        *map(array_of, kinds),
        *(array_of(1),) * program.scratch,
        *map(array_of, program.outputs),
        *(SIZE,) * 3,
        types.boolean,
    )
    return Text("rows", source, program.kernels, signature)


def _filled(name: str, ndim: int) -> list[str]:
    """Loops that set a result of one event to ``nothing``."""
    if not ndim:
        return [f"{name}[k] = nothing"]
    index = [f"i{axis}" for axis in range(ndim)]
    lines = [f"{name}[k, {', '.join(index)}] = nothing"]
    for axis in reversed(range(ndim)):
        lines = [f"for i{axis} in range({name}.shape[{axis + 1}]):", *indented(lines)]
    return lines


def _noise(slot: int, constants: list[str] | None, lanes: Scratch) -> list[str]:
    """Fill a row with its noise: by pairs, or number by number where that takes constants."""
    row, width = f"n{slot}", lanes.width(f"n{slot}")
    if constants is not None:
        given = ", ".join([f"np.uint64(k * {width} + j), np.uint64({slot}), k0, k1", *constants])
        return [f"for j in range({width}):", f"    {lanes.cell(row, 'j')} = NOISE{slot}({given})"]
    return [
        "j = np.int64(0)",
        f"while j < {width}:",
        f"    e = k * {width} + j",
        f"    a, b = NOISE{slot}(np.uint64(e >> 1), np.uint64(0), np.uint64({slot}), k0, k1)",
        "    if e & 1:",
        "        a = b",
        f"    {lanes.cell(row, 'j')} = a",
        f"    if e & 1 == 0 and j + 1 < {width}:",
        f"        {lanes.cell(row, 'j + 1')} = b",
        "        j += 1",
        "    j += 1",
    ]


def draw_text(
    sampler: Any, kinds: tuple[int, ...], single: tuple[bool, ...], noise: tuple[Any, ...], dtype: np.dtype
) -> Text:
    """``f(*scratch, *constants, *outs, n, sets, length, advance, k0, k1)``; a row of noise has its scratch."""
    outs, lanes = [f"out{i}" for i in range(len(sampler.results))], _scratch_of(sampler.results[0])
    rows = [f"n{i}" for i in range(len(sampler.noise) + sampler.scratch)]
    constants = [f"c{i}" for i in range(len(kinds))]
    # A constant that is a row has its numbers in the places of those of the event.
    cells = [
        f"{c}[{'0' if once else 's'}{', j' * ndim}]" for c, once, ndim in zip(constants, single, kinds, strict=True)
    ]
    kernels = stage_kernels(sampler.stages)
    lines = [f"c = {packed_of(constants, single, 's')}", f"v = {packed(rows, lanes.whole)}"]
    for slot, made in enumerate(noise):
        kernels[f"NOISE{slot}"] = made if isinstance(made, pytypes.FunctionType) else made[0]
        lines += _noise(slot, None if isinstance(made, pytypes.FunctionType) else cells[made[1] : made[1] + 3], lanes)
    elements = f", np.uint64(k * {lanes.width(rows[0])}), k0, k1" if sampler.redraws else ""
    lines += _stages(sampler.stages, f"(v, c{elements})", "n", lanes)
    last = f"STAGE{len(sampler.stages) - 1}"
    if isinstance(sampler.stages[-1], Columns):
        taken = "".join(f"{lanes.cell(row, 'j')}, " for row in rows)
        given, state = f"({taken}), ({', '.join(cells)},)", lanes.cell(rows[-1], "0")
        lines += [
            "size = out0.shape[1]",
            "for j in range(size):",
            f"    state = {state} if j else np.nan",
            f"    element = np.uint64(k * {lanes.width(rows[0])} + j)",
            f"    value, {state} = {last}(state, j == size - 1, {given}, element, k0, k1)",
            "    out0[k, j] = value",
        ]
    else:
        filled = ", ".join(view(out, ndim, "k") for out, ndim in zip(outs, sampler.results, strict=True))
        lines.append(f"{last}(v, c, {filled}{elements})")
    arguments = [*rows, *constants, *outs, "n", "sets", "length", "advance", "k0", "k1"]
    source = "\n".join([f"def draw({', '.join(arguments)}):", *indented(_loop(lines))])
    signature = (
        *(array_of(1),) * len(rows),
        *map(array_of, kinds),
        *(output_type(dtype, ndim + 1) for ndim in sampler.results),
        *(SIZE,) * 3,
        types.boolean,
        *(types.uint64,) * 2,
    )
    return Text("draw", source, kernels, signature)


def _threads(n: int) -> int:
    """How many threads work on `n` events."""
    return min(-(-n // THREADS) * THREADS, MOST_THREADS)


def _place_of(value: Any, table: Table, who: str) -> Place:
    """Where the results for `value` go; if it is a number or one event of one, to where the table is."""
    if on_device(value) or not isinstance(table, DeviceTable):
        return Place(value)
    numbers.place_for(who, table.arrays[0], value)
    return table.place


@at_home
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
    """The results of `program` for each event of `value`; `kinds` are their axes for one event."""
    if out is not None:
        raise TypeError(f"{who}: results on a device are new arrays: out is not taken")
    place = _place_of(value, table, who)
    given = numbers.real(value, who)
    shape = events_shape(given, event_shape, table.batch_shape, who)
    dtype = result_dtype(given, own, False, False)
    if not math.prod(shape):
        return tuple(place.empty(shape + kind, dtype) for kind in kinds)
    results = wide(program, value, table, shape, event_shape, kinds, place)
    if of_log:
        results = [numbers.exponential(results[0], place), *results[1:]]
    return tuple(
        moved(r.reshape(shape + kind or (1,)), shape + kind, dtype, place)
        for r, kind in zip(results, kinds, strict=True)
    )


def wide(
    program: RowProgram | TermProgram,
    value: Any,
    table: Table,
    shape: tuple[int, ...],
    event_shape: tuple[int, ...],
    kinds: tuple[tuple[int, ...], ...],
    place: Place,
) -> list[Any]:
    """The results in float64, each with the axes (event, ...), of one event at least."""
    program = program.whole if isinstance(program, TermProgram) else program
    n, size = math.prod(shape), math.prod(event_shape)
    outs = [place.scratch((n, *kind)) for kind in kinds]
    x = operand(value, shape + event_shape, place, F64)
    threads = _threads(n)
    width = _scratch_of(len(event_shape)).shape(widest(event_shape, table), threads)
    scratch = [place.scratch(width) for _ in range(program.scratch)]
    constants, single, *walk = there(table, place).followed(shape)
    kernel = built(formula_text, program, table.kinds, single, len(event_shape))
    given = x.reshape((n, *event_shape)), x.reshape((n, size))
    launch(kernel, threads, place, *given, *constants, *scratch, *outs, n, *walk)
    return outs


@at_home
def total(
    program: RowProgram | TermProgram,
    value: Any,
    table: Table,
    event_shape: tuple[int, ...],
    kinds: tuple[tuple[int, ...], ...],
    who: str,
) -> tuple[Any, ...]:
    """Each result of `program` summed over the sample axes of `value`: arrays of the batch's axes and its own."""
    place = _place_of(value, table, who)
    shape = events_shape(numbers.real(value, who), event_shape, table.batch_shape, who)
    inner = shape[len(shape) - len(table.batch_shape) :]
    rounds = math.prod(shape[: len(shape) - len(inner)])
    if not math.prod(shape):
        return tuple(moved(0.0, inner + kind, F64, place) for kind in kinds)
    x = operand(value, shape + event_shape, place, F64).reshape((rounds, *inner, *event_shape))
    step = max(1, MOST_TERMS // (math.prod(inner) * max(math.prod(kind) for kind in kinds)))
    sums: list[Any] = []
    for start in range(0, rounds, step):
        part = x[start : start + step]
        results = wide(program, part, table, tuple(part.shape)[: 1 + len(inner)], event_shape, kinds, place)
        added = [_added(found, inner + kind, place) for found, kind in zip(results, kinds, strict=True)]
        sums = [*map(numbers.plus, sums, added)] if sums else added
    return tuple(moved(found, inner + kind, F64, place) for found, kind in zip(sums, kinds, strict=True))


def _added(terms: Any, shape: tuple[int, ...], place: Place) -> Any:
    """The sum of terms, each of them an array of a shape."""
    size = math.prod(shape)
    return numbers.folded(terms.reshape((1, math.prod(terms.shape) // size, size)), place).reshape(shape)


def draw(
    sampler: Any,
    table: Table,
    shape: tuple[int, ...],
    event_shape: tuple[int, ...],
    dtype: np.dtype,
    key: Key,
    width: int | tuple[int, ...] | None,
    place: Place,
) -> Any:
    """Draws of ``shape + event_shape``, where `shape` ends in the table's batch."""
    return draw_together(sampler, table, shape, (event_shape,), dtype, key, width, place)[0]


@at_home
def draw_together(
    sampler: Any,
    table: Table,
    shape: tuple[int, ...],
    kinds: tuple[tuple[int, ...], ...],
    dtype: np.dtype,
    key: Key,
    width: int | tuple[int, ...] | None,
    place: Place,
) -> tuple[Any, ...]:
    """The same, with all that a sampler fills; `kinds` are the axes of each result for one event."""
    noise = tuple(kind if isinstance(kind, pytypes.FunctionType) else kind.each(table) for kind in sampler.noise)
    return _drawn(sampler, noise, there(table, place), shape, kinds, dtype, key, width or math.prod(kinds[0]), place)


@at_home
def draw_each(sampler: Any, numbers_of: tuple[float, ...], rows: Any, dtype: np.dtype, key: Key) -> Any:
    """A draw of the shape of `rows`, on the device, for each of them: its constants are numbers, then that row."""
    shape, place = numbers.shape_of(rows), Place(rows)
    n, size = math.prod(shape[:-1]), shape[-1]
    given = [arrays.view(moved(number, (1,), F64, place)) for number in numbers_of]
    taken = operand(rows, shape, place, F64).reshape((max(n, 1), size))
    table = DeviceTable((*given, taken), shape[:-1], place)
    return _drawn(sampler, sampler.noise, table, shape[:-1], ((size,),), dtype, key, size, place)[0]


def _drawn(
    sampler: Any,
    noise: tuple[Any, ...],
    table: DeviceTable,
    shape: tuple[int, ...],
    kinds: tuple[tuple[int, ...], ...],
    dtype: np.dtype,
    key: Key,
    width: int | tuple[int, ...],
    place: Place,
) -> tuple[Any, ...]:
    n = math.prod(shape)
    own = _number(dtype)
    results = tuple(place.empty(shape + kind, own) for kind in kinds)
    if n and math.prod(kinds[0]):
        widths = width if isinstance(width, tuple) else (width,) * (len(sampler.noise) + sampler.scratch)
        threads = _threads(n)
        scratch = [place.scratch(_scratch_of(sampler.results[0]).shape(w, threads)) for w in widths]
        taken, single, *walk = table.followed(shape)
        kernel = built(draw_text, sampler, table.kinds, single, noise, own)
        k0, k1 = (np.uint64(word) for word in key)
        outs = [arrays.view(found).reshape((n, *kind)) for found, kind in zip(results, kinds, strict=True)]
        launch(kernel, threads, place, *scratch, *taken, *outs, n, *walk, k0, k1)
    if own == dtype:
        return results
    return tuple(moved(found, shape + kind, dtype, place) for found, kind in zip(results, kinds, strict=True))
