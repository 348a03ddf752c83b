"""From a key to arrays of draws.

A sampler is a formula over parameter-free noise: some standard normals, some uniforms and the
constants of the distribution. The noise of a chunk is made first, by loops that all samplers
share; then the sampler's own loop turns it into draws. A formula that gives NaN has rejected its
proposal: the loop then draws that element's noise again, alone.
"""

from __future__ import annotations

import functools
import types as pytypes
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine import cpu, threads
from fastdist.engine.broadcast import layout
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression
from fastdist.engine.loops import Program
from fastdist.engine.seed import Key
from fastdist.random.philox import normal_at, normal_pair, uniform_at, uniform_pair

# Small enough that the noise of a chunk stays in a core's cache, and even: pairs never straddle.
CHUNK, THREADED = 1 << 13, 1 << 15

_FILL = """
def fill(out, start, stop, slot, k0, k1, nonce):
    zero = np.uint64(0)
    one = np.uint64(1)
    n = stop - start
    first = start >> one
    for p in range(n >> one):
        a, b = PAIR(first + p, zero, slot, k0, k1, nonce)
        out[p + p] = a
        out[p + p + one] = b
    if n & one:
        a, b = PAIR(first + (n >> one), zero, slot, k0, k1, nonce)
        out[n - one] = a
"""


class Sampler(NamedTuple):
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

    formula: pytypes.FunctionType
    normals: int = 0
    uniforms: int = 0
    rejects: bool = False
    prepare: pytypes.FunctionType | None = None


@functools.cache
def _fill(pair: pytypes.FunctionType) -> Any:
    signature = (types.Array(types.float64, 1, "C"), *(types.uint64,) * 6)
    return cpu.build("fill", _FILL, {"PAIR": pair}, signature).entry_point


@functools.cache
def _redraw(normals: int, uniforms: int) -> pytypes.FunctionType:
    """A kernel that draws one element's noise again."""
    calls = [f"normal_at(k, attempt, SLOT{i}, k0, k1, nonce)" for i in range(normals)]
    calls += [f"uniform_at(k, attempt, SLOT{normals + i}, k0, k1, nonce)" for i in range(uniforms)]
    slots = {f"SLOT{i}": np.uint64(i) for i in range(normals + uniforms)}
    arguments = "k, attempt, k0, k1, nonce"
    return expression(f"({', '.join(calls)},)", arguments, normal_at=normal_at, uniform_at=uniform_at, **slots)


@functools.cache
def program(sampler: Sampler) -> Program:
    """The compiled loops of a sampler."""
    return Program("sample", sampler.formula)  # type: ignore[arg-type]


def draw_one(sampler: Sampler, constants: Constants, dtype: np.dtype) -> Any:
    """``f(c0, ..., k0, k1, nonce)``: the first element of a draw for one parameter set."""
    return program(sampler).one(constants.shape, dtype, _redraw(sampler.normals, sampler.uniforms))


def draw(sampler: Sampler, constants: Constants, out: np.ndarray, key: Key) -> None:
    """Fill `out`, C-contiguous, whose last axes are the constants' batch."""
    n = out.size
    if not n:
        return
    slots = sampler.normals + sampler.uniforms
    redraw = _redraw(sampler.normals, sampler.uniforms) if sampler.rejects else None
    entry = program(sampler).draw(constants.shape, out.dtype, slots, redraw)
    fills = [_fill(normal_pair)] * sampler.normals + [_fill(uniform_pair)] * sampler.uniforms
    array, length, advance = layout(constants.array, constants.batch_shape, out.shape)
    flat = out.reshape(-1)
    tail = key if sampler.rejects else ()

    def work(start: int, stop: int) -> None:
        noise = list(np.empty((slots, stop - start)))
        for slot, (fill, array_of_noise) in enumerate(zip(fills, noise, strict=True)):
            fill(array_of_noise, start, stop, slot, *key)
        entry(*noise, array, flat, start, stop, length, advance, *tail)

    if n <= CHUNK:
        work(0, n)
    else:
        threads.run(work, n, CHUNK, THREADED)
