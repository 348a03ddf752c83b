"""Quantiles at levels that move: the slope is that of the quantile's own formula, where it is a short one.

The inverse of the density at the quantile says the same of exact numbers. It loses digits where a quantile is rounded
beside a large location, and all of them where the support ends.
"""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import numpy as np

from fastdist.engine import evaluate
from fastdist.engine.kernel import expression, kernel
from fastdist.engine.loops import Program
from fastdist.engine.pairs import tangent
from fastdist.forward.dual import stacked
from fastdist.forward.kernels import applied, whole
from fastdist.forward.ufuncs import scaled

NAN = float("nan")

# Of levels below it the square of an inverse may overflow.
DEEP = 1e-150


def quantile_and_slope(d: Any, name: str, sign: float, value: Any) -> tuple[Any, Any]:
    """A quantile and its derivative in its probability, with which it rises or falls by its sign."""
    if not is_closed(d, name):
        result = getattr(d, name)(value)
        return result, _over_density(d, sign, result)
    program, constants, who = d._ready(name)
    formula = _level_program(program, len(constants.array))
    result, slope = evaluate.pointwise(formula, value, constants, d.dtype, d._weak, who)
    return result, _mended(d, sign, value, result, slope)


def is_closed(d: Any, name: str) -> bool:
    """Whether a quantile has a formula that moves as it does: a short one, that is not cut where the support ends."""
    kernels = getattr(d, "kernels", None)
    if kernels is None or d._vector or kernels.rows or name not in kernels or f"{name}:regime" in kernels:
        return False
    return d._place is None and not d._ready(name)[0].heavy


def _over_density(d: Any, sign: float, x: Any) -> Any:
    """The derivative in its probability of a quantile that is x."""
    with np.errstate(all="ignore"):
        return sign / d.prob(x)


def _mended(d: Any, sign: float, value: Any, x: Any, slope: Any, moved: Any = 1.0) -> Any:
    """Slopes times tangents: of levels 0 and 1, and of those whose inverses overflow, by the density."""
    low, high = np.fmin.reduce(value, axis=None, initial=1.0), np.fmax.reduce(value, axis=None, initial=0.0)
    if low > DEEP and high < 1.0:
        return slope
    slope, value = np.asarray(slope), np.broadcast_to(value, np.shape(x))
    lost = (value == 0.0) | (value == 1.0) | ((value > 0.0) & (value < DEEP) & np.isinf(slope))
    with np.errstate(all="ignore"):
        slope[lost] = scaled(_over_density(d, sign, x), moved)[lost]
    return slope[()]


def at_moving_level(d: Any, name: str, sign: float, moved: Any, value: Any) -> tuple[Any, Any]:
    """A quantile of one parameter set and its tangent, where the level moves, in one pass."""
    program, constants, who = d._ready(name)
    formula = _level_and_move(program, len(constants.array))
    result, move = at_value(d, formula, moved, value, constants.array[:, 0], who)
    return result, stacked([_mended(d, sign, value, result, move, moved)])


@functools.cache
def _level_and_move(program: Program, size: int) -> FunctionType:
    """The kernel of a level, its tangent and the constants of a quantile."""
    given = ", ".join(f"c{i}" for i in range(size))
    pick = expression("r[0], term(r[1], moved)", "r, moved", term=term)
    text = f"pick(of_level(p, {given}), moved)"
    return expression(text, f"p, moved, {given}", pick=pick, of_level=_of_level(program, size))


@functools.cache
def _level_program(program: Program, size: int) -> Program:
    """The program of a quantile and its slope."""
    given = ", ".join(f"c[{i}]" for i in range(size))
    formula = expression(f"of_level(p, {given})", "p, c", of_level=_of_level(program, size))
    return Program(program.name, formula, None, 2)


@functools.cache
def _of_level(program: Program, size: int) -> FunctionType:
    """The kernel of a level and the constants of a quantile: the quantile, and between 0 and 1 its slope."""
    names = [f"c{i}" for i in range(size)]
    given = ", ".join(names)
    of_pairs = tangent(of_numbers(program, names), 1 + size)
    text = f"pick(p, of_pairs(p, {given}, 1.0{', 0.0' * size}))"
    return expression(text, f"p, {given}", pick=_between_ends, of_pairs=of_pairs)


@kernel
def _between_ends(p, found):  # type: ignore[no-untyped-def]
    return found[0], found[1] if 0.0 < p < 1.0 else NAN


# Kernels of single values, which tails take too --------------------------------------------------


def at_value(d: Any, formula: FunctionType, moved: Any, value: Any, numbers: Any, who: str) -> tuple[Any, Any]:
    """The two results of a kernel of a value, its tangent and the constants of one parameter set."""
    dtype = evaluate.result_dtype(np.asarray(value), d.dtype, d._weak, type(value) in (float, int))
    result, move = applied(formula, (value, moved, *numbers), np.shape(value), dtype, who)
    return result, move


def of_numbers(program: Program, names: list[str]) -> FunctionType:
    """The kernel of a value and of single constants that a program is the loop of."""
    given = ", ".join(names)
    return whole(program, expression(f"({given},)", given), len(names))


@kernel
def term(slope, direction):  # type: ignore[no-untyped-def]
    return slope * direction if direction != 0.0 else 0.0
