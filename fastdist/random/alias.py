"""Draws from a finite table in constant time.

Source: Walker 1977, doi:10.1145/355744.355749; the construction of Vose 1991, doi:10.1109/32.92917.
"""

from __future__ import annotations

from typing import Any

from fastdist.engine import evaluate
from fastdist.engine.bits import to_int
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import kernel
from fastdist.random.sampling import Sampler


@kernel(heavy=True)
def fill_tables(weights, thresholds, aliases, order):
    """Fill both tables of a row of weights; `order`, scratch for indices, is left filled with 0."""
    n = len(weights)
    total, best = 0.0, 0
    for i in range(n):
        total += weights[i]
        best = i if weights[i] > weights[best] else best
    scale = n / total
    small, large = 0, n
    for i in range(n):
        thresholds[i] = weights[i] * scale
        # What no pair claims is there by rounding alone: never give it to an impossible outcome.
        aliases[i] = best if weights[i] == 0.0 else i
        if thresholds[i] < 1.0:
            order[small] = i
            small += 1
        else:
            large -= 1
            order[large] = i
    while small > 0 and large < n:
        small -= 1
        i, j = to_int(order[small]), to_int(order[large])
        aliases[i] = j
        thresholds[j] -= 1.0 - thresholds[i]
        if thresholds[j] < 1.0:
            order[small] = j
            small += 1
            large += 1
    for i in range(n):
        order[i] = 0.0


def alias_tables(weights: Any, batch_shape: tuple[int, ...], first: float = 0.0) -> Constants:
    """The constants of :data:`ALIAS` for the weights along the last axis, whose outcomes begin at `first`."""
    tables = evaluate.prepare_rows(fill_tables, weights, 3, batch_shape)
    if first != 0.0:
        tables.array[2] = first
    return tables


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
