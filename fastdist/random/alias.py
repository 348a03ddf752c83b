"""Draws from a finite table in constant time.

Source: Walker 1977, doi:10.1145/355744.355749; the construction of Vose 1991, doi:10.1109/32.92917.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import types

from fastdist.engine import cpu
from fastdist.engine.bits import to_int
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import kernel
from fastdist.random.sampling import Sampler


@kernel(heavy=True)
def _build(weights, tables, order):
    """Fill the tables (threshold, alias) of every row of `weights`; `order` is scratch for indices."""
    sets, n = weights.shape
    for s in range(sets):
        total = 0.0
        best = 0
        for i in range(n):
            total += weights[s, i]
            if weights[s, i] > weights[s, best]:
                best = i
        scale = n / total
        small, large = 0, n
        for i in range(n):
            tables[0, s, i] = weights[s, i] * scale
            # What no pair claims is there by rounding alone: never give it to an impossible outcome.
            tables[1, s, i] = best if weights[s, i] == 0.0 else i
            if tables[0, s, i] < 1.0:
                order[small] = i
                small += 1
            else:
                large -= 1
                order[large] = i
        while small > 0 and large < n:
            small -= 1
            i, j = order[small], order[large]
            tables[1, s, i] = j
            tables[0, s, j] -= 1.0 - tables[0, s, i]
            if tables[0, s, j] < 1.0:
                order[small] = j
                small += 1
                large += 1


@functools.cache
def _builder() -> Any:
    source = "def build(weights, tables, order):\n    BUILD(weights, tables, order)"
    signature = (
        types.Array(types.float64, 2, "C", readonly=True),
        types.Array(types.float64, 3, "C"),
        types.Array(types.int64, 1, "C"),
    )
    return cpu.build("build", source, {"BUILD": _build}, signature).entry_point


def alias_tables(weights: np.ndarray, batch_shape: tuple[int, ...], first: float = 0.0) -> Constants:
    """The constants of :data:`ALIAS` for each row of `weights`, whose outcomes begin at `first`."""
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    tables = np.full((3, *weights.shape), first)
    _builder()(weights, tables, np.empty(weights.shape[1], np.int64))
    return Constants(tables, batch_shape)


@kernel
def draw_alias(noise, c):
    """The outcome of one uniform: its cell, or that cell's alias."""
    cell = noise[0] * len(c[0])
    i = to_int(cell)
    # Both are loaded before the test: which one it takes cannot be predicted.
    threshold, other = c[0][i], c[1][i]
    return (float(i) if cell - i < threshold else other) + c[2][0]


ALIAS = Sampler(draw_alias, uniforms=1)
"""Draws from :func:`alias_tables`."""
