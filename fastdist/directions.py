"""A method with its tangents in one pass: slopes are multiplied and added where they are made, and not kept."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from math import exp
from types import FunctionType
from typing import Any

import numpy as np

from fastdist import interpolate_slopes, lattice
from fastdist.engine import cpu, evaluate
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F64, Constants
from fastdist.engine.guard import Guard, guard
from fastdist.engine.kernel import expression, kernel, some
from fastdist.engine.loops import Program
from fastdist.forward.dual import Dual, duals_in, level_of, made, stacked
from fastdist.forward.kernels import applied
from fastdist.forward.ufuncs import scaled
from fastdist.levels import at_moving_level, at_value, is_closed, of_numbers, quantile_and_slope, term

INF = float("inf")

# Of fewer values for each parameter set it costs more to put directions beside constants than to keep slopes.
SHARED = 4

# Of more directions the slopes are kept: they are fewer than the sums of them. A moving value has one.
FEW = 3


def are_few(d: Any, method: str, carried: dict[str, Dual], value: Any = None) -> bool:
    """Whether there are few directions of numbers, and a formula of the family's own to take them through."""
    most = 1 if "value" in carried else FEW
    if any(len(dual._directions) > most or level_of(dual._directions) for dual in carried.values()):
        return False
    kernels = None if level_of(value) or d._vector else getattr(d, "kernels", None)
    continuous = carried.keys() <= {*(d._gradient_names() if "log_prob" in method else ("value", *d._parameters))}
    return kernels is not None and not kernels.rows and method in kernels and continuous


def log_density(d: Any, carried: dict[str, Dual], value: Any) -> Dual:
    """The log density and its tangent."""
    towards = dict(carried)
    own = towards.pop("value", None)
    places = {name: i + 1 for i, name in enumerate(d._gradient_names())}
    if own is None:
        result, *totals = _contracted(d, "log_prob_and_grad", towards, places, (0,), value)
    elif not d.batch_shape:
        result, *totals = _with_value(d, own._directions[0], towards, places, value)
    else:
        result, slope, *rest = _contracted(d, "log_prob_and_grad", towards, places, (0, 1), value)
        totals = [sum(rest, scaled(slope, own._directions[0]))]
    return made(result, stacked(totals), *_kind(carried))


def draws_in_directions(d: Any, tangents: dict[str, Dual], shape: Any, rng: Any) -> Dual:
    """Draws with their tangents."""
    full = d._shape(shape, "shape") + d.batch_shape
    if not full:
        draws = d.rsample(shape, rng=rng)
        return made(draws, stacked(_moves(d, tangents, draws)), *_kind(tangents))
    draws, into = evaluate.arrays(2, full, d.dtype)
    d.rsample(shape, rng=rng, out=draws)
    return made(draws, stacked(_moves(d, tangents, draws, into)), *_kind(tangents))


def tail(d: Any, name: str, sign: float, carried: dict[str, Dual], value: Any) -> Dual:
    """A tail or its logarithm, which falls or rises with the cdf by its sign, and its tangent: by how draws move."""
    towards = dict(carried)
    own = towards.pop("value", None)
    in_log = name.startswith("log")
    if own is not None and not towards and not in_log and _is_light(d, name):
        return made(*_tail_at_moving_value(d, name, sign * own._directions[0], value), *_kind(carried))
    if own is None and not in_log:
        return made(*_tail_of_moving(d, name, sign, towards, value), *_kind(carried))
    result = getattr(d, name)(value)
    moves = [sign * own._directions[0]] if own is not None else []
    if towards:
        away = [np.multiply(move, -sign) for move in _moves(d, towards, value)]
        moves = [moves[0] + away[0]] if moves else away
    sizes = (_inside(d, "log_prob", value), result) if in_log else (_inside(d, "prob", value),)
    return made(result, stacked([_weighted(sizes, move, result.dtype) for move in moves]), *_kind(carried))


