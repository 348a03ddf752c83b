"""From a key to arrays of draws.

A sampler is a formula over parameter-free noise: some standard normals, some uniforms and the
constants of the distribution. The noise of a chunk is made first, by loops that all samplers
share; then the sampler's own loop turns it into draws. A formula that gives NaN has rejected its
proposal: the loop then draws that element's noise again, alone.
"""

from __future__ import annotations

import functools
import types as pytypes
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu, threads
from fastdist.engine.broadcast import layout
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression
from fastdist.engine.loops import Program
from fastdist.engine.seed import Key
from fastdist.random.philox import normal_at, normal_pair, uniform_at, uniform_pair

# Elements of a chunk, and how many chunks a thread may take at a time: their noise stays in a core's cache. The first
# is even, so that pairs never straddle.
CHUNK, MOST = 1 << 11, 4

_FILL = """
def fill(out, start, stop, slot, k0, k1):
    zero = np.uint64(0)
    one = np.uint64(1)
    n = stop - start
    first = start >> one
    for p in range(n >> one):
        a, b = PAIR(first + p, zero, slot, k0, k1)
        out[p + p] = a
        out[p + p + one] = b
    if n & one:
        a, b = PAIR(first + (n >> one), zero, slot, k0, k1)
        out[n - one] = a
"""


class Sampler:
    """How a family is drawn.

    Parameters
    ----------
    formula : function
        ``formula(noise, constants)`` with `normals` standard normals, then `uniforms` uniforms.
    normals, uniforms : int
        How much noise a draw takes.
    rejects : bool
        Whether the formula may reject a proposal, by NaN.
    prepare : function, optional
        The constants, if they are not those of the density.
    """

    def __init__(
        self,
        formula: pytypes.FunctionType,
        normals: int = 0,
        uniforms: int = 0,
        rejects: bool = False,
        prepare: pytypes.FunctionType | None = None,
    ) -> None:
        self.formula = formula
        self.prepare = prepare
        self.rejects = rejects
        self.program = Program("sample", formula)
        self._noise = normals, uniforms

    def through(self, formula: pytypes.FunctionType, prepare: pytypes.FunctionType | None = None) -> Sampler:
        """The sampler of another formula over the same noise, with constants of its own if `prepare` is given."""
        return Sampler(formula, *self._noise, self.rejects, prepare or self.prepare)

    @property
    def pairs(self) -> tuple[pytypes.FunctionType, ...]:
        """The kernel that makes two neighbours' noise, for each kind of noise."""
        normals, uniforms = self._noise
        return (normal_pair,) * normals + (uniform_pair,) * uniforms

    @property
    def redraw(self) -> Any:
        """The kernel that makes one element's noise again, where a proposal may be rejected."""
        return _redraw(*self._noise) if self.rejects else None

    def one(self, constants: Constants, dtype: np.dtype) -> Any:
        """``f(c0, ..., k0, k1)``: the first element of a draw for one parameter set."""
        return self.program.one(constants.shape, dtype, _redraw(*self._noise))

    def loop(self, constants: Constants, dtype: np.dtype) -> Any:
        """The loop from noise to draws."""
        return self.program.draw(constants.shape, dtype, sum(self._noise), self.redraw)


@functools.cache
def noise_loop(pair: pytypes.FunctionType) -> Any:
    """``f(out, first, last, slot, k0, k1)``: fills `out` with the variates of the elements from `first` on."""
    signature = (types.Array(types.float64, 1, "C"), *(types.uint64,) * 5)
    return cpu.build("fill", _FILL, {"PAIR": pair}, signature).entry_point


@functools.cache
def _redraw(normals: int, uniforms: int) -> pytypes.FunctionType:
    """A kernel that draws one element's noise again."""
    calls = [f"normal_at(k, attempt, SLOT{i}, k0, k1)" for i in range(normals)]
    calls += [f"uniform_at(k, attempt, SLOT{normals + i}, k0, k1)" for i in range(uniforms)]
    slots = {f"SLOT{i}": np.uint64(i) for i in range(normals + uniforms)}
    arguments = "k, attempt, k0, k1"
    return expression(f"({', '.join(calls)},)", arguments, normal_at=normal_at, uniform_at=uniform_at, **slots)


def draw(sampler: Sampler, constants: Constants, out: np.ndarray, key: Key) -> None:
    """Fill `out`, C-contiguous, whose last axes are the constants' batch."""
    n = out.size
    if not n:
        return
    ready = constants.entries.get(sampler)
    if ready is None:
        fills = [noise_loop(pair) for pair in sampler.pairs]
        ready = constants.entries[sampler] = sampler.loop(constants, out.dtype), fills, sampler.rejects
    entry, fills, rejects = ready
    k0, k1 = key
    flat = out if out.ndim == 1 else out.reshape(-1)
    if constants.scalars is None:
        array, length, advance = layout(constants.array, constants.batch_shape, out.shape)
    else:
        array, length, advance = constants.array, n, False

    def work(start: int, stop: int) -> None:
        noise = [np.empty(stop - start) for _ in fills]
        for slot, fill in enumerate(fills):
            fill(noise[slot], start, stop, slot, k0, k1)
        if rejects:
            entry(*noise, array, flat, start, stop, length, advance, k0, k1)
        else:
            entry(*noise, array, flat, start, stop, length, advance)

    threads.run(work, n, CHUNK, MOST)
