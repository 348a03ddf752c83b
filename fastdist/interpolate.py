"""Tails and quantiles of one frozen distribution, for large arrays: interpolated once, then vectorised.

The cdf of a gamma, beta or Student distribution takes a series or a continued fraction for each
element, which no compiler vectorises. For fixed parameters, though, the ratio of a tail to the
density is a smooth function of one variable. When a large array first asks for it, that ratio is
interpolated at Chebyshev points, on each side of the median, after a Möbius map of the side onto
[-1, 1]. A tail is then the density times a polynomial; a quantile is one step of Halley's method
from a polynomial in the normal quantile. The values at the points come from the family's own
formulas, and so does whatever lies beyond the 1e-14 quantiles, or nearer ones if an interpolant would
miss its bound at the points halfway between, and everything if it still does.

Source for the rates of convergence: L. N. Trefethen, "Approximation Theory and Approximation
Practice" (SIAM 2013), chapter 8.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from math import exp, log, log1p
from typing import Any

import numpy as np

from fastdist.engine import elementary
from fastdist.engine.bits import fma
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression, kernel
from fastdist.engine.loops import Program
from fastdist.special.logs import expit
from fastdist.special.normal import ndtri

NAN = float("nan")

TERMS = 36
LEVELS = (1e-14, 1e-6, 1e-3, 0.02)
EPSILON = 2.220446049250313e-16
# The relative error of a ratio, beyond what four roundings of x make of it but never above WORST, and
# the error of a first guess.
TAIL_BOUND, WORST, GUESS_BOUND = 1.5e-14, 4e-14, 3e-7

# Bends of the map, by quartile: 0 is a linear map. Where a tail falls like a power, its ratio to the
# density grows in proportion to x, and so does the line that is taken out of it.
BENDS = (0.0, 0.06, 0.12, 0.25, 0.5, 1.0)
GROWING_BENDS = (0.25, 0.5, 1.0, 2.0)

# Constants: the median and the ends; for each side the slope and the curvature of its map, and the
# line that the ratio falls along to a finite end; the polynomials. For quantiles two more follow, and
# how far they reach.
SPLIT, LOW, HIGH, HEAD = 0, 1, 2, 11
TAILS = HEAD + 2 * TERMS
REACH = TAILS + 2 * TERMS
QUANTILES = REACH + 1


def polynomial(offset: int) -> Any:
    """A kernel of (w, w * w, c): the sum of c[offset + i] * w**i, odd and even powers in chains of their own."""
    sums = []
    for parity in (0, 1):
        text = f"c[{offset + TERMS - 2 + parity}]"
        for power in range(TERMS - 4 + parity, -1, -2):
            text = f"fma(w2, {text}, c[{offset + power}])"
        sums.append(text)
    return expression(f"fma(w, {sums[1]}, {sums[0]})", "w, w2, c", fma=fma)


_ratio_left, _ratio_right = polynomial(HEAD), polynomial(HEAD + TERMS)
_guess_left, _guess_right = polynomial(TAILS), polynomial(TAILS + TERMS)


@kernel
def tail_ratio(x, c):
    """The tail on x's side of the median over the density, and whether that is the lower tail."""
    left = x < c[SPLIT]
    t = c[SPLIT] - x if left else x - c[SPLIT]
    w = t * (c[3] if left else c[7]) / (1.0 + t * (c[4] if left else c[8])) - 1.0
    w2 = w * w
    line = (c[5] if left else c[9]) + (c[6] if left else c[10]) * x
    ratio = line * (_ratio_left(w, w2, c) if left else _ratio_right(w, w2, c))
    return ratio if x > c[LOW] and x < c[HIGH] else NAN, left


@kernel
def _cdf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    tail = exp(log_density) * ratio
    return tail if left else 1.0 - tail


@kernel
def _sf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    tail = exp(log_density) * ratio
    return 1.0 - tail if left else tail


@kernel
def _log_cdf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    return log_density + log(ratio) if left else log1p(-exp(log_density) * ratio)


@kernel
def _log_sf(x, log_density, c):
    ratio, left = tail_ratio(x, c)
    return log1p(-exp(log_density) * ratio) if left else log_density + log(ratio)


@kernel
def _guess(z, c):
    """The interpolated quantile at normal quantile z, in the coordinate of its support."""
    left = z < 0.0
    w = abs(z) * (2.0 / c[REACH]) - 1.0
    w2 = w * w
    y = _guess_left(w, w2, c) if left else _guess_right(w, w2, c)
    return y if abs(z) < c[REACH] else NAN


