"""Tails and quantiles of one frozen distribution, for large arrays: interpolated once, then vectorised.

The cdf of a gamma, beta or Student distribution takes a series or a continued fraction for each
element, which no compiler vectorises. For fixed parameters, though, the ratio of a tail to the
density is a smooth function of one variable. Here it is interpolated at Chebyshev points when a
large array first asks for it: on each side of the median, after a Möbius map of the side onto
[-1, 1]. A tail is then the density times a polynomial, and a quantile one step of Halley's method
from a polynomial in the normal quantile. The result is NaN beyond the 1e-20 quantiles, or everywhere
if an interpolant misses its bound: the caller computes such elements by the family's own formula.

Source for the rates of convergence: L. N. Trefethen, "Approximation Theory and Approximation
Practice" (SIAM 2013), chapter 8.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import exp, log, log1p
from types import FunctionType
from typing import Any

import numpy as np

from fastdist.engine.elementary import exp as exp_kernel
from fastdist.engine.bits import fma
from fastdist.engine.kernel import expression, kernel
from fastdist.special.normal import ndtri

NAN = float("nan")

TERMS = 36
LEVEL = 1e-20
TAIL_BOUND, GUESS_BOUND = 2e-15, 1e-6
# Curvatures of the map that are tried, relative to the length of a side: 0 is a linear map.
CURVATURES = (0.0, 2.0, 8.0, 32.0)


def _horner(side: int) -> str:
    """The polynomial of one side as text: even and odd powers apart, for two shorter chains."""
    offset = HEAD + side * TERMS
    sums = []
    for parity in (0, 1):
        text = f"c[{offset + TERMS - 2 + parity}]"
        for power in range(TERMS - 4 + parity, -1, -2):
            text = f"fma(w2, {text}, c[{offset + power}])"
        sums.append(text)
    return f"fma(w, {sums[1]}, {sums[0]})"


# Constants: split, low, high; per side the map (slope, curvature) and the factor (at 0, slope).
HEAD = 11
_left = expression(_horner(0), "w, w2, c", fma=fma)
_right = expression(_horner(1), "w, w2, c", fma=fma)


@kernel
def tail_ratio(x, c):
    """The smaller tail over the density, and whether it is the lower one."""
    split, low, high = c[0], c[1], c[2]
    left = x < split
    t = split - x if left else x - split
    w = t * (c[3] if left else c[7]) / (1.0 + t * (c[4] if left else c[8])) - 1.0
    w2 = w * w
    inside = x > low and x < high
    factor = (c[5] if left else c[9]) + (c[6] if left else c[10]) * x
    ratio = factor * (_left(w, w2, c) if left else _right(w, w2, c))
    return ratio if inside else NAN, left


@kernel
def cdf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    tail = exp(log_density) * ratio
    return tail if left else 1.0 - tail


@kernel
def sf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    tail = exp(log_density) * ratio
    return 1.0 - tail if left else tail


@kernel
def log_cdf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    tail = exp(log_density) * ratio
    return log_density + log(ratio) if left else log1p(-tail)


@kernel
def log_sf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    tail = exp(log_density) * ratio
    return log1p(-tail) if left else log_density + log(ratio)
