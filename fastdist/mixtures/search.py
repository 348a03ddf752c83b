"""Quantiles of mixtures whose components have no formulas of numbers: searched for in arrays, all at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# As in the compiled search: a tail is not known better.
ROUNDING = 8.0 * 2.0**-53
TURNS = 400

# A method at the values that are asked for; it gives something finite for the others.
Method = Callable[[str, np.ndarray, np.ndarray], np.ndarray]


def quantiles(method: Method, p: np.ndarray, low: np.ndarray, high: np.ndarray, upper: bool) -> np.ndarray:
    """The quantiles of the levels p, or those of upper tails, between the smallest and largest of the components'.

    Newton's method on the log of the smaller tail, in a bracket that is halved where a step leaves it or does not
    shrink, as :func:`fastdist.mixtures.formulas.solve` does it for one.
    """
    small = p <= 0.5
    from_below = small != upper
    goal = np.where(small, p, 1.0 - p)
    x = np.where(from_below, low, high)
    end = np.where(upper, np.where(p <= 0.0, high, low), np.where(p <= 0.0, low, high))
    open_ = (low < high) & (p > 0.0) & (p < 1.0)
    x = np.where(np.isfinite(low) & np.isfinite(high), 0.5 * low + 0.5 * high, x)
    before = np.full(p.shape, np.inf)
    found = np.where((p > 0.0) & (p < 1.0), low, end)
    for turn in range(TURNS):
        if not open_.any():
            break
        inside = (low < x) & (x < high)
        x = np.where(inside, x, _middle(low, high, turn))
        closed = open_ & ~((low < x) & (x < high))
        found, open_ = np.where(closed, high, found), open_ & ~closed
        tail = np.where(from_below, method("cdf", x, open_ & from_below), method("sf", x, open_ & ~from_below))
        density = method("prob", x, open_)
        short = np.where(from_below, tail < goal, tail > goal)
        room = np.minimum(x - low, high - x)
        low, high = np.where(open_ & short, x, low), np.where(open_ & ~short, x, high)
        step = np.where(from_below, -1.0, 1.0) * tail * np.log(tail / goal) / density
        loose = ROUNDING * goal / density
        near = (abs(tail - goal) <= ROUNDING * goal) & ((loose <= 1e-6 * room) | (loose <= 1e-12 * abs(x)))
        done = open_ & (near | ((abs(step) > 0.0) & (abs(step) <= 2.0**-53 * abs(x))))
        found, open_ = np.where(done, x, found), open_ & ~done
        shrinks = abs(step) < 0.5 * before
        x = np.where(shrinks, x + step, _middle(low, high, turn))
        before = np.where(shrinks, abs(step), np.inf)
    return np.where(np.isnan(p) | np.isnan(low) | np.isnan(high), np.nan, np.where(open_, x, found))


def counts(method: Method, p: np.ndarray, low: np.ndarray, high: np.ndarray, upper: bool) -> np.ndarray:
    """The smallest integers whose cdf reaches p, or whose upper tail is at most p; about between two others."""
    first, last = low, high

    def reached(k: np.ndarray, asked: np.ndarray) -> np.ndarray:
        return method("sf", k, asked) <= p if upper else method("cdf", k, asked) >= p

    plain = (p > 0.0) & (p < 1.0) & np.isfinite(low) & np.isfinite(high)
    low = low - 1.0
    step = np.ones(p.shape)
    while (far := plain & ~reached(high, plain)).any():
        low, high, step = np.where(far, high, low), np.where(far, high + step, high), 2.0 * step
    step = np.ones(p.shape)
    while (far := plain & reached(low, plain)).any():
        low, high, step = np.where(far, low - step, low), np.where(far, low, high), 2.0 * step
    while True:
        k = low + np.floor(0.5 * (high - low))
        apart = plain & (low < k) & (k < high)  # beyond 2**53 counts are further apart than 1
        if not apart.any():
            break
        at = reached(k, apart)
        low, high = np.where(apart & ~at, k, low), np.where(apart & at, k, high)
    lowest, highest = (p >= 1.0, p <= 0.0) if upper else (p <= 0.0, p >= 1.0)
    found = np.where(lowest, first, np.where(highest, last, high))
    return np.where(np.isnan(p), np.nan, found)


def _middle(low: np.ndarray, high: np.ndarray, turn: int) -> np.ndarray:
    """Numbers between others: by turns half of their sum, and what has as many floats on either side."""
    a, n = 0.5 * low + 0.5 * high, _ordered(low) // 2 + _ordered(high) // 2
    b = np.where(n >= 0, abs(n).view(np.float64), -abs(n).view(np.float64))
    first, second = (a, b) if turn % 2 == 0 else (b, a)
    return np.where((low < first) & (first < high), first, second)


def _ordered(x: np.ndarray) -> np.ndarray:
    """Integers that grow with x, by 1 from one float to the next."""
    n = np.ascontiguousarray(x, np.float64).view(np.int64)
    return np.where(n >= 0, n, -(n & 0x7FFFFFFFFFFFFFFF))