@kernel
def _polished(x, p, q, log_density, slope, c):
    """One step of Halley's method towards lower tail p and upper tail q = 1 - p."""
    ratio, left = tail_ratio(x, c)
    level = exp(-log_density) * (p if left else q)
    step = ratio - level if left else level - ratio
    return x - step / (1.0 - 0.5 * step * slope)


# The coordinates in which quantiles are interpolated: the way to them, and back.
_COORDINATES = {
    "half-line": (lambda x, split: np.log(x), expression("exp(y)", "y, split", exp=elementary.exp)),
    "unit interval": (lambda x, split: np.log(x) - np.log1p(-x), expression("expit(y)", "y, split", expit=expit)),
    "line": (lambda x, split: x - split, expression("y + split", "y, split")),
}


def _coordinate(support: Any) -> str:
    """The logarithm on [0, inf), the logit on [0, 1], elsewhere the distance from the median."""
    if support.lower != 0.0:
        return "line"
    return {math.inf: "half-line", 1.0: "unit interval"}.get(support.upper, "line")


def _formula(name: str, log_prob: Any, with_slope: Any, coordinate: str) -> Any:
    """The kernel of a method, from those of the density and of its gradient."""
    if name in ("icdf", "isf"):
        z, p, q = ("ndtri(v)", "v", "1.0 - v") if name == "icdf" else ("-ndtri(v)", "1.0 - v", "v")
        back = _COORDINATES[coordinate][1]
        start = expression(f"back(guess({z}, c), c[{SPLIT}])", "v, c", back=back, guess=_guess, ndtri=ndtri)
        density = expression(f"gradient(x, c[{QUANTILES}:])[:2]", "x, c", gradient=with_slope)
        step = expression(f"polished(x, {p}, {q}, *density(x, c), c)", "x, v, c", polished=_polished, density=density)
        return expression("step(start(v, c), v, c)", "v, c", step=step, start=start)
    tails = {"cdf": _cdf, "sf": _sf, "log_cdf": _log_cdf, "log_sf": _log_sf}
    return expression(f"tail(x, log_prob(x, c[{TAILS}:]), c)", "x, c", tail=tails[name], log_prob=log_prob)


METHODS = ("cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")


@functools.cache
def program(family: Any, name: str, regime: bool) -> Program:
    """The loops of an interpolated method, for all distributions of a family that use the same formulas."""
    kernels, suffix = family.kernels, ":regime" if regime else ""
    density, gradient = kernels[f"log_prob{suffix}"][1], kernels[f"log_prob_and_grad{suffix}"][1]
    return Program(name, _formula(name, density, gradient, _coordinate(family.support)))


@np.errstate(all="ignore")
def constants(d: Any, name: str) -> Constants | None:
    """What :func:`program` needs of a distribution with one parameter set; None if it cannot be had."""
    if "tails" not in d._interpolants:
        d._interpolants["tails"] = _tails(d)
    tails = d._interpolants["tails"]
    if tails is None:
        return None
    if name not in ("icdf", "isf"):
        return _joined(tails, d._ready("log_prob")[1])
    if "quantiles" not in d._interpolants:
        d._interpolants["quantiles"] = _quantiles(d, tails[SPLIT])
    quantiles = d._interpolants["quantiles"]
    return None if quantiles is None else _joined(tails + quantiles, d._ready("log_prob_and_grad")[1])


def _joined(own: list[float], rest: Constants) -> Constants:
    return Constants(np.concatenate([np.array(own), rest.array[:, 0]]).reshape(-1, 1), ())


@functools.cache
def _points() -> tuple[np.ndarray, ...]:
    """Chebyshev points, from values there to a series, from that to powers, points halfway, powers there."""
    j = np.arange(TERMS)
    angles = np.pi * (j + 0.5) / TERMS
    series = 2.0 / TERMS * np.cos(np.outer(j, angles))
    series[0] /= 2.0
    halfway = np.cos(np.pi * np.arange(TERMS + 1) / TERMS)[:-1]
    return np.cos(angles), series, monomials(), halfway, np.vander(halfway, TERMS, increasing=True)


