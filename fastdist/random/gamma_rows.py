"""Gamma variates of many shapes in bulk, as noise for samplers of rows.

Proposals are made for a block of numbers at once. A squeeze accepts all but a few in a hundred without a logarithm, by
the leading bits of the uniform, which are what the normal leaves of its block of random bits. For the few the other
bits, the test itself, and whatever proposals follow are made in bulk too, so that all of it vectorises. A variate
depends on the key and on the number of its element alone.
"""

from __future__ import annotations

import functools
import types as pytypes
from math import exp, log, sqrt
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import expression, kernel
from fastdist.engine.loops import ATTEMPTS
from fastdist.engine.row_programs import CONSTANTS, FLOATS
from fastdist.engine.rows import Table
from fastdist.random.gamma import propose_gamma, squeeze_gamma
from fastdist.random.philox import ONE, ZERO, normal_at, normal_pair, normal_pair_and_rests, uniform_at, uniform_pair

__all__ = ["GammaRows", "boosted", "boosted_log", "boosted_root"]

# What is in use of a block stays close to the processor; pairs of noise never straddle two blocks.
BLOCK = 1 << 11

# Of a uniform the leading bits are a multiple of this.
STEP = 2.0**-12

# Slots of noise behind that of the row, which is for proposals: of the uniforms that accept them, and of boosts.
ACCEPTS, BOOSTS = 64, 128
MOST = np.uint64(ATTEMPTS)


@kernel
def boosted(y, u, exponent):
    """A variate of a shape of which no power underflows."""
    return y * exp(exponent * log_of_uniform(u))


@kernel
def boosted_log(y, u, exponent):
    """The logarithm of a variate of any shape."""
    return log(y) + exponent * log_of_uniform(u)


@kernel
def boosted_root(y, u, exponent):
    """The root of twice a variate: that of a chi-square variate."""
    return sqrt(2.0 * y) * exp(0.5 * exponent * log_of_uniform(u))


# Numbers are unsigned, so that no index can count from the end: else nothing vectorises.
_SOURCE = f"""
def gammas(out, start, cells, slot, k0, k1, work, todo):
    zero, one = np.uint64(0), np.uint64(1)
    accepts, boosts = slot + np.uint64({ACCEPTS}), slot + np.uint64({BOOSTS})
    z, u, centres, spreads = work[0], work[1], work[2], work[3]
    # Through one array, whose numbers are known to lie apart: else nothing vectorises.
    both, rests = work.reshape(-1), np.uint64({BLOCK})
    length, size = np.uint64(cells.shape[1]), np.uint64(len(out))
    first = zero
    while first < size:
        count = min(np.uint64({BLOCK}), size - first)
        pair, pairs = (start + first) >> one, (count + one) >> one
        for p in range(pairs):
            even, odd, even_rest, odd_rest = NORMALS_AND_RESTS(pair + p, zero, slot, k0, k1)
            both[p + p], both[p + p + one] = even, odd
            both[p + p + rests], both[p + p + one + rests] = even_rest, odd_rest
        # Cells go round and round with the numbers.
        cell = (start + first) % length
        done, here = zero, cell
        while done < count:
            run = min(length - here, count - done)
            for k in range(run):
                above = {1.0 - STEP} - u[done + k]
                out[first + done + k] = SQUEEZE(z[done + k], above, cells[0, here + k], cells[1, here + k])
            done += run
            here = zero
        left = zero
        for k in range(count):
            todo[left] = k
            left += np.uint64(out[first + k] != out[first + k])
        for m in range(left):
            z[m], u[m] = z[todo[m]], u[todo[m]]
        for m in range(left):
            element = start + first + todo[m]
            even, odd = UNIFORMS(element >> one, zero, accepts, k0, k1)
            u[m] += {STEP} * (odd if element & one else even)
        attempt = one
        while left > zero and attempt < np.uint64({ATTEMPTS}):
            for m in range(left):
                here = (cell + todo[m]) % length
                centres[m], spreads[m] = cells[0, here], cells[1, here]
            for m in range(left):
                z[m] = PROPOSE(z[m], u[m], centres[m], spreads[m])
            kept = zero
            for m in range(left):
                out[first + todo[m]] = z[m]
                todo[kept] = todo[m]
                kept += np.uint64(z[m] != z[m])
            left = kept
            for m in range(left):
                element = start + first + todo[m]
                even, odd = NORMALS(element >> one, attempt, slot, k0, k1)
                z[m] = odd if element & one else even
            for m in range(left):
                element = start + first + todo[m]
                even, odd = UNIFORMS(element >> one, attempt, accepts, k0, k1)
                u[m] = odd if element & one else even
            attempt += one
        FINISH
        first += count
"""

