"""From a key to arrays of events that are rows.

A sampler is a formula over rows of noise, which is made in bulk for a chunk of events, and the constants of
a parameter set. Where a formula rejects a proposal it draws that element's noise again, alone: by
:func:`fastdist.random.philox.uniform_at` with the number of the element, the attempt and the slot. So event i
depends on the key and on i alone.
"""

from __future__ import annotations

import math
import types as pytypes
from math import log
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu, rows
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.evaluate import F32, F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import (
    CONSTANTS,
    FLOATS,
    I64,
    WALK,
    Columns,
    packed,
    place,
    stage_kernels,
    stage_lines,
    view,
)
from fastdist.engine.rows import Table
from fastdist.engine.seed import Key
from fastdist.random.gamma_rows import GammaRows
from fastdist.random.philox import normal_pair, uniform_pair
from fastdist.random.sampling import noise_loop

__all__ = ["EXPONENTIAL", "GUMBEL", "NORMAL", "UNIFORM", "RowSampler", "draw", "draw_rows", "single"]

# A number that a formula may draw again costs about as much as so many that are made once.
REDRAWN = 8


def _output(dtype: np.dtype, ndim: int) -> Any:
    return types.Array(types.int64 if dtype == I64 else types.float64, ndim, "C")


@kernel
def gumbel_pair(pair, attempt, slot, k0, k1):
    """Two standard Gumbel variates."""
    u, v = uniform_pair(pair, attempt, slot, k0, k1)
    return -log(-log_of_uniform(u)), -log(-log_of_uniform(v))


@kernel
def exponential_pair(pair, attempt, slot, k0, k1):
    """Two standard exponential variates."""
    u, v = uniform_pair(pair, attempt, slot, k0, k1)
    return -log_of_uniform(u), -log_of_uniform(v)


NORMAL, UNIFORM, GUMBEL, EXPONENTIAL = normal_pair, uniform_pair, gumbel_pair, exponential_pair
"""The kinds of noise; another is :class:`fastdist.random.gamma_rows.GammaRows`."""


# The text that makes the noise of a single event.
_TAKEN = ("    {n} = space[taken : taken + {w}].reshape((1, {w}))", "    taken += {w}")
_NOISE = (
    "    for p in range(({w} + 1) // 2):",
    "        first, second = NOISE{slot}(np.uint64(p), np.uint64(0), np.uint64({slot}), k0, k1)",
    "        {n}[0, 2 * p] = first",
    "        if 2 * p + 1 < {w}:",
    "            {n}[0, 2 * p + 1] = second",
)


