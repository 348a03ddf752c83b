"""Derivatives of NumPy's ufuncs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist.forward.dual import UFUNCS, duals_in, level_of, made, primals, without_tangent

Partial = Callable[..., Any]


def partials(ufunc: Any, *rules: Partial) -> None:
    """Give a ufunc its derivatives: of each argument ``rule(result, *arguments)``."""

    def rule(ufunc: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
        found = duals_in(inputs, level)
        arguments = [np.asarray(v) if isinstance(v, (list, tuple)) else v for v in primals(inputs, level)]
        result = ufunc(*arguments, **kwargs)
        total: Any = None
        for value, partial in zip(inputs, rules, strict=True):
            if level_of(value) == level:
                with np.errstate(all="ignore"):
                    term = scaled(partial(result, *arguments), _spread(value._directions, result.ndim - value.ndim))
                total = term if total is None else total + term
        single = all(d._single for d in found)
        return made(result, _full(total, result), single, level)

    UFUNCS[ufunc] = rule


def _spread(directions: Any, missing: int) -> Any:
    """Directions of a value that lacks so many of the result's axes."""
    if not missing:
        return directions
    return np.reshape(directions, (len(directions),) + (1,) * missing + directions.shape[1:])


def scaled(slope: Any, direction: Any) -> Any:
    """A slope times a direction, which is 0 where that is 0 even if the slope is infinite: nothing moves."""
    with np.errstate(invalid="ignore"):
        product = slope * direction
    still = direction == 0
    if not np.any(still):
        return product
    still = still & ~np.isfinite(without_tangent(slope))
    return np.where(still, 0.0, product) if np.any(still) else product


def _full(directions: Any, result: Any) -> Any:
    """Directions of the shape of a result: a slope may be a number where the result is an array."""
    shape = (len(directions), *result.shape)
    return directions if directions.shape == shape else np.broadcast_to(directions, shape)


def plain(*ufuncs: Any) -> None:
    """Results that have no derivative, as comparisons: of the primals alone."""

    def rule(ufunc: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
        return ufunc(*primals(inputs, level), **kwargs)

    UFUNCS.update(dict.fromkeys(ufuncs, rule))


def _larger(first: bool, of_largest: bool) -> Partial:
    """Which of two counts: each for a half where they are equal."""

    def partial(result: Any, x: Any, y: Any) -> Any:
        mine, other = (x, y) if first else (y, x)
        wins = (mine > other) if of_largest else (mine < other)
        return np.where(np.isnan(other) | wins, 1.0, np.where(mine == other, 0.5, 0.0))

    return partial


def _one(result: Any, *arguments: Any) -> float:
    return 1.0


def _nothing(result: Any, *arguments: Any) -> float:
    return 0.0


_ufunc: Any

plain(
    *(np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal),
    *(np.isfinite, np.isinf, np.isnan, np.signbit, np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
)
for _ufunc in (np.floor, np.ceil, np.rint, np.trunc, np.sign):
    partials(_ufunc, _nothing)
partials(np.floor_divide, _nothing, _nothing)
partials(np.heaviside, _nothing, lambda r, x, y: np.where(x == 0, 1.0, 0.0))

partials(np.positive, _one)
partials(np.negative, lambda r, x: -1.0)
partials(np.add, _one, _one)
partials(np.subtract, _one, lambda r, x, y: -1.0)
partials(np.multiply, lambda r, x, y: y, lambda r, x, y: x)
partials(np.divide, lambda r, x, y: 1.0 / y, lambda r, x, y: -r / y)
partials(np.remainder, _one, lambda r, x, y: -np.floor(x / y))
partials(np.fmod, _one, lambda r, x, y: -np.trunc(x / y))
for _ufunc in (np.power, np.float_power):
    partials(
        _ufunc,
        lambda r, x, y: np.where(y == 0, 0.0, y * np.float_power(x, y - 1.0)),
        lambda r, x, y: np.where((x == 0) & (y > 0), 0.0, r * np.log(x)),
    )
partials(np.square, lambda r, x: 2.0 * x)
partials(np.sqrt, lambda r, x: 0.5 / r)
partials(np.cbrt, lambda r, x: 1.0 / (3.0 * r * r))
partials(np.reciprocal, lambda r, x: -r * r)
for _ufunc in (np.absolute, np.fabs):
    partials(_ufunc, lambda r, x: np.sign(x))
partials(np.conjugate, _one)
partials(np.copysign, lambda r, x, y: np.copysign(1.0, x) * np.copysign(1.0, y), _nothing)
partials(np.hypot, lambda r, x, y: np.where(r == 0, 0.0, x / r), lambda r, x, y: np.where(r == 0, 0.0, y / r))
partials(np.maximum, _larger(True, True), _larger(False, True))
partials(np.minimum, _larger(True, False), _larger(False, False))
partials(np.fmax, _larger(True, True), _larger(False, True))
partials(np.fmin, _larger(True, False), _larger(False, False))

partials(np.exp, lambda r, x: r)
partials(np.exp2, lambda r, x: math.log(2) * r)
partials(np.expm1, lambda r, x: np.exp(x))
partials(np.log, lambda r, x: 1.0 / x)
partials(np.log2, lambda r, x: 1.0 / (math.log(2) * x))
partials(np.log10, lambda r, x: 1.0 / (math.log(10) * x))
partials(np.log1p, lambda r, x: 1.0 / (1.0 + x))


def _share(power: Any, gap: Any) -> Any:
    """1 / (1 + power(gap)), of which nothing overflows."""
    return power(-np.maximum(gap, 0.0)) / (1.0 + power(-np.abs(gap)))


partials(np.logaddexp, lambda r, x, y: _share(np.exp, y - x), lambda r, x, y: _share(np.exp, x - y))
partials(np.logaddexp2, lambda r, x, y: _share(np.exp2, y - x), lambda r, x, y: _share(np.exp2, x - y))

partials(np.sin, lambda r, x: np.cos(x))
partials(np.cos, lambda r, x: -np.sin(x))
partials(np.tan, lambda r, x: 1.0 + r * r)
partials(np.arcsin, lambda r, x: 1.0 / np.sqrt((1.0 - x) * (1.0 + x)))
partials(np.arccos, lambda r, x: -1.0 / np.sqrt((1.0 - x) * (1.0 + x)))
partials(np.arctan, lambda r, x: 1.0 / (1.0 + x * x))
partials(
    np.arctan2,
    lambda r, y, x: x / np.hypot(x, y) / np.hypot(x, y),
    lambda r, y, x: -y / np.hypot(x, y) / np.hypot(x, y),
)
partials(np.sinh, lambda r, x: np.cosh(x))
partials(np.cosh, lambda r, x: np.sinh(x))
partials(np.tanh, lambda r, x: 4.0 * _share(np.exp, 2.0 * x) * _share(np.exp, -2.0 * x))
partials(np.arcsinh, lambda r, x: 1.0 / np.hypot(1.0, x))
partials(np.arccosh, lambda r, x: 1.0 / (np.sqrt(x - 1.0) * np.sqrt(x + 1.0)))
partials(np.arctanh, lambda r, x: 1.0 / ((1.0 - x) * (1.0 + x)))
for _ufunc in (np.deg2rad, np.radians):
    partials(_ufunc, lambda r, x: math.pi / 180.0)
for _ufunc in (np.rad2deg, np.degrees):
    partials(_ufunc, lambda r, x: 180.0 / math.pi)
