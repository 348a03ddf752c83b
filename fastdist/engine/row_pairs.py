"""Formulas of rows of several batches at once, as those of two distributions, for each event that they broadcast to.

Sums of terms vectorise over the numbers of a whole chunk, however short a row is; other formulas take rows as they are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine import cpu, threads
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import CONSTANTS, FLOATS, add_up_rows
from fastdist.engine.rows import in_threads

# ``fill(events, out)`` for a slice or the indices of events; it says how many of the numbers are NaN.
Fill = Callable[[slice | np.ndarray, np.ndarray], int]

# Numbers of a sum that are made before they are added up: they stay in the nearest cache. How many a thread takes at
# a time, of all events or of some, whose rows it copies.
IN_CACHE, PART, FEW = 1 << 12, 1 << 16, 1 << 14
# What a formula that takes a row costs for each of its numbers, beside a term that vectorises.
COST = 32


class Batch:
    """Rows with the axes of a batch, as they broadcast to a shape of events."""

    def __init__(self, rows: Any, shape: tuple[int, ...]) -> None:
        *batch, self.size = (rows if on_device(rows) else np.asarray(rows)).shape
        self.shape = shape
        self._index = None
        if on_device(rows):
            self.rows = rows.reshape((*(1,) * (len(shape) - len(batch)), *batch, self.size))
            return
        self.rows = np.ascontiguousarray(rows, F64).reshape(-1, self.size)
        if len(self.rows) != math.prod(shape):
            self._index = np.broadcast_to(np.arange(len(self.rows)).reshape(batch), shape).reshape(-1)

    def of(self, events: Any) -> np.ndarray:
        """The rows of some events, one behind the other."""
        return self.rows[events if self._index is None else self._index[events]]


class Sum(NamedTuple):
    """``finish(*sums)`` of the sums, of as many `terms`, of ``term(...)`` over the numbers in one place of all rows."""

    term: Any
    finish: Any
    terms: int
    batches: tuple[Batch, ...]

    def filler(self) -> Fill:
        """What makes the numbers of some events."""
        entry, size = _sums(self.term, self.finish, self.terms, len(self.batches)), self.batches[0].size

        def fill(events: slice | np.ndarray, out: np.ndarray) -> int:
            scratch = [np.empty(max(size, IN_CACHE // self.terms)) for _ in range(self.terms)]
            found: int = entry(*(batch.of(events).reshape(-1) for batch in self.batches), size, *scratch, out)
            return found

        return fill

    def formula(self) -> Any:
        """As a formula of whole rows."""
        return _of_rows(self.term, self.finish, self.terms, len(self.batches))


class OfRows(NamedTuple):
    """A formula of whole rows of two batches."""

    own: Any
    batches: tuple[Batch, Batch]

    def filler(self) -> Fill:
        """What makes the numbers of some events."""
        entry, (p, q) = _values(self.own), self.batches

        def fill(events: slice | np.ndarray, out: np.ndarray) -> int:
            found: int = entry(p.of(events), q.of(events), out)
            return found

        return fill

    def formula(self) -> Any:
        """Itself."""
        return self.own


def careful(*formulas: Sum | OfRows) -> Any:
    """For each event what the first formula gives, or where it is NaN the next: an array of the shape of the events."""
    batch = formulas[0].batches[0]
    if on_device(batch.rows):
        given = ((own.formula(), tuple(batch.rows for batch in own.batches)) for own in formulas)
        return cuda("sets").careful(*given, shape=batch.shape)
    out = np.empty(math.prod(batch.shape))
    first, *others = formulas
    parts = _filled(first.filler(), out, batch.size)
    for formula in others:
        parts = _mended(formula.filler(), out, batch.size, parts)
    return out.reshape(batch.shape)


def _filled(fill: Fill, out: np.ndarray, size: int) -> list[slice]:
    """Fill `out` for all events, of so many numbers; the parts that have NaN in them."""
    lost: list[slice] = []

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        if fill(part, out[part]):
            lost.append(part)

    in_threads(work, len(out), size, PART)
    return lost


def _mended(fill: Fill, out: np.ndarray, size: int, parts: list[slice]) -> list[slice]:
    """Fill `out` where it is NaN within some parts; those of them that still have NaN in them."""
    most, lost = max(1, FEW // max(size, 1)), list[slice]()

    def mended(part: slice) -> bool:
        missing, whole = part.start + np.flatnonzero(np.isnan(out[part])), True
        for first in range(0, len(missing), most):
            events = _as_slice(missing[first : first + most])
            found = out[events]
            whole &= not fill(events, found)
            out[events] = found
        return whole

    def work(start: int, stop: int) -> None:
        lost.extend(part for part in parts[start:stop] if not mended(part))

    threads.run(work, len(parts), 1)
    return lost


def _as_slice(events: np.ndarray) -> slice | np.ndarray:
    """Consecutive numbers as a slice, which takes no copies."""
    first, last = int(events[0]), int(events[-1])
    return slice(first, last + 1) if last - first == len(events) - 1 else events


def slopes(formula: Any, given: Any, p: Batch, q: Batch) -> tuple[Any, Any]:
    """The rows that ``formula(p_row, q_row, value, in_p, in_q)`` fills for each event, whose value is given."""
    if on_device(given):
        return cuda("sets").prepare(formula, (p.rows, q.rows, given), p.shape, 0, ((p.size,), (q.size,))).batched()
    flat = given.reshape(-1)
    outs = np.empty((len(flat), p.size)), np.empty((len(flat), q.size))
    entry = _slopes(formula)

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        entry(p.of(part), q.of(part), flat[part], *(out[part] for out in outs))

    in_threads(work, len(flat), p.size, cost=COST)
    first, second = (out.reshape((*p.shape, -1)) for out in outs)
    return first, second


@functools.cache
def _sums(term: Any, finish: Any, count: int, batches: int) -> Any:
    """``f(*rows, size, *scratch, out)``: as many events at a time as the scratch has room for, one at least."""
    rows, terms = _names("x", batches), _names("t", count)
    few = [
        f"def few({', '.join([*rows, 'size', *terms, 'out'])}):",
        # Unsigned, so that no index can count from the end: else nothing vectorises.
        "    for k in range(np.uint64(len(x0))):",
        f"        {', '.join(f'{t}[k]' for t in terms)}, = TERM({', '.join(f'{x}[k]' for x in rows)})",
        *(f"    ADD_UP({t}, size, len(out))" for t in terms),
        "    lost = 0",
        "    for j in range(np.uint64(len(out))):",
        f"        out[j] = found = FINISH({', '.join(f'{t}[j]' for t in terms)})",
        "        lost += found != found",
        "    return lost",
    ]
    lines = [
        f"def sums({', '.join([*rows, 'size', *terms, 'out'])}):",
        "    lost, first = 0, 0",
        "    while first < len(out):",
        "        last = min(len(out), first + len(t0) // size)",
        f"        some = {', '.join(f'{x}[first * size : last * size]' for x in rows)}",
        f"        lost += FEW(*some, size, {', '.join(terms)}, out[first:last])",
        "        first = last",
        "    return lost",
    ]
    # A function of its own: else its loops lack registers, and read their coefficients from memory in each turn.
    kernels = {"FEW": kernel(_defined(few, TERM=term, FINISH=finish, ADD_UP=add_up_rows), heavy=True)}
    signature = (*(CONSTANTS[1],) * batches, types.int64, *(FLOATS[1],) * (count + 1))
    return cpu.build("sums", "\n".join(lines), kernels, signature, bare=True).entry_point


@functools.cache
def _of_rows(term: Any, finish: Any, count: int, batches: int) -> Any:
    rows, totals = _names("x", batches), _names("s", count)
    lines = [
        f"def formula({', '.join(rows)}):",
        *(f"    {s} = 0.0" for s in totals),
        "    for k in range(len(x0)):",
        f"        t = TERM({', '.join(f'{x}[k]' for x in rows)})",
        *(f"        {s} += t[{i}]" for i, s in enumerate(totals)),
        f"    return FINISH({', '.join(totals)})",
    ]
    return kernel(_defined(lines, TERM=term, FINISH=finish))


def _names(letter: str, count: int) -> list[str]:
    return [f"{letter}{i}" for i in range(count)]


def _defined(lines: list[str], **names: Any) -> Any:
    """The only function of a source."""
    defined: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<fastdist rows>", "exec"), {"np": np, **names}, defined)
    (function,) = defined.values()
    return function


@functools.cache
def _values(formula: Any) -> Any:
    lines = [
        "def values(p, q, out):",
        "    lost = 0",
        "    for j in range(len(out)):",
        "        out[j] = found = FORMULA(p[j], q[j])",
        "        lost += found != found",
        "    return lost",
    ]
    signature = (CONSTANTS[2], CONSTANTS[2], FLOATS[1])
    return cpu.build("values", "\n".join(lines), {"FORMULA": formula}, signature, bare=True).entry_point


@functools.cache
def _slopes(formula: Any) -> Any:
    lines = [
        "def slopes(p, q, v, a, b):",
        "    for j in range(len(v)):",
        "        FORMULA(p[j], q[j], v[j], a[j], b[j])",
    ]
    signature = (CONSTANTS[2], CONSTANTS[2], CONSTANTS[1], FLOATS[2], FLOATS[2])
    return cpu.build("slopes", "\n".join(lines), {"FORMULA": formula}, signature, bare=True).entry_point