class RowSampler:
    """How a family of rows is drawn.

    Parameters
    ----------
    stages : function or tuple
        ``formula(noise, constants, out)`` fills the event `out` from a tuple of rows, which it may overwrite.
        With `redraws` it also takes ``(first, k0, k1)``: the number of the row's first element, and the key. A
        tuple of stages ends in such a formula, or in `Columns` of one; the stages before it are each a
        ``formula(noise, constants)``, with the same addition, or a `Flat`.
    noise : tuple
        The kind of each row of noise, in the order of the slots.
    scratch : int
        How many rows of scratch are added to those of noise; columns keep their state in the last.
    redraws : bool
        Whether the formula may reject.
    results : tuple of int
        For each array that the formula fills, how many axes it has for one event.
    """

    def __init__(
        self,
        stages: pytypes.FunctionType | tuple[Any, ...],
        noise: tuple[Any, ...],
        scratch: int = 0,
        redraws: bool = False,
        results: tuple[int, ...] = (1,),
    ) -> None:
        self.noise = noise
        self.scratch = scratch
        self.redraws = redraws
        self.stages = stages if isinstance(stages, tuple) else (stages,)
        # Between two stages, or two columns, each event needs scratch of its own.
        self.staged = isinstance(stages, tuple)
        self._kernels = stage_kernels(self.stages)
        self.results = results
        self._built: dict[Any, Any] = {}
        self._made_once: dict[Any, Any] = {}

    def loop(self, kinds: tuple[int, ...], dtypes: tuple[np.dtype, ...]) -> Any:
        """``f(*noise, *walk of the constants, start, *constants, *outs[, width, k0, k1])`` for one chunk of events."""
        key = kinds, dtypes
        if key in self._built:
            return self._built[key]
        noise, constants = self._names(kinds)
        outs = [f"o{i}" for i in range(len(dtypes))]
        again = ["width", "k0", "k1"] if self.redraws else []
        lines = [
            f"def draw({', '.join([*noise, 'ci', 'cl', 'ca', 'start', *constants, *outs, *again])}):",
            *self._body(kinds, len(dtypes), "PLACE(start + j, ci, cl, ca)"),
        ]
        signature = (
            *(FLOATS[2],) * len(noise),
            *WALK,
            types.int64,
            *(CONSTANTS[ndim + 1] for ndim in kinds),
            *(_output(dtype, ndim + 1) for dtype, ndim in zip(dtypes, self.results, strict=True)),
            *(types.uint64,) * len(again),
        )
        kernels = {"PLACE": place, **self._kernels}
        self._built[key] = cpu.build("draw", "\n".join(lines), kernels, signature, bare=True).entry_point
        return self._built[key]

    def once(self, kinds: tuple[int, ...], dtype: np.dtype) -> Any:
        """``f(*gammas, space, *widths, *constants, out, k0, k1)``: event 0 of the only parameter set.

        Its noise is made in `space`, but for gamma variates, which it takes.
        """
        key = kinds, dtype
        if key in self._made_once:
            return self._made_once[key]
        noise, constants = self._names(kinds)
        given = [n for n, kind in zip(noise, self.noise, strict=False) if isinstance(kind, GammaRows)]
        made = [n for n in noise if n not in given]
        widths = [f"w{n[1:]}" for n in made]
        lines = [f"def draw({', '.join([*given, 'space', *widths, *constants, 'out', 'k0', 'k1'])}):", "    taken = 0"]
        kernels = dict(self._kernels)
        for slot, (n, kind) in enumerate(zip(noise, [*self.noise, *(None,) * self.scratch], strict=True)):
            if n in made:
                lines += [line.format(n=n, w=f"w{slot}") for line in _TAKEN]
            if n in made and kind is not None:
                kernels[f"NOISE{slot}"] = kind
                lines += [line.format(n=n, w=f"w{slot}", slot=slot) for line in _NOISE]
        axes = ", ".join(f"out.shape[{i}]" for i in range(self.results[0]))
        width = f"{noise[0]}.shape[1]"
        lines += [f"    o0, start, width = out.reshape((1, {axes})), 0, np.uint64({width})", *self._body(kinds, 1, "0")]
        signature = (
            *(FLOATS[2],) * len(given),
            FLOATS[1],
            *(types.int64,) * len(widths),
            *(CONSTANTS[ndim + 1] for ndim in kinds),
            _output(dtype, self.results[0]),
            types.uint64,
            types.uint64,
        )
        self._made_once[key] = cpu.build("draw", "\n".join(lines), kernels, signature, bare=True).entry_point
        return self._made_once[key]

    def _names(self, kinds: tuple[int, ...]) -> tuple[list[str], list[str]]:
        """What rows of noise and of scratch, and the constants, are called in the text of loops."""
        return [f"n{i}" for i in range(len(self.noise) + self.scratch)], [f"c{i}" for i in range(len(kinds))]

    def _body(self, kinds: tuple[int, ...], outs: int, place: str) -> list[str]:
        """The loops over the events of a chunk, whose constants are those of the set at `place`."""
        noise, constants = self._names(kinds)
        views = [f"n{i}[{'j' if self.staged or i < len(self.noise) else '0'}], " for i in range(len(noise))]
        operands = [f"s = {place}", f"c = {packed(constants, 's')}", f"v = ({''.join(views)})"]
        elements = ", np.uint64(start + j) * width, k0, k1" if self.redraws else ""
        lines = stage_lines(self.stages, operands, f"(v, c{elements})", "n")
        name = f"STAGE{len(self.stages) - 1}"
        if not isinstance(self.stages[-1], Columns):
            results = "".join(f", {view(f'o{i}', ndim)}" for i, ndim in enumerate(self.results[:outs]))
            return [
                *lines,
                "    for j in range(len(o0)):",
                *(f"        {line}" for line in operands),
                f"        {name}(v, c{results}{elements})",
            ]
        own = "".join(f"c{i}[s, k], " if ndim else f"c{i}[s], " for i, ndim in enumerate(kinds))
        numbers = "".join(f"{n}[j, k], " for n in noise)
        return [
            *lines,
            "    size = o0.shape[1]",
            "    for k in range(size):",
            "        for j in range(len(o0)):",
            f"            s = {place}",
            f"            state = {noise[-1]}[j, 0] if k else np.nan",
            "            element = np.uint64(start + j) * width + np.uint64(k)",
            f"            o0[j, k], {noise[-1]}[j, 0] = {name}(",
            f"                state, k == size - 1, ({numbers}), ({own}), element, k0, k1)",
        ]


