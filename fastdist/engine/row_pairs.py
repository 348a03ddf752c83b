"""Formulas of rows of several batches at once, as those of two distributions, for each event that they broadcast to.

Sums of terms vectorise over the numbers of a whole chunk, however short a row is; other formulas take rows as they are.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine import cpu
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import CONSTANTS, FLOATS, total_between
from fastdist.engine.rows import LONG_CHUNK, in_threads

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

    def of(self, n: int, events: np.ndarray | None = None) -> np.ndarray:
        """For all of n events, or for some of them."""
        return sums(self.term, self.finish, self.terms, self.batches, n, events)

    def formula(self) -> Any:
        """As a formula of whole rows."""
        return _of_rows(self.term, self.finish, self.terms, len(self.batches))


class OfRows(NamedTuple):
    """A formula of whole rows."""

    own: Any
    batches: tuple[Batch, ...]

    def of(self, n: int, events: np.ndarray) -> np.ndarray:
        """For some of n events."""
        p, q = self.batches
        return values(self.own, p, q, events)

    def formula(self) -> Any:
        """Itself."""
        return self.own


def careful(rough: Sum, exact: Sum | OfRows) -> Any:
    """What `rough` gives for each event, and `exact` where that is NaN: an array of the shape of the events."""
    shape = rough.batches[0].shape
    if on_device(rough.batches[0].rows):
        given = ((part.formula(), tuple(batch.rows for batch in part.batches)) for part in (rough, exact))
        return cuda("sets").careful(*given, shape)
    found = rough.of(math.prod(shape))
    rest = np.flatnonzero(np.isnan(found))
    if rest.size:
        found[rest] = exact.of(len(found), rest)
    return found.reshape(shape)


def sums(
    term: Any, finish: Any, count: int, batches: tuple[Batch, ...], n: int, events: np.ndarray | None = None
) -> np.ndarray:
    """``finish(*sums)`` for each of n events, or for some of them.

    The `count` sums are those of ``term(...)`` over the numbers that stand in one place of all rows.
    """
    n = n if events is None else len(events)
    out = np.empty(n)
    entry, size = _sums(term, finish, count, len(batches)), batches[0].size

    def work(start: int, stop: int) -> None:
        part = slice(start, stop) if events is None else events[start:stop]
        scratch = [np.empty((stop - start) * size) for _ in range(count)]
        entry(*(batch.of(part).reshape(-1) for batch in batches), size, *scratch, out[start:stop])

    in_threads(work, n, size, LONG_CHUNK)
    return out


def values(formula: Any, p: Batch, q: Batch, events: np.ndarray) -> np.ndarray:
    """``formula(p_row, q_row)`` for some events."""
    out = np.empty(len(events))
    entry = _values(formula)

    def work(start: int, stop: int) -> None:
        part = events[start:stop]
        entry(p.of(part), q.of(part), out[start:stop])

    in_threads(work, len(events), p.size, cost=COST)
    return out


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
    rows, terms, totals = ([f"{name}{i}" for i in range(n)] for name, n in (("x", batches), ("t", count), ("s", count)))
    lines = [
        f"def sums({', '.join(rows)}, size, {', '.join(terms)}, out):",
        # Unsigned, so that no index can count from the end: else nothing vectorises.
        "    for k in range(np.uint64(len(x0))):",
        f"        {', '.join(f'{t}[k]' for t in terms)}, = TERM({', '.join(f'{x}[k]' for x in rows)})",
        "    for j in range(len(out)):",
        *(f"        {s} = TOTAL({t}, j * size, (j + 1) * size)" for s, t in zip(totals, terms, strict=True)),
        f"        out[j] = FINISH({', '.join(totals)})",
    ]
    kernels = {"TERM": term, "FINISH": finish, "TOTAL": total_between}
    signature = (*(CONSTANTS[1],) * batches, types.int64, *(FLOATS[1],) * (count + 1))
    return cpu.build("sums", "\n".join(lines), kernels, signature, bare=True).entry_point


@functools.cache
def _of_rows(term: Any, finish: Any, count: int, batches: int) -> Any:
    rows, totals = [f"x{i}" for i in range(batches)], [f"s{i}" for i in range(count)]
    source = "\n".join(
        [
            f"def formula({', '.join(rows)}):",
            *(f"    {s} = 0.0" for s in totals),
            "    for k in range(len(x0)):",
            f"        t = TERM({', '.join(f'{x}[k]' for x in rows)})",
            *(f"        {s} += t[{i}]" for i, s in enumerate(totals)),
            f"    return FINISH({', '.join(totals)})",
        ]
    )
    names: dict[str, Any] = {"TERM": term, "FINISH": finish}
    exec(compile(source, "<fastdist formula>", "exec"), names)
    return kernel(names["formula"])


@functools.cache
def _values(formula: Any) -> Any:
    lines = ["def values(p, q, out):", "    for j in range(len(out)):", "        out[j] = FORMULA(p[j], q[j])"]
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
