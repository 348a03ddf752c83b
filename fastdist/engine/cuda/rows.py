"""Events that are rows of numbers on the device: as :mod:`fastdist.engine.rows`, a thread for each event.

The constants of parameter sets are made on the host and copied once.
"""

from __future__ import annotations

import math
import types as pytypes
from typing import Any

import numpy as np
from numba import types

from fastdist.engine.broadcast import runs
from fastdist.engine.cuda import evaluate as numbers
from fastdist.engine.cuda.arrays import Place, view
from fastdist.engine.cuda.evaluate import THREADS, built, launch, moved, operand
from fastdist.engine.cuda.programs import SIZE, Text, indented
from fastdist.engine.evaluate import F64, result_dtype
from fastdist.engine.loops import output_type
from fastdist.engine.row_programs import Columns, Flat, RowProgram, TermProgram, packed, stage_kernels
from fastdist.engine.rows import Table, events_shape, widest
from fastdist.engine.seed import Key

# Each thread has scratch of its own.
MOST_THREADS = 1 << 16


def _number(dtype: Any) -> Any:
    return np.dtype(np.int64) if dtype == np.int64 else F64


def _loop(body: list[str]) -> list[str]:
    """`body` for each event ``k``, and ``t``, the number of the thread."""
    return [
        "t = np.int64(cuda.grid(1))",
        "step = np.int64(cuda.gridsize(1))",
        "k = t",
        "while k < n:",
        "    run = k // length",
        "    s = k - run * length if advance else run % sets",
        *indented(body),
        "    k += step",
    ]


def _stages(stages: tuple[Any, ...], arguments: str, scratch: str) -> list[str]:
    """All stages but the last, for one event."""
    lines = []
    for i, stage in enumerate(stages[:-1]):
        if isinstance(stage, Flat):
            first, *others = (f"{scratch}{row}[t, j]" for row in (stage.row, *stage.others))
            lines += [
                f"for j in range({scratch}{stage.row}.shape[1]):",
                f"    {first} = STAGE{i}({', '.join([first, *others])})",
            ]
        else:
            lines.append(f"STAGE{i}{arguments}")
    return lines


def _result(name: str, ndim: int) -> str:
    """A result of one event, as what a formula fills."""
    return f"{name}[k]" if ndim else f"{name}[k : k + 1]"


