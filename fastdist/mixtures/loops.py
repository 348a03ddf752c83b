"""Loops over blocks of values, in which each component goes through the whole block before the next one."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu, loops
from fastdist.engine.elementary import exp, log, log1p
from fastdist.engine.loops import Program, Shape
from fastdist.mixtures.pool import OWN, Pool, named

# Values of a block: with a term of each for a few components they stay in a core's nearest cache.
BLOCK = 512

# `top` is the largest term of each value; of a mean it is the sum of the weights.
_LOOP = """
def loop(x, c, out, start, stop, length, advance, origin, shift):
    INF = np.float64(np.inf)
    sets, count = np.uint64(c.shape[1]), np.uint64(c.shape[2])
    size = np.uint64(min({block}, stop - start))
    v, top, total = np.empty(size), np.empty(size), np.empty(size)
    terms = np.empty((c.shape[2], size))
    b = start
    while b < stop:
        run = b // length
        base = run * length
        end = min(base + length, b + size, stop)
        n = end - b
        for j in range(n):
            v[j] = np.float64(x[b - origin + j])
            top[j] = {first}
            total[j] = 0.0
        for k in range(count):
            if advance:
                first = b - base
{each_set}
            else:
                s = run % sets
                w, log_w = c[0, s, k], c[1, s, k]
                if {counts}:
{one_set}
                else:
                    for j in range(n):
                        terms[k, j] = -INF
{finish}
        b = end
"""

# With logs the terms are kept until the largest is known.
_KEEP = ("terms[k, j] = {term}", "top[j] = terms[k, j] if terms[k, j] > top[j] else top[j]")
_ADD_LOGS = """
        for j in range(n):
            top[j] = top[j] if -INF < top[j] < INF else 0.0
        for k in range(count):
            for j in range(n):
                total[j] += EXP(terms[k, j] - top[j])
        for j in range(n):
            top[j] = top[j] + LOG(total[j])
"""
_STORE = """
        for j in range(n):
            out[b - shift + j] = top[j]
"""
# A log that is close to 0 is better taken of the other tail.
_MEND = """
        for j in range(n):
            if top[j] >= -0.6931471805599453:
                s = b - base + j if advance else run % sets
                top[j] = LOG1P(-OTHER(v[j], ({rows}))) + 0.0
"""
_DIVIDE = """
        for j in range(n):
            out[b - shift + j] = total[j] / top[j]
"""


class BlockProgram(Program):
    """A formula of mixtures whose loops go over blocks.

    Parameters
    ----------
    name : str
    formula : function
        The same for one value: ``formula(x, rows)``.
    pool : Pool
    method : str
        That of the components.
    logs : bool
        Whether the result is the log of a sum of exponentials; else it is a mean.
    other : function, optional
        With `logs` the other tail, of which a log close to 0 is taken.
    """

    def __init__(
        self,
        name: str,
        formula: FunctionType,
        pool: Pool,
        method: str,
        logs: bool,
        other: FunctionType | None = None,
    ) -> None:
        super().__init__(name, formula)
        parts = pool.formulas(method)
        self.heavy = any(cpu.heavy(part) for part in parts)
        self._pool = pool
        self._parts: dict[str, Any] = named("AT", parts)
        self._logs = logs
        self._other = other

    def loop(self, constants: Shape, dtype: Any, given: Any = None) -> Any:
        """``f(x, c, out, start, stop, length, advance, origin, shift)``, as that of any program."""
        given = dtype if given is None else given
        key = ("blocks", constants, dtype, given)
        if key in self._built:
            return self._built[key]
        kernels = {**self._parts, "EXP": exp, "LOG": log, "LOG1P": log1p}
        finish = _ADD_LOGS if self._logs else _DIVIDE
        if self._other is not None:
            kernels["OTHER"] = self._other
            rows = "".join(f"c[{i}, s], " for i in range(constants.size))
            finish += _MEND.format(rows=rows)
        source = _LOOP.format(
            first="-INF" if self._logs else "0.0",
            counts="log_w > -INF" if self._logs else "w > 0.0",
            each_set=self._kinds(4, self._each_set),
            one_set=self._kinds(5, self._one_set),
            finish=finish + (_STORE if self._logs else ""),
            block=f"np.uint64({BLOCK})",
        )
        size = loops.SIZE
        signature = (
            loops.input_type(given),
            loops.input_type(float, 3),
            loops.output_type(dtype),
            *(size,) * 3,
            types.boolean,
            size,
            size,
        )
        self._built[key] = cpu.build("loop", source, kernels, signature).entry_point
        return self._built[key]

    def total(self, constants: Shape) -> Any:
        """As that of any program, from what the loop over blocks stores."""
        entry = self.loop(constants, np.dtype(np.float64))

        def total(x, c, sums, scratch, start, stop, length, advance, slot):
            out = np.empty(stop - start)
            entry(x, c, out, start, stop, length if advance else stop, advance, 0, 0)
            sums[0, slot] += out.reshape(-1, length).sum(axis=0) if advance else out.sum()

        return total

    def _kinds(self, depth: int, lines: Any) -> str:
        """Statements for the components of each kind."""
        found: list[str] = []
        kinds = len(self._pool.sizes)
        for number, size in enumerate(self._pool.sizes):
            if kinds == 1:
                found = lines(number, size)
            else:
                test = {0: "if c[2, 0, k] == 0.0:", kinds - 1: "else:"}
                found.append(test.get(number, f"elif c[2, 0, k] == {float(number)}:"))
                found += [f"    {line}" for line in lines(number, size)]
        return "\n".join("    " * depth + line for line in found)

    def _each_set(self, number: int, size: int) -> list[str]:
        constants = "".join(f"c[{OWN + i}, first + j, k], " for i in range(size))
        call = f"AT{number}(v[j], ({constants}))"
        body = [f"t = {call}"]
        if self._logs:
            term = "log_w + t if log_w > -INF else -INF"
            body += ["log_w = c[1, first + j, k]", *(text.format(term=term) for text in _KEEP)]
        else:
            body += ["w = c[0, first + j, k]", "total[j] += w * t if w > 0.0 else 0.0", "top[j] += w"]
        return ["for j in range(n):", *(f"    {line}" for line in body)]

    def _one_set(self, number: int, size: int) -> list[str]:
        load = [f"c{i} = c[{OWN + i}, s, k]" for i in range(size)]
        call = f"AT{number}(v[j], ({''.join(f'c{i}, ' for i in range(size))}))"
        if self._logs:
            body = [text.format(term=f"log_w + {call}") for text in _KEEP]
        else:
            body = [f"total[j] += w * {call}", "top[j] += w"]
        return [*load, "for j in range(n):", *(f"    {line}" for line in body)]