@functools.cache
def monomials() -> np.ndarray:
    """The way from coefficients of Chebyshev polynomials to those of powers."""
    matrix = np.zeros((TERMS, TERMS))
    for degree in range(TERMS):
        powers = np.polynomial.chebyshev.cheb2poly(np.eye(TERMS)[degree])
        matrix[: len(powers), degree] = powers
    return matrix


def _interpolated(function: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients over [-1, 1], with the interpolant and the function at the points halfway."""
    points, series, to_powers, halfway, powers = _points()
    values = function(np.concatenate([points, halfway]))
    # In this order: the two matrices' product would have entries of 2**34, and their rounding.
    coefficients = to_powers @ (series @ values[:TERMS])
    return coefficients, powers @ coefficients, values[TERMS:]


def _tails(d: Any) -> list[float] | None:
    """The median, the ends, and the map, line and polynomial of each side."""
    split = float(d.median())
    left = _side(d, d.cdf, d.icdf, -1.0, split, float(d.support.lower))
    right = _side(d, d.sf, d.isf, 1.0, split, float(d.support.upper)) if left is not None else None
    if left is None or right is None:
        return None
    return [split, left[0], right[0], *left[1], *right[1], *left[2], *right[2]]


def _side(
    d: Any, tail: Callable[..., Any], quantile: Callable[..., Any], sign: float, split: float, end: float
) -> tuple[float, list[float], list[float]] | None:
    """How far an interpolant reaches on one side of the median, its map and line, and its polynomial."""
    quartile = float(quantile(0.25))
    for level in LEVELS:
        far = float(quantile(level))
        found = _fit(d, tail, sign, split, far, quartile, end) if 0.0 < sign * (far - split) < math.inf else None
        if found is not None:
            return far, *found
    return None


def _fit(
    d: Any, tail: Callable[..., Any], sign: float, split: float, far: float, quartile: float, end: float
) -> tuple[list[float], list[float]] | None:
    """The map, the line and the polynomial between the median and `far`."""
    length, unit = abs(far - split), abs(quartile - split)
    # A density may be infinite at the end itself.
    nearest, farthest = sorted((split, math.nextafter(end, split) if far == end else far))
    for bend, growing in [(k / unit, False) for k in BENDS] + [(k / unit, True) for k in GROWING_BENDS]:
        slope = 2.0 * (1.0 + bend * length) / length
        if math.isfinite(end):
            line = (sign * end, -sign)
        else:
            line = (1.0 - sign * bend * split, sign * bend) if growing else (1.0, 0.0)

        def place(w: np.ndarray, slope: float = slope, bend: float = bend) -> np.ndarray:
            return np.clip(split + sign * ((w + 1.0) / (slope - (w + 1.0) * bend)), nearest, farthest)

        def ratio(w: np.ndarray, line: tuple[float, float] = line, place: Any = place) -> np.ndarray:
            x = place(w)
            return tail(x) / d.prob(x) / (line[0] + line[1] * x)

        coefficients, approximate, exact = _interpolated(ratio)
        x = place(_points()[3])
        condition = np.abs(x / (exact * (line[0] + line[1] * x)))
        bound = np.minimum(TAIL_BOUND + 4.0 * EPSILON * condition, WORST)
        if np.all(np.abs(approximate - exact) <= bound * np.abs(exact)):
            return [slope, bend, *line], coefficients.tolist()
    return None


def _quantiles(d: Any, split: float) -> list[float] | None:
    """The polynomials of both halves, from which Halley's method starts, and the normal quantile that they reach."""
    coordinate = _coordinate(d._family.support)
    there, _ = _COORDINATES[coordinate]
    bound = GUESS_BOUND * (float(d.isf(0.25) - d.icdf(0.25)) if coordinate == "line" else 1.0)
    for level in LEVELS:
        reach = -ndtri(level)
        polynomials: list[float] = []
        for quantile in (d.icdf, d.isf):

            def transformed(w: np.ndarray, quantile: Callable[..., Any] = quantile, reach: float = reach) -> np.ndarray:
                z = 0.5 * reach * (w + 1.0)
                x = quantile(np.array([0.5 * math.erfc(t / math.sqrt(2.0)) for t in z]))
                return np.asarray(there(x, split))

            coefficients, approximate, exact = _interpolated(transformed)
            if np.all(np.abs(approximate - exact) <= bound):
                polynomials += coefficients.tolist()
        if len(polynomials) == 2 * TERMS:
            return [*polynomials, reach]
    return None