def _tail_of_moving(d: Any, name: str, sign: float, towards: dict[str, Dual], value: Any) -> tuple[Any, Any]:
    """A tail and its tangent where parameters move: by slopes of the cdf, or by how draws move if these are dear."""
    if "cdf_and_grad" not in d.kernels or d._ready("cdf_and_grad")[0].heavy:
        result, into = _with_room(d, name, value)
        return result, stacked(_moves(d, towards, value, into, -sign))
    (program, constants, who), (slopes, others, _) = d._ready(name), d._ready("cdf_and_grad")
    moving = tuple(i + 2 for i, key in enumerate(d._parameters) if key in towards)
    count, rows = _rows(d, {key: towards[key] for key in d._parameters if key in towards})
    start = 0 if others is constants else len(constants.array)
    behind = start + len(others.array)
    arrays = [constants.array[:start], others.array, *(sign * row for row in rows)]
    joined = Constants(np.concatenate(arrays), d.batch_shape)
    at_once = _tail_and_slopes(program, slopes, start, behind, moving, count)
    result, *totals = evaluate.pointwise(at_once, value, joined, d.dtype, d._weak, who)
    if d.kernels.bounds is not None:
        # An end that moves takes the density with it.
        at_end = (value == d.support.lower) | (value == d.support.upper)
        if np.any(at_end):
            moves = _moves(d, towards, value, None, -sign)
            totals = [np.where(at_end, move, total)[()] for move, total in zip(moves, totals, strict=True)]
    return result, stacked(totals)


@functools.cache
def _tail_and_slopes(
    tail: Program, slopes: Program, start: int, behind: int, moving: tuple[int, ...], count: int
) -> Program:
    """The program of a tail and of the slopes of the cdf in `count` directions.

    The constants of the slopes are those from `start`, which is 0 where the tail has the same, to `behind`.
    """
    found = some(slopes.kernels["FORMULA"], slopes.outputs, moving)
    totals = _sums(range(len(moving)), range(len(moving)), count, behind)
    pick = expression(", ".join(["tail", *totals]), "tail, r, c", term=term)
    text = f"pick(tail(x, c[:{start or behind}]), slopes(x, c[{start}:{behind}]), c)"
    formula = expression(text, "x, c", pick=pick, tail=tail.kernels["FORMULA"], slopes=found)
    return Program(tail.name, formula, tail.guard, 1 + count, _of_first(tail.kernels.get("BOUNDS"), start or behind))


def _inside(d: Any, name: str, value: Any) -> Any:
    """The density or its logarithm, that of 0 outside the support."""
    density = getattr(d, name)(value)
    if d.kernels.density_support is None:
        return density
    outside = (value < d.support.lower) | (value > d.support.upper)
    return np.where(outside, -INF if name == "log_prob" else 0.0, density)


def _weighted(sizes: tuple[Any, ...], move: Any, dtype: np.dtype) -> Any:
    """How a tail moves at a value that moves, by the density there, or of its logarithm by that and the log tail."""
    formula = _product if len(sizes) == 1 else _in_log
    return applied(formula, (*sizes, move), np.shape(sizes[0]), dtype, "cdf")[0]


def _with_room(d: Any, name: str, value: Any) -> tuple[Any, Any]:
    """A method at a value, and another array of the kind that shares its memory if that is large."""
    shape = np.shape(value)
    if not shape or d.batch_shape or d._place is not None or on_device(value):
        return getattr(d, name)(value), None
    value = np.asarray(value)
    result, into = evaluate.arrays(2, shape, evaluate.result_dtype(value, d.dtype, d._weak, False))
    return getattr(d, name)(value, out=result), into


@kernel
def _product(density, move):  # type: ignore[no-untyped-def]
    return density * move if density != 0.0 and move != 0.0 else 0.0


@kernel
def _in_log(log_density, log_tail, move):  # type: ignore[no-untyped-def]
    return _product(0.0 if log_density == -INF else exp(log_density - log_tail), move)


@kernel
def _tail_and_move(tail, density, move):  # type: ignore[no-untyped-def]
    return tail, _product(density, move)


