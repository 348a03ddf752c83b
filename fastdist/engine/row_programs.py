"""Formulas of events that are rows of numbers, and the text of the loops over them, compiled once for each formula.

A formula takes a whole event, ``x``, and the constants of its parameter set: numbers, rows and
matrices, each an array whose first axis is the parameter set. A loop takes a chunk of events and goes
through it. What the loops need beside the operands and the results is scratch of the size of a chunk.
"""

from __future__ import annotations

import types as pytypes
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine import cpu
from fastdist.engine.kernel import kernel

INF = float("inf")
I64 = np.dtype(np.int64)
# Rows of up to so many numbers are added up from first to last.
SHORT = 32

# The types of what loops take.
WALK = (types.Array(types.int64, 1, "C", readonly=True), types.int64, types.boolean)
FLOATS = {ndim: types.Array(types.float64, ndim, "C") for ndim in range(1, 6)}
CONSTANTS = {ndim: types.Array(types.float64, ndim, "C", readonly=True) for ndim in range(1, 6)}


@kernel
def place(k: Any, index: Any, length: Any, advance: Any) -> Any:
    """The event of an operand for event k of the result; `length` 0 says that it is k."""
    if length == 0:
        return k
    if len(index) == 1:
        return index[0]
    run = k // length
    return index[k - run * length if advance else run % len(index)]


@kernel
def total_between(row: Any, first: Any, last: Any) -> Any:
    """The sum of part of a row, in four lanes: each addition then waits for every fourth before it only.

    Unsigned, so that no index can count from the end, which would be asked for each.
    """
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    start, stop = np.uint64(first), np.uint64(last)
    whole = stop - (stop - start) % np.uint64(4)
    for k in range(start, whole, np.uint64(4)):
        a += row[k]
        b += row[k + np.uint64(1)]
        c += row[k + np.uint64(2)]
        d += row[k + np.uint64(3)]
    for k in range(whole, stop):
        a += row[k]
    return (a + b) + (c + d)


@kernel
def add_up_rows(numbers: Any, size: Any, count: Any) -> None:
    """Put the sums of the first `count` rows of so many numbers in the place of the first numbers.

    Of short rows four at once: one alone is too few additions to keep the processor busy.
    """
    own, rows = np.uint64(size), np.uint64(count)
    whole = rows - rows % np.uint64(4) if size <= SHORT else np.uint64(0)
    for j in range(np.uint64(0), whole, np.uint64(4)):
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for k in range(j * own, j * own + own):
            a += numbers[k]
            b += numbers[k + own]
            c += numbers[k + np.uint64(2) * own]
            d += numbers[k + np.uint64(3) * own]
        numbers[j], numbers[j + np.uint64(1)] = a, b
        numbers[j + np.uint64(2)], numbers[j + np.uint64(3)] = c, d
    for j in range(whole, rows):
        if size <= SHORT:
            total = 0.0
            for k in range(j * own, j * own + own):
                total += numbers[k]
            numbers[j] = total
        else:
            numbers[j] = total_between(numbers, j * own, j * own + own)


@kernel
def total_of(row: Any) -> Any:
    """The sum of a row."""
    return total_between(row, 0, len(row))


@kernel
def largest_of(row: Any) -> Any:
    """The largest number of a row, in four lanes; NaN is passed over."""
    a, b, c, d = -INF, -INF, -INF, -INF
    size = np.uint64(len(row))
    whole = size - size % np.uint64(4)
    for k in range(np.uint64(0), whole, np.uint64(4)):
        a = row[k] if row[k] > a else a
        b = row[k + np.uint64(1)] if row[k + np.uint64(1)] > b else b
        c = row[k + np.uint64(2)] if row[k + np.uint64(2)] > c else c
        d = row[k + np.uint64(3)] if row[k + np.uint64(3)] > d else d
    for k in range(whole, size):
        a = row[k] if row[k] > a else a
    a = a if a > b else b
    c = c if c > d else d
    return a if a > c else c


class Flat(NamedTuple):
    """A stage that applies a formula to the numbers of a row of scratch, of all events at once, so that it vectorises.

    The formula takes a number of the row and those that stand in its place in `others`.
    """

    row: int
    formula: pytypes.FunctionType
    others: tuple[int, ...] = ()


class Columns(NamedTuple):
    """A last stage that gives one number after the other, each of them for all events before the next one.

    ``formula(state, last, noise, constants, element, k0, k1)`` gives a number and the state with which the next one of
    this event is called: `state` is NaN for the first, `last` says that there is no other. Of noise and constants that
    are rows it takes their own number, and `element` is the number's own number among all. A processor can work
    on several events at once, which it could not if each were finished before the next.
    """

    formula: pytypes.FunctionType