def draw(
    sampler: RowSampler,
    table: Table,
    outs: tuple[np.ndarray, ...],
    ndim: int,
    key: Key,
    width: int | tuple[int, ...] | None = None,
) -> None:
    """Fill `outs`, C-contiguous, the first of which has as its last `ndim` axes an event, and before them the batch.

    A row of noise or of scratch has `width` numbers, by default those of an event, or its own number of them.
    """
    if not outs[0].size:
        return
    shape = outs[0].shape[: outs[0].ndim - ndim]
    n = math.prod(shape)
    place = rows.walk(table.batch_shape, shape)
    flat = [out.reshape((n, *out.shape[len(shape) :])) for out in outs]

    def constants(start: int, stop: int) -> Any:
        return place, start, table.arrays

    draw_rows(sampler, constants, flat, table.kinds, key, width or flat[0][0].size, table)


def single(
    sampler: RowSampler,
    table: Table,
    event_shape: tuple[int, ...],
    dtype: np.dtype,
    width: int | tuple[int, ...] | None,
) -> Any:
    """``f(key)``: what :func:`draw` gives for one event of the only parameter set, in float64 or int64."""
    entry = sampler.once(table.kinds, dtype)
    own = width or math.prod(event_shape)
    widths = own if isinstance(own, tuple) else (own,) * (len(sampler.noise) + sampler.scratch)
    gammas = [
        (slot, table.once(kind), widths[slot]) for slot, kind in enumerate(sampler.noise) if isinstance(kind, GammaRows)
    ]
    given = {slot for slot, _, _ in gammas}
    made = tuple(size for slot, size in enumerate(widths) if slot not in given)
    space, operands = sum(made), (*made, *table.arrays)

    def event(key: Key) -> np.ndarray:
        out = np.empty(event_shape, dtype)
        entry(np.empty(space), *operands, out, *key)
        return out

    def event_of_gammas(key: Key) -> np.ndarray:
        k0, k1 = key
        out = np.empty(event_shape, dtype)
        noise = [np.empty((1, size)) for _, _, size in gammas]
        for row, (slot, fill, size) in zip(noise, gammas, strict=True):
            fill(row[0], 0, size, slot, k0, k1)
        entry(*noise, np.empty(space), *operands, out, k0, k1)
        return out

    return event_of_gammas if gammas else event


def noise_loops(sampler: RowSampler, table: Table | None) -> list[Any]:
    """The loop that makes each row of noise."""
    return [table.once(k) if isinstance(k, GammaRows) and table else noise_loop(k) for k in sampler.noise]


def draw_rows(
    sampler: RowSampler,
    constants: Any,
    outs: list[np.ndarray],
    kinds: tuple[int, ...],
    key: Key,
    width: int | tuple[int, ...],
    table: Table | None = None,
) -> None:
    """Fill `outs`, whose first axis is the event.

    Where each row has its own width, the elements that a formula may draw again are those of the first row.

    ``constants(start, stop)`` gives for a chunk of events the walk of the constants, the number at which it begins, and
    the constants. Noise that depends on constants takes them from `table`.
    """
    k0, k1 = key
    # What is narrower is rounded from these.
    dtypes = tuple(F64 if out.dtype == F32 else out.dtype for out in outs)
    entry = sampler.loop(kinds, dtypes)
    fills = noise_loops(sampler, table)
    widths = width if isinstance(width, tuple) else (width,) * (len(fills) + sampler.scratch)
    again = (widths[0], k0, k1) if sampler.redraws else ()

    def work(start: int, stop: int) -> None:
        counts = [stop - start] * len(fills) + [stop - start if sampler.staged else 1] * sampler.scratch
        noise = [np.empty(shape) for shape in zip(counts, widths, strict=True)]
        for slot, fill in enumerate(fills):
            fill(noise[slot].reshape(-1), start * widths[slot], stop * widths[slot], slot, k0, k1)
        place, first, arrays = constants(start, stop)
        parts = [out[start:stop] for out in outs]
        wide = [p if p.dtype == t else np.empty(p.shape, t) for p, t in zip(parts, dtypes, strict=True)]
        entry(*noise, *place, first, *arrays, *wide, *again)
        with np.errstate(over="ignore"):
            for part, full in zip(parts, wide, strict=True):
                if part is not full:
                    part[...] = full

    chunk = rows.CHUNK if sampler.staged else rows.LONG_CHUNK
    cost = REDRAWN if sampler.redraws else 1
    rows.in_threads(work, len(outs[0]), max(*widths, *(out[0].size for out in outs)), chunk, cost)