_BOOSTED = """
        for p in range(pairs):
            u[p + p], u[p + p + one] = UNIFORMS(pair + p, zero, boosts, k0, k1)
        done, here = zero, cell
        while done < count:
            run = min(length - here, count - done)
            for k in range(run):
                out[first + done + k] = FINISH(out[first + done + k], u[done + k], cells[2, here + k])
            done += run
            here = zero
"""

# Where no shape is below 1, what the boost takes folds away.
_AS_IT_IS = """
        for k in range(count):
            out[first + k] = FINISH(out[first + k], 0.5, 0.0)
"""


@kernel(heavy=True)
def _accepted(element, slot, k0, k1, centre, spread):
    """What :data:`_SOURCE` accepts for one element."""
    pair, odd, accepts = element >> ONE, element & ONE, slot + np.uint64(ACCEPTS)
    first, second, first_rest, second_rest = normal_pair_and_rests(pair, ZERO, slot, k0, k1)
    z, rest = second if odd else first, second_rest if odd else first_rest
    y = squeeze_gamma(z, 1.0 - STEP - rest, centre, spread)
    if y == y:
        return y
    y = propose_gamma(z, rest + STEP * uniform_at(element, ZERO, accepts, k0, k1), centre, spread)
    attempt = ONE
    while y != y and attempt < MOST:
        z = normal_at(element, attempt, slot, k0, k1)
        y = propose_gamma(z, uniform_at(element, attempt, accepts, k0, k1), centre, spread)
        attempt += ONE
    return y


@functools.cache
def _each(finish: pytypes.FunctionType, boosts: bool) -> pytypes.FunctionType:
    accepted = "accepted(element, slot, k0, k1, centre, spread)"
    boost = "uniform_at(element, ZERO, slot + BOOST_SLOTS, k0, k1), exponent" if boosts else "0.5, 0.0"
    return expression(
        f"finish({accepted}, {boost})",
        "element, slot, k0, k1, centre, spread, exponent",
        finish=finish,
        accepted=_accepted,
        uniform_at=uniform_at,
        ZERO=ZERO,
        BOOST_SLOTS=np.uint64(BOOSTS),
    )


class GammaRows:
    """A kind of noise: rows of independent gamma variates.

    Parameters
    ----------
    row : int
        Where among the constants those rows begin that hold what :func:`fastdist.random.gamma.gamma_constants` gives.
    finish : function
        ``finish(y, u, exponent)`` of what was accepted, a uniform for its boost, and the boost's exponent.
    """

    def __init__(self, row: int, finish: pytypes.FunctionType) -> None:
        self._row = row
        self._finish = finish

    def __call__(self, table: Table) -> Any:
        """``fill(out, start, stop, slot, k0, k1)``: the noise of elements `start`, which is even, to `stop`."""
        cells = table.cells(self._row, 3)
        entry = _entry(self._finish, bool(cells[2].any()))

        def fill(out: np.ndarray, start: int, stop: int, slot: int, k0: int, k1: int) -> None:
            entry(out, start, cells, slot, k0, k1, np.empty((4, BLOCK)), np.empty(BLOCK, np.uint64))

        return fill

    def each(self, table: Table) -> tuple[pytypes.FunctionType, int]:
        """The kernel of one element's variate, ``f(element, slot, k0, k1, *constants)``, and where those begin."""
        return _each(self._finish, table.any_of(self._row + 2)), self._row


@functools.cache
def _entry(finish: pytypes.FunctionType, boosts: bool) -> Any:
    kernels = {
        "NORMALS": normal_pair,
        "NORMALS_AND_RESTS": normal_pair_and_rests,
        "UNIFORMS": uniform_pair,
        "SQUEEZE": squeeze_gamma,
        "PROPOSE": propose_gamma,
        "FINISH": finish,
    }
    source = _SOURCE.replace("        FINISH\n", _BOOSTED if boosts else _AS_IT_IS)
    words = types.Array(types.uint64, 1, "C")
    signature = FLOATS[1], types.uint64, CONSTANTS[2], *(types.uint64,) * 3, FLOATS[2], words
    return cpu.build("gammas", source, kernels, signature, bare=True).entry_point