class RowProgram:
    """A formula of events, compiled on demand.

    Parameters
    ----------
    name : str
        What the formula computes.
    stages : function or tuple
        ``formula(x, constants, scratch, *rest)``: gives the first result, and fills the `rest` of the results, each of
        which is a row, a matrix, or for a number a row of one. `scratch` is a tuple of rows, each with as many numbers
        as an event. A tuple of stages ends in such a formula; the stages before it are each a
        ``formula(x, constants, scratch)`` or a :class:`Flat`.
    outputs : tuple of int
        How many axes each result has for one event.
    inside : function, optional
        ``inside(x, constants)``: whether the formula holds, False where x holds NaN. Elsewhere the first result is
        -inf and the others are 0; for an event that holds NaN all of them are NaN.
    scratch : int
        How many rows of scratch there are.
    """

    def __init__(
        self,
        name: str,
        stages: pytypes.FunctionType | tuple[Any, ...],
        outputs: tuple[int, ...] = (0,),
        inside: pytypes.FunctionType | None = None,
        scratch: int = 0,
    ) -> None:
        self.name = name
        self.outputs = outputs
        self.scratch = scratch
        self.stages = stages if isinstance(stages, tuple) else (stages,)
        # Between two stages each event needs scratch of its own.
        self.staged = len(self.stages) > 1
        self.kernels = {"PLACE": place, **stage_kernels(self.stages)}
        if inside is not None:
            self.kernels["INSIDE"] = inside
        self._built: dict[Any, Any] = {}

    def loop(self, kinds: tuple[int, ...], event: int) -> Any:
        """``f(x, *walk of x, *walk of the constants, start, *scratch, *constants, *results)`` for one chunk.

        ``x`` and the results begin at event `start`, unless the walk of x says that it is indexed.
        """
        key = kinds, event
        if key in self._built:
            return self._built[key]
        scratch = [f"w{i}" for i in range(self.scratch)]
        constants = [f"c{i}" for i in range(len(kinds))]
        outs = [f"o{i}" for i in range(len(self.outputs))]
        rest = [view(o, ndim) for o, ndim in zip(outs, self.outputs, strict=True)][1:]
        operands = [
            "k = start + j",
            "i = j if xl == 0 else PLACE(k, xi, xl, xa)",
            "s = PLACE(k, ci, cl, ca)",
            f"c = {packed(constants, 's')}",
            f"w = {packed(scratch, 'j' if self.staged else '0')}",
        ]
        last = f"STAGE{len(self.stages) - 1}"
        body = [f"r = {last}({', '.join(['x[i]', 'c', 'w', *rest])})"]
        if "INSIDE" in self.kernels:
            body = [
                "if INSIDE(x[i], c):",
                f"    {body[0]}",
                "else:",
                "    r = -np.inf",
                "    for v in x[i].flat:",
                "        if v != v:",
                "            r = np.nan",
                "    nothing = 0.0 if r == r else np.nan",
                *(f"    {out}[...] = nothing" for out in rest),
            ]
        lines = [
            f"def loop({', '.join(['x', 'xi', 'xl', 'xa', 'ci', 'cl', 'ca', 'start', *scratch, *constants, *outs])}):",
            *stage_lines(self.stages, operands, "(x[i], c, w)", "w"),
            "    for j in range(len(o0)):",
            *(f"        {line}" for line in operands + body),
            "        o0[j] = r",
        ]
        signature = (
            CONSTANTS[event + 1],
            *WALK,
            *WALK,
            types.int64,
            *(FLOATS[2],) * self.scratch,
            *(CONSTANTS[ndim + 1] for ndim in kinds),
            *(FLOATS[ndim + 1] for ndim in self.outputs),
        )
        self._built[key] = cpu.build("loop", "\n".join(lines), self.kernels, signature, bare=True).entry_point
        return self._built[key]


def stage_kernels(stages: tuple[Any, ...]) -> dict[str, Any]:
    """The names of formulas in the text of loops."""
    return {f"STAGE{i}": s.formula if isinstance(s, (Flat, Columns)) else s for i, s in enumerate(stages)}


def stage_lines(stages: tuple[Any, ...], operands: list[str], arguments: str, scratch: str) -> list[str]:
    """Loops for all stages but the last."""
    lines = []
    for i, stage in enumerate(stages[:-1]):
        if isinstance(stage, Flat):
            lines += [
                *(f"    flat{row} = {scratch}{row}.reshape(-1)" for row in (stage.row, *stage.others)),
                f"    for k in range(len(flat{stage.row})):",
                f"        {flat_line(i, stage, 'flat{}[k]')}",
            ]
        else:
            lines += [
                "    for j in range(len(o0)):",
                *(f"        {line}" for line in operands),
                f"        STAGE{i}{arguments}",
            ]
    return lines