def _is_light(d: Any, name: str) -> bool:
    """Whether a method of one parameter set, at a value that moves, is worth a formula together with the density."""
    light = name in d.kernels and name not in d.kernels.quick and not d._ready(name)[0].heavy
    return light and not d.batch_shape and d._place is None


def _tail_at_moving_value(d: Any, name: str, moved: Any, value: Any) -> tuple[Any, Any]:
    """A tail of one parameter set and its tangent, where the value moves."""
    (program, constants, who), (of_density, others, _) = d._ready(name), d._ready("prob")
    sizes = len(constants.array), len(others.array)
    inside = guard("prob", d._family.support)
    formula = _at_once(program, of_density.kernels["FORMULA"], inside, d.kernels.bounds, sizes)
    result, move = at_value(d, formula, moved, value, (*constants.array[:, 0], *others.array[:, 0]), who)
    return result, stacked([move])


@functools.cache
def _at_once(
    program: Program,
    density: FunctionType,
    inside: Guard,
    bounds: FunctionType | None,
    sizes: tuple[int, int],
) -> FunctionType:
    """The kernel of a value, its tangent and the constants of a method and of the density."""
    own, others = ([f"{letter}{i}" for i in range(size)] for letter, size in zip("cd", sizes, strict=True))
    of_density = Program("density", density, inside, 1, bounds)
    kernels = {"method": of_numbers(program, own), "density": of_numbers(of_density, others)}
    text = f"pick(method(x, {', '.join(own)}), density(x, {', '.join(others)}), moved)"
    return expression(text, ", ".join(["x", "moved", *own, *others]), pick=_tail_and_move, **kernels)