def formula_text(program: RowProgram, kinds: tuple[int, ...], event: int) -> Text:
    """``f(x, numbers of x, *constants, *scratch, *results, n, sets, length, advance)``."""
    constants, scratch = [f"c{i}" for i in range(len(kinds))], [f"w{i}" for i in range(program.scratch)]
    outs = [f"o{i}" for i in range(len(program.outputs))]
    rest = [_result(o, ndim) for o, ndim in zip(outs, program.outputs, strict=True)][1:]
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
            f"c = {packed(constants, 's')}",
            f"w = {packed(scratch, 't')}",
            *_stages(program.stages, "(x[k], c, w)", "w"),
            *body,
            "o0[k] = r",
        ]
    )
    arguments = ["x", "xs", *constants, *scratch, *outs, "n", "sets", "length", "advance"]
    source = "\n".join([f"def rows({', '.join(arguments)}):", *indented(lines)])
    signature = (
        output_type(float, event + 1),
        output_type(float, 2),
        *(output_type(float, ndim + 1) for ndim in kinds),
        *(output_type(float, 2),) * program.scratch,
        *(output_type(float, ndim + 1) for ndim in program.outputs),
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


def draw_text(sampler: Any, kinds: tuple[int, ...], noise: tuple[Any, ...], dtype: np.dtype) -> Text:
    """``f(*scratch, *constants, out, n, sets, length, advance, k0, k1)``; a row of noise has its scratch."""
    rows = [f"n{i}" for i in range(len(sampler.noise) + sampler.scratch)]
    constants = [f"c{i}" for i in range(len(kinds))]
    kernels = stage_kernels(sampler.stages)
    lines = [f"c = {packed(constants, 's')}", f"v = {packed(rows, 't')}"]
    for slot, made in enumerate(noise):
        kernels[f"NOISE{slot}"] = made if isinstance(made, pytypes.FunctionType) else made[0]
        width = f"n{slot}.shape[1]"
        if isinstance(made, pytypes.FunctionType):
            lines += [
                "j = np.int64(0)",
                f"while j < {width}:",
                f"    e = k * {width} + j",
                f"    a, b = NOISE{slot}(np.uint64(e >> 1), np.uint64(0), np.uint64({slot}), k0, k1)",
                "    if e & 1:",
                "        a = b",
                f"    n{slot}[t, j] = a",
                f"    if e & 1 == 0 and j + 1 < {width}:",
                f"        n{slot}[t, j + 1] = b",
                "        j += 1",
                "    j += 1",
            ]
        else:
            first = made[1]
            cells = ", ".join(f"c{first + i}[s, j]" if kinds[first + i] else f"c{first + i}[s]" for i in range(3))
            lines += [
                f"for j in range({width}):",
                f"    n{slot}[t, j] = NOISE{slot}(np.uint64(k * {width} + j), np.uint64({slot}), k0, k1, {cells})",
            ]
    elements = f", np.uint64(k * {rows[0]}.shape[1]), k0, k1" if sampler.redraws else ""
    lines += _stages(sampler.stages, f"(v, c{elements})", "n")
    last = f"STAGE{len(sampler.stages) - 1}"
    if isinstance(sampler.stages[-1], Columns):
        own = "".join(f"c{i}[s, j], " if ndim else f"c{i}[s], " for i, ndim in enumerate(kinds))
        numbers_of = "".join(f"{n}[t, j], " for n in rows)
        lines += [
            "size = out.shape[1]",
            "for j in range(size):",
            f"    state = {rows[-1]}[t, 0] if j else np.nan",
            f"    element = np.uint64(k * {rows[0]}.shape[1] + j)",
            f"    value, {rows[-1]}[t, 0] = {last}(state, j == size - 1, ({numbers_of}), ({own}), element, k0, k1)",
            "    out[k, j] = value",
        ]
    else:
        lines.append(f"{last}(v, c, out[k]{elements})")
    arguments = [*rows, *constants, "out", "n", "sets", "length", "advance", "k0", "k1"]
    source = "\n".join([f"def draw({', '.join(arguments)}):", *indented(_loop(lines))])
    signature = (
        *(output_type(float, 2),) * len(rows),
        *(output_type(float, ndim + 1) for ndim in kinds),
        output_type(dtype, sampler.results[0] + 1),
        *(SIZE,) * 3,
        types.boolean,
        *(types.uint64,) * 2,
    )
    return Text("draw", source, kernels, signature)


def _threads(n: int) -> int:
    """How many threads work on `n` events."""
    return min(-(-n // THREADS) * THREADS, MOST_THREADS)


def _constants(table: Table, shape: tuple[int, ...], place: Place) -> tuple[list[Any], int, int, bool]:
    """The constants on the device, how many sets they are of, and how they follow the events of a result."""
    arrays = table.once(_Copies).on(place)
    found = runs(table.batch_shape, shape)
    if found is not None:
        return arrays, max(1, math.prod(table.batch_shape)), *found
    batch = (1,) * (len(shape) - len(table.batch_shape)) + tuple(table.batch_shape)
    n = math.prod(shape)
    full = []
    for array in arrays:
        kind = tuple(array.shape[1:])
        full.append(operand(array.reshape((*batch, *kind)), shape + kind, place).reshape((n, *kind)))
    return full, n, n, True


class _Copies:
    """The constants of a table on the device, copied when first used."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._arrays: list[Any] | None = None

    def on(self, place: Place) -> list[Any]:
        """The arrays."""
        if self._arrays is None:
            self._arrays = [place.copied(array) for array in self._table.arrays]
        return self._arrays


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
    place = Place(value)
    given = numbers.Described(numbers.real(value, who))
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
    scratch = [place.scratch((threads, widest(event_shape, table))) for _ in range(program.scratch)]
    constants, sets, length, advance = _constants(table, shape, place)
    kernel = built(formula_text, program, table.kinds, len(event_shape))
    given = x.reshape((n, *event_shape)), x.reshape((n, size))
    launch(kernel, threads, place, *given, *constants, *scratch, *outs, n, sets, length, advance)
    return outs


def total(
    program: RowProgram | TermProgram,
    value: Any,
    table: Table,
    event_shape: tuple[int, ...],
    kinds: tuple[tuple[int, ...], ...],
    who: str,
) -> tuple[Any, ...]:
    """Each result of `program` summed over the sample axes of `value`: arrays of the batch's axes and its own."""
    place = Place(value)
    shape = events_shape(numbers.Described(numbers.real(value, who)), event_shape, table.batch_shape, who)
    inner = shape[len(shape) - len(table.batch_shape) :]
    rounds = math.prod(shape[: len(shape) - len(inner)])
    if not math.prod(shape):
        return tuple(moved(0.0, inner + kind, F64, place) for kind in kinds)
    results = wide(program, value, table, shape, event_shape, kinds, place)
    sums = []
    for result, kind in zip(results, kinds, strict=True):
        size = math.prod(inner + kind)
        folded = numbers.folded(result.reshape((1, rounds, size)), place)
        sums.append(moved(folded.reshape(inner + kind or (1,)), inner + kind, F64, place))
    return tuple(sums)


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
    noise = tuple(kind if isinstance(kind, pytypes.FunctionType) else kind.each(table) for kind in sampler.noise)
    constants = _constants(table, shape, place)
    widths = width or math.prod(event_shape)
    return _drawn(sampler, noise, table.kinds, constants, shape, event_shape, dtype, key, widths, place)


def draw_each(sampler: Any, numbers_of: tuple[float, ...], rows: Any, dtype: np.dtype, key: Key) -> Any:
    """A draw of the shape of `rows`, on the device, for each of them: its constants are numbers, then that row."""
    shape, place = numbers.shape_of(rows), Place(rows)
    n, size = math.prod(shape[:-1]), shape[-1]
    given = [moved(number, (n,), F64, place) for number in numbers_of]
    taken = operand(rows, shape, place, F64).reshape((max(n, 1), size))
    constants = [*map(view, given), taken], max(n, 1), max(n, 1), True
    kinds = (*(0,) * len(given), 1)
    return _drawn(sampler, sampler.noise, kinds, constants, shape[:-1], (size,), dtype, key, size, place)


def _drawn(
    sampler: Any,
    noise: tuple[Any, ...],
    kinds: tuple[int, ...],
    constants: tuple[list[Any], int, int, bool],
    shape: tuple[int, ...],
    event_shape: tuple[int, ...],
    dtype: np.dtype,
    key: Key,
    width: int | tuple[int, ...],
    place: Place,
) -> Any:
    n = math.prod(shape)
    own = _number(dtype)
    result = place.empty(shape + event_shape, own)
    if n and math.prod(event_shape):
        widths = width if isinstance(width, tuple) else (width,) * (len(sampler.noise) + sampler.scratch)
        threads = _threads(n)
        scratch = [place.scratch((threads, w)) for w in widths]
        arrays, *walk = constants
        kernel = built(draw_text, sampler, kinds, noise, own)
        k0, k1 = (np.uint64(word) for word in key)
        out = view(result).reshape((n, *event_shape))
        launch(kernel, threads, place, *scratch, *arrays, out, n, *walk, k0, k1)
    return result if own == dtype else moved(result, shape + event_shape, dtype, place)