def flat_line(i: int, stage: Flat, cell: str) -> str:
    """What stage i does to a number; `cell` is how a number of row ``{}`` is called."""
    first, *others = (cell.format(row) for row in (stage.row, *stage.others))
    return f"{first} = STAGE{i}({', '.join([first, *others])})"


def packed(names: list[str], index: str) -> str:
    """The tuple of one element of each."""
    return "(" + "".join(f"{name}[{index}], " for name in names) + ")"


def view(name: str, ndim: int, index: str = "j") -> str:
    """A result of one event, as what a formula fills."""
    return f"{name}[{index}]" if ndim else f"{name}[{index} : {index} + 1]"


class TermProgram:
    """A formula that is made of sums over the numbers of an event, whatever their order.

    The terms are formed for all numbers of a block of events at once, so that they vectorise however short an event is.

    Parameters
    ----------
    name : str
        What the formula computes.
    term : function
        ``term(x, constants)`` of one number and its constants: as many terms as there are `sums`.
    finish : function
        ``finish(sums, constants)`` of the sums of an event and the numbers of its parameter set.
    sums, numbers, rows : int
        How many terms there are, how many numbers the constants begin with, and how many of the rows behind them `term`
        takes: the first ones.
    """

    def __init__(
        self, name: str, term: pytypes.FunctionType, finish: pytypes.FunctionType, sums: int, numbers: int, rows: int
    ) -> None:
        self.name = name
        self.numbers = numbers
        self.rows = rows
        self.sums = sums
        self.kernels = {"TERM": term, "FINISH": finish, "PLACE": place, "ADD_UP": add_up_rows}
        self._entries: dict[np.dtype, Any] = {}
        self.whole = RowProgram(name, self._formula())

    def loop(self, dtype: np.dtype) -> Any:
        """``f(x, c, *walk, start, *numbers, *scratch, out)`` for a chunk of events that begins at event `start`.

        The scratch is an array of the size of x for each of the sums. ``c`` has the axes (constant, number), and its
        numbers go round and round with those of x.
        """
        if dtype not in self._entries:
            numbers = [f"n{i}" for i in range(self.numbers)]
            terms = [f"t{i}" for i in range(self.sums)]
            sums = [f"s{i}" for i in range(self.sums)]
            cell = "".join(f"c[{i}, first + k], " for i in range(self.rows))
            lines = [
                f"def loop(x, c, ci, cl, ca, start, {', '.join([*numbers, *terms])}, out):",
                "    n, size = x.shape",
                "    flat = x.reshape(-1)",
                # Unsigned, so that no index can count from the end: else nothing vectorises.
                "    length = np.uint64(c.shape[1])",
                "    count = np.uint64(n * size)",
                "    first = np.uint64(start * size) % length",
                "    e = np.uint64(0)",
                "    while e < count:",
                "        run = min(length - first, count - e)",
                "        for k in range(run):",
                f"            {', '.join(sums)}, = TERM(np.float64(flat[e + k]), ({cell}))",
                *(f"            {t}[e + k] = {v}" for t, v in zip(terms, sums, strict=True)),
                "        e += run",
                "        first = np.uint64(0)",
                *(f"    ADD_UP({t}, size, n)" for t in terms),
                "    for j in range(n):",
                "        s = PLACE(start + j, ci, cl, ca)",
                f"        out[j] = FINISH({packed(terms, 'j')}, {packed(numbers, 's')})",
            ]
            signature = (
                types.Array(types.int64, 2, "C", readonly=True) if dtype == I64 else CONSTANTS[2],
                CONSTANTS[2],
                *WALK,
                types.int64,
                *(CONSTANTS[1],) * self.numbers,
                *(FLOATS[1],) * (self.sums + 1),
            )
            self._entries[dtype] = cpu.build("loop", "\n".join(lines), self.kernels, signature, bare=True).entry_point
        return self._entries[dtype]

    def _formula(self) -> pytypes.FunctionType:
        """The same as a formula of one event."""
        sums = [f"s{i}" for i in range(self.sums)]
        source = "\n".join(
            [
                "def formula(x, c, w):",
                *(f"    {v} = 0.0" for v in sums),
                "    for k in range(len(x)):",
                f"        t = TERM(x[k], ({''.join(f'c[{self.numbers + i}][k], ' for i in range(self.rows))}))",
                *(f"        {v} += t[{i}]" for i, v in enumerate(sums)),
                f"    return FINISH(({', '.join(sums)},), ({''.join(f'c[{i}], ' for i in range(self.numbers))}))",
            ]
        )
        names: dict[str, Any] = {"TERM": self.kernels["TERM"], "FINISH": self.kernels["FINISH"]}
        exec(compile(source, "<fastdist formula>", "exec"), names)
        return kernel(names["formula"])