def at_counts(
    d: Any, name: str, counts: np.ndarray, carried: dict[str, Dual], value: Any, formula: Callable[[Any], Dual]
) -> Dual:
    """A method of a distribution on integers that has a table of `counts`, and its tangent by a table of its own."""
    result = getattr(d, name)(value)
    totals = [np.asarray(lattice.gathered(d, name, counts, row, value)) for row in formula(counts)._directions]
    rest = np.isnan(totals[0])
    if rest.any():
        others = np.broadcast_to(value, rest.shape)[rest]
        # In parts that are too short for a table.
        others, places = np.unique(others if "prob" in name else np.floor(others), return_inverse=True)
        parts = [formula(part)._directions for part in np.array_split(others, 1 + len(others) // len(counts))]
        for total, found in zip(totals, np.concatenate(parts, axis=1), strict=True):
            total[rest] = found[places]
    return made(result, stacked(totals), *_kind(carried))


def quantile(d: Any, name: str, sign: float, carried: dict[str, Dual], value: Any) -> Dual:
    """A quantile, which rises or falls with its probability by its sign, and its tangent: that of a draw there."""
    towards = dict(carried)
    own = towards.pop("value", None)
    if own is not None and not towards and _is_light(d, name) and is_closed(d, name):
        return made(*at_moving_level(d, name, sign, own._directions[0], value), *_kind(carried))
    if own is None:
        result, into = _with_room(d, name, value)
        return made(result, stacked(_moves(d, towards, result, into)), *_kind(carried))
    result, slope = quantile_and_slope(d, name, sign, value)
    total = scaled(slope, own._directions[0])
    if towards:
        total = next(iter(_moves(d, towards, result))) + total
    return made(result, stacked([total]), *_kind(carried))


def _moves(d: Any, towards: dict[str, Dual], draws: Any, into: Any = None, sign: float = 0.0) -> Any:
    """How draws move in each direction, with a sign times the density there; the only one in the array `into`."""
    slopes, constants, who = d._ready("sample_grad")
    names = tuple(name for name in d._parameters if name in towards)
    count, rows = _rows(d, {name: towards[name] for name in names})
    fitted = interpolate_slopes.has_fits(d, draws, names)
    if fitted:
        formula, array = interpolate_slopes.formula(d, names)
    else:
        places = tuple(i for i, name in enumerate(d._parameters) if name in towards)
        formula, array = _some(slopes, places), constants.array
    if sign and cpu.heavy(formula):  # which would keep the density from being vectorised
        density = _inside(d, "prob", draws)
        return [_weighted((density,), np.multiply(move, sign), density.dtype) for move in _moves(d, towards, draws)]
    density, before = None, constants.array[:0]
    ends: tuple[Any, Any] = None, None
    if sign:
        program, of_density, _ = d._ready("prob")
        density, before = program.kernels["FORMULA"], of_density.array
        ends, rows = (guard("prob", d._family.support), d.kernels.bounds), [sign * row for row in rows]
    joined = Constants(np.concatenate([before, array, *rows]), d.batch_shape)
    program = _moving(formula, density, *ends, (len(before), len(array)), len(names), count)
    results = evaluate.pointwise(program, draws, joined, d.dtype, d._weak, who, into if count == 1 else None)
    results = results if count > 1 else (results,)
    if fitted:
        draws = np.asarray(draws).reshape(-1)
        for rest in interpolate_slopes.beyond(results[0].reshape(-1)):
            if rest.size:
                found = _moves(d, towards, draws[rest], None, sign)
                for result, own in zip(results, found, strict=True):
                    result.reshape(-1)[rest] = own
    return results


@functools.cache
def _some(slopes: Program, places: tuple[int, ...]) -> FunctionType:
    return some(slopes.kernels["FORMULA"], slopes.outputs, places)


@functools.cache
def _moving(
    slopes: FunctionType,
    density: FunctionType | None,
    inside: Guard | None,
    bounds: FunctionType | None,
    sizes: tuple[int, int],
    width: int,
    count: int,
) -> Program:
    """The program of `width` slopes in `count` directions, times a density if there is one."""
    start, behind = sizes[0], sum(sizes)
    totals = _sums(range(width), range(width), count, behind)
    known = {"slopes": slopes, "start": start, "behind": behind}
    if density is None:
        pick = expression(", ".join(totals), "r, c", term=term)
        formula = expression("pick(slopes(x, c[:behind]), c)", "x, c", pick=pick, **known)
        return Program("sample_grad", formula, None, count)
    outputs = ", ".join(f"product(density, {total})" for total in totals)
    pick = expression(outputs, "density, r, c", term=term, product=_product)
    text = "pick(density(x, c[:start]), slopes(x, c[start:behind]), c)"
    formula = expression(text, "x, c", pick=pick, density=density, **known)
    return Program("prob", formula, inside, count, _of_first(bounds, start))


def _kind(carried: dict[str, Dual]) -> tuple[bool, int]:
    if len(carried) == 1:
        (dual,) = carried.values()
        return dual._single, dual._level
    return all(dual._single for dual in carried.values()), max(map(level_of, carried.values()))


def _contracted(
    d: Any,
    method: str,
    towards: dict[str, Dual],
    places: dict[str, int],
    kept: tuple[int, ...],
    value: Any,
    out: Any = None,
) -> tuple[Any, ...]:
    """Results of a formula with slopes, and for each direction the sum of slopes times the direction of parameters."""
    program, constants, who = d._ready(method)
    moving = tuple(places[name] for name in towards)
    if d.batch_shape and math.prod(np.shape(value)) < SHARED * math.prod(d.batch_shape) and out is None:
        separate = _program(program, len(constants.array), (), 0, (*kept, *moving))
        results = evaluate.pointwise(separate, value, constants, d.dtype, d._weak, who)
        return *results[: len(kept)], *_totals(results[len(kept) :], list(towards.values()))
    count, rows = _rows(d, towards)
    joined = _joined(constants, rows, d.batch_shape)
    of_directions = _program(program, len(constants.array), moving, count, kept)
    results = evaluate.pointwise(of_directions, value, joined, d.dtype, d._weak, who, out)
    return results if of_directions.outputs > 1 else (results,)


def _totals(slopes: tuple[Any, ...], towards: list[Dual]) -> list[Any]:
    """For each direction the sum of slopes times the directions of parameters."""
    count = len(duals_in(towards, towards[0]._level)[0]._directions) if towards else 0
    terms = [[scaled(s, t._directions[j]) for s, t in zip(slopes, towards, strict=True)] for j in range(count)]
    return [sum(part[1:], part[0]).astype(slopes[0].dtype, copy=False) for part in terms]


def _joined(constants: Constants, rows: list[Any], batch_shape: tuple[int, ...]) -> Constants:
    """Constants with the directions behind them."""
    array = np.concatenate([constants.array, *rows])
    alone = constants.scalars if len(rows) == 1 and not batch_shape else None
    return Constants(array, batch_shape, alone and (*alone, *rows[0][:, 0]))


def _rows(d: Any, towards: dict[str, Dual]) -> tuple[int, list[Any]]:
    """How many directions there are, and for each the direction of each parameter, over the batch."""
    found = list(towards.values())
    found = found if len(found) < 2 else duals_in(found, max(map(level_of, found)))
    count = len(found[0]._directions) if found else 0
    if not d.batch_shape and count:
        return count, [np.array([t._directions[j] for j in range(count) for t in found], F64).reshape(-1, 1)]
    return count, [np.broadcast_to(t._directions[j], d.batch_shape).reshape(1, -1) for j in range(count) for t in found]


def _with_value(d: Any, moved: Any, towards: dict[str, Dual], places: dict[str, int], value: Any) -> tuple[Any, ...]:
    """The log density of one parameter set, and its tangent where the value moves too."""
    program, constants, who = d._ready("log_prob_and_grad")
    formula = _pair_of(program, len(constants.array), tuple(places[name] for name in towards))
    numbers = *constants.array[:, 0], *(dual._directions[0] for dual in towards.values())
    dtype = evaluate.result_dtype(np.asarray(value), d.dtype, d._weak, type(value) in (float, int))
    return applied(formula, (value, moved, *numbers), np.shape(value), dtype, who)


@functools.cache
def _pair_of(program: Program, size: int, moving: tuple[int, ...]) -> FunctionType:
    """The kernel of a value, its tangent, constants and the direction that gives the result and its tangent."""
    constants, directions = [f"c{i}" for i in range(size)], [f"t{i}" for i in range(len(moving))]
    given = ", ".join(constants)
    terms = " + ".join(["term(r[1], moved)", *(f"term(r[{k}], {t})" for k, t in zip(moving, directions, strict=True))])
    pick = expression(f"r[0], {terms}", ", ".join(["r, moved", *directions]), term=term)
    at_once = of_numbers(program, constants)
    text = f"pick(whole(x, {given}), {', '.join(['moved', *directions])})"
    return expression(text, ", ".join(["x, moved", *constants, *directions]), pick=pick, whole=at_once)


@functools.cache
def _program(program: Program, size: int, moving: tuple[int, ...], count: int, kept: tuple[int, ...]) -> Program:
    """The program whose constants after the first `size` are `count` directions."""
    kernels = program.kernels
    asked = [*kept, *moving]
    outputs = [*(f"r[{asked.index(i)}]" for i in kept), *_sums(tuple(asked), moving, count, size)]
    pick = expression(", ".join(outputs), "r, c", term=term)
    results = some(kernels["FORMULA"], program.outputs, asked)
    formula = expression("pick(results(x, c[:size]), c)", "x, c", pick=pick, results=results, size=size)
    return Program(program.name, formula, program.guard, len(outputs), _of_first(kernels.get("BOUNDS"), size))


def _sums(asked: Sequence[int], moving: Sequence[int], count: int, behind: int) -> list[str]:
    """For each direction the text of the slopes that move, of those asked for, times the constants from `behind` on."""
    starts = [behind + j * len(moving) for j in range(count)]
    return [" + ".join(f"term(r[{asked.index(k)}], c[{s + i}])" for i, k in enumerate(moving)) for s in starts]


def _of_first(bounds: FunctionType | None, size: int) -> FunctionType | None:
    """The kernel of the ends of the support, of the first `size` constants."""
    return bounds and expression("bounds(c[:size])", "c", bounds=bounds, size=size)
