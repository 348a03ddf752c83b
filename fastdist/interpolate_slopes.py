"""Derivatives of the draws of one frozen distribution, for large arrays: interpolated once, then vectorised.

How a draw x moves with a shape parameter, -(dF/dparameter) / p, takes a series or a continued fraction for each draw.
For fixed parameters it is a smooth function of one variable, times a power of the distance from an end of the support,
or from where it changes its sign. In a coordinate in which a tail that falls like a power is a straight line that
function is fitted by a polynomial on each side of a point in the middle, after a Möbius map of the side onto [-1, 1].

The fits are least squares at twice as many Chebyshev points as they have coefficients, and so tell at those points how
good they are: what misses its bound is tried with another bend of the map, then with nearer ends, and else not used.
Draws beyond the ends go to the family's own formula.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection
from itertools import pairwise
from math import log, log1p
from types import FunctionType
from typing import Any

import numpy as np

from fastdist.engine import cpu, evaluate
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression, kernel, parts
from fastdist.engine.loops import Program
from fastdist.interpolate import LEVELS, TERMS, monomials, polynomial

NAN = float("nan")

# Relative errors of a fit: the first is asked for, the others are what formulas allow whose own rounding is larger.
BOUNDS = 2e-14, 4e-14, 2e-13
# Where two bends do as well as that, what is left is the formula's own rounding, and nearer ends would not help.
ALIKE = 3.0
# A slope that changes its sign keeps its relative error up to this distance from there, in units of the coordinate.
GAP = 2e-3
# Draws from which it pays to make the fits first; what they leave to the formula goes there in shorter parts.
MANY, SHORT = 1 << 14, 1 << 12
# Bends of the map, in the length of a side: 0 is a linear map.
BENDS = (1.0, 4.0, 0.0, 12.0)

# The constants of a program: the origin and the unit of the coordinate; where the sides meet, its coordinate, whether
# the slope is an odd function about there, between which draws it changes its sign, the ends. Then for either side the
# slope and the bend of its map, and start, fall and power of the distance that is taken out. At last two polynomials.
ORIGIN, UNIT, SPLIT, MIDDLE, ODD, FROM, TO, LOW, HIGH = range(9)
LEFT_SLOPE, LEFT_BEND, LEFT_START, LEFT_FALL, LEFT_POWER = range(9, 14)
RIGHT_SLOPE, RIGHT_BEND, RIGHT_START, RIGHT_FALL, RIGHT_POWER = range(14, 19)
_left_terms, _right_terms = polynomial(19), polynomial(19 + TERMS)


@kernel
def _of_half_line(x, c):
    return log(x * c[UNIT])


@kernel
def _of_unit_interval(x, c):
    return log(x / (1.0 - x) * c[UNIT])


@kernel
def _of_line(x, c):
    t = (x - c[ORIGIN]) * c[UNIT]
    y = 0.5 * log1p(t * t)
    return y if t > 0.0 else -y


@kernel
def _of_interval(x, c):
    return (x - c[ORIGIN]) * c[UNIT]


# By support: the coordinate as a kernel, and the way back from it, given origin and unit.
COORDINATES = {
    "half-line": (_of_half_line, lambda y, origin, unit: np.exp(y) / unit),
    "unit interval": (_of_unit_interval, lambda y, origin, unit: 1.0 / (1.0 + unit * np.exp(-y))),
    "line": (_of_line, lambda y, origin, unit: origin + np.sign(y) * np.sqrt(np.expm1(2.0 * np.abs(y))) / unit),
    "interval": (_of_interval, lambda y, origin, unit: origin + y / unit),
}


def _kind(low: float, high: float) -> str:
    if low == 0.0 and high in (1.0, math.inf):
        return "half-line" if high == math.inf else "unit interval"
    return "interval" if math.isfinite(high - low) else "line"


@kernel
def _slope(x, y, c):
    """A slope from its fits, at x whose coordinate is y."""
    left = x < c[SPLIT]
    t = c[MIDDLE] - y if left else y - c[MIDDLE]
    w = t * (c[LEFT_SLOPE] if left else c[RIGHT_SLOPE]) / (1.0 + t * (c[LEFT_BEND] if left else c[RIGHT_BEND])) - 1.0
    w2 = w * w
    end = (c[LEFT_START] if left else c[RIGHT_START]) + (c[LEFT_FALL] if left else c[RIGHT_FALL]) * x
    power = c[LEFT_POWER] if left else c[RIGHT_POWER]
    weight = (end if power > 0.0 else 1.0) * (end if power > 1.0 else 1.0) * (x - c[SPLIT] if c[ODD] > 0.0 else 1.0)
    value = weight * (_left_terms(w, w2, c) if left else _right_terms(w, w2, c))
    return value if x > c[LOW] and x < c[HIGH] and not (x > c[FROM] and x < c[TO]) else NAN


@functools.cache
def _program(kind: str) -> Program:
    """The loops of a slope from its fits, the same for all families."""
    formula = expression("fit(x, y(x, c), c)", "x, c", fit=_slope, y=COORDINATES[kind][0])
    return Program("sample_grad", formula)


@functools.cache
def _own(whole: Program, place: int) -> Program:
    """The loops of one slope by its formula."""
    return Program("sample_grad", parts(whole.kernels["FORMULA"], whole.outputs)[place])


@functools.cache
def _long(whole: Program) -> tuple[bool, ...]:
    """Of which of its results the formula of slopes is long."""
    return tuple(map(cpu.heavy, parts(whole.kernels["FORMULA"], whole.outputs)))


def has_fits(d: Any, draws: Any, names: Collection[str]) -> bool:
    """Whether :func:`slopes` serves so many draws of a distribution."""
    if np.size(draws) < MANY or d.batch_shape or d._place is not None or on_device(draws):
        return False
    long = dict(zip(d._parameters, _long(d._ready("sample_grad")[0]), strict=True))
    fits = [_fit(d, name) for name in names if long[name]]
    return bool(fits) and None not in fits


def slopes(d: Any, draws: Any, names: Collection[str], into: Any = None) -> dict[str, Any]:
    """The slopes in some parameters of the draws of a distribution whose long ones have fits, in arrays `into`."""
    whole, constants, who = d._ready("sample_grad")
    fits, draws = d._interpolants["slopes"], np.asarray(draws)
    outs = iter(into if into is not None else (None,) * len(names))
    found: dict[str, Any] = {}
    for place, name in enumerate(d._parameters):
        if name in names:
            program, own = fits.get(name) or (_own(whole, place), constants)
            found[name] = evaluate.pointwise(program, draws, own, d.dtype, d._weak, who, next(outs))
        if name in names and name in fits:
            flat = found[name].reshape(-1)
            for rest in beyond(flat):
                flat[rest] = d._slopes_of_draws(draws.reshape(-1)[rest])[name]
    return found


def beyond(flat: np.ndarray) -> list[np.ndarray]:
    """Where fits gave NaN, in parts that are too short for fits."""
    rest = np.flatnonzero(np.isnan(flat))
    return np.array_split(rest, len(rest) // SHORT + 1)


def formula(d: Any, names: tuple[str, ...]) -> tuple[FunctionType, np.ndarray]:
    """The kernel of ``(x, c)`` of the slopes in some parameters that have fits or are not long, NaN beyond those, and
    its constants."""
    whole, constants, _ = d._ready("sample_grad")
    fits = d._interpolants["slopes"]
    chosen = [fits.get(n) or (_own(whole, i), constants) for i, n in enumerate(d._parameters) if n in names]
    kernels = tuple(program.kernels["FORMULA"] for program, _ in chosen)
    arrays = [own.array for _, own in chosen]
    return _joined(kernels, tuple(map(len, arrays))), np.concatenate(arrays)


@functools.cache
def _joined(kernels: tuple[FunctionType, ...], sizes: tuple[int, ...]) -> FunctionType:
    """The kernel of the results of several, of which each has so many of the constants."""
    ends = np.cumsum((0, *sizes)).tolist()
    calls = [f"part{i}(x, c[{a}:{b}])" for i, (a, b) in enumerate(pairwise(ends))]
    return expression("".join(f"{call}, " for call in calls), "x, c", **{f"part{i}": k for i, k in enumerate(kernels)})


def _fit(d: Any, name: str) -> tuple[Program, Constants] | None:
    """The program and the constants of a slope of a distribution with one parameter set, if they can be had."""
    known = d._interpolants.setdefault("slopes", {})
    if name not in known:
        known[name] = _fitted(d, name)
    fit: tuple[Program, Constants] | None = known[name]
    return fit


@np.errstate(all="ignore")
def _fitted(d: Any, name: str) -> tuple[Program, Constants] | None:
    if "icdf" not in d.kernels:
        return None
    median = float(d.median())
    kind = _kind(float(d.support.lower), float(d.support.upper))
    if kind == "unit interval":
        unit = 1.0 / median - 1.0
    else:
        unit = 1.0 / (median if kind == "half-line" else float(d.isf(0.25)) - median)
    own = _Fit(d, name, kind, median, unit).constants() if 1e-300 < unit < 1e300 else None
    return None if own is None else (_program(kind), Constants(np.array([median, unit, *own]).reshape(-1, 1), ()))


Side = tuple[float, list[float], list[float]]


class _Fit:
    """The fits of one slope of a distribution."""

    def __init__(self, d: Any, name: str, kind: str, origin: float, unit: float) -> None:
        self._d, self._name, self._origin = d, name, origin
        self._ends = float(d.support.lower), float(d.support.upper)
        to, back = COORDINATES[kind]
        self._to, self._back = lambda x: to(x, (origin, unit)), lambda y: back(y, origin, unit)
        self._bare = kind == "line"

    def constants(self) -> list[float] | None:
        """All constants but the first two."""
        # A slope that is 0 in the middle is an odd function there.
        odd = float(self._of(self._origin)) == 0.0
        gap = (math.inf, -math.inf) if odd else self._gap()
        if gap is None:
            return None
        mean = self._origin if odd else float(self._d.mean())
        inside = self._reach(LEVELS[1], -1.0) < mean < self._reach(LEVELS[1], 1.0)
        split = mean if inside else self._origin
        left = self._side(split, odd, -1.0)
        right = self._side(split, odd, 1.0) if left is not None else None
        if left is None or right is None:
            return None
        return [split, self._to(split), float(odd), *gap, left[0], right[0], *left[1], *right[1], *left[2], *right[2]]

    def _gap(self) -> tuple[float, float] | None:
        """The neighbourhood of where the slope changes its sign; None if it does so more than once."""
        ends = self._to(self._reach(LEVELS[0], -1.0)), self._to(self._reach(LEVELS[0], 1.0))
        y, count = np.linspace(*ends, 129), 0
        while True:
            changes = np.flatnonzero(np.diff(np.sign(self._of(self._back(y)))))
            if len(changes) != 1 or y[-1] - y[0] < GAP:
                break
            y, count = np.linspace(y[changes[0]], y[changes[0] + 1], 9), count + 1
        if count == 0:
            return None if len(changes) else (math.inf, -math.inf)
        return float(self._back(y[0] - GAP)), float(self._back(y[-1] + GAP))

    def _of(self, x: Any) -> Any:
        return self._d._slopes_of_draws(np.asarray(x))[self._name]

    def _reach(self, level: float, sign: float) -> float:
        """The quantile on a side, off the end of the support."""
        x, end = float(self._d.icdf(level) if sign < 0.0 else self._d.isf(level)), self._ends[sign > 0.0]
        return math.nextafter(end, self._origin) if x == end else x

    def _side(self, split: float, odd: bool, sign: float) -> Side | None:
        """The fit of a side that reaches farthest within the first of the bounds that any keeps, or nearly so."""
        found: list[tuple[float, Side]] = []
        for level in LEVELS:
            far = self._reach(level, sign)
            length = sign * (self._to(far) - self._to(split))
            if 0.0 < length < math.inf and sign * (far - split) > 0.0:
                weight = self._weight(split, odd, far, sign)
                for bend in BENDS:
                    error, coefficients = self._fitted(split, odd, far, sign, weight, bend / length)
                    slope = 2.0 * (1.0 + bend) / length
                    found.append((error, (far, [slope, bend / length, *weight], coefficients)))
                    if error <= BOUNDS[0]:
                        return found[-1][1]
                (best, side), (second, _) = sorted(found[-len(BENDS) :], key=lambda fit: fit[0])[:2]
                if best <= BOUNDS[-1] and second <= ALIKE * best:
                    return side
        for bound in BOUNDS:
            for error, side in found:
                if error <= bound:
                    return side
        return None

    def _weight(self, split: float, odd: bool, far: float, sign: float) -> tuple[float, float, float]:
        """Start, fall and power of the distance from the end of a side that the slope goes with."""
        end = self._ends[sign > 0.0]
        if self._bare:
            return 1.0, 0.0, 0.0
        start, fall = (0.0, 1.0) if end in (0.0, math.inf) else (sign * end, -sign)
        x = np.array([far, 0.25 * split + 0.75 * far])
        slopes = np.abs(self._of(x) / ((x - split) if odd else 1.0))
        power = float(np.log(slopes[1] / slopes[0]) / np.log((start + fall * x[1]) / (start + fall * x[0])))
        return start, fall, min(max(round(power), 0.0), 2.0) if math.isfinite(power) else 0.0

    def _fitted(
        self, split: float, odd: bool, far: float, sign: float, weight: tuple[float, float, float], bend: float
    ) -> tuple[float, list[float]]:
        """The largest error at the points, and the coefficients."""
        points, series, powers = _points()
        middle, nearest = self._to(split), math.nextafter(split, far) if odd else split
        length = sign * (self._to(far) - middle)
        t = (points + 1.0) / (2.0 * (1.0 + bend * length) / length - (points + 1.0) * bend)
        x = np.clip(self._back(middle + sign * t), min(nearest, far), max(nearest, far))
        values = self._of(x) / (weight[0] + weight[1] * x) ** weight[2] / ((x - split) if odd else 1.0)
        # In this order: the two matrices' product would have entries of 2**34, and their rounding.
        coefficients = monomials() @ (series @ values)
        size = np.abs(values)
        if values.min() < 0.0 < values.max():
            # In what it changes over some units of the gap.
            steps = np.abs(np.diff(values) / np.diff(t))
            size = np.maximum(size, 50.0 * GAP * np.append(steps, steps[-1]))
        errors = np.abs(powers @ coefficients - values)
        errors[errors > 0.0] /= size[errors > 0.0]
        return float(errors.max()) if np.isfinite(errors).all() else math.inf, coefficients.tolist()


@functools.cache
def _points() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chebyshev points, the way from values there to a series, and the powers of the points."""
    angles = np.pi * (np.arange(2 * TERMS) + 0.5) / (2 * TERMS)
    series = np.cos(np.outer(np.arange(TERMS), angles)) / TERMS
    series[0] /= 2.0
    points = np.cos(angles)
    return points, series, np.vander(points, TERMS, increasing=True)
