"""A method with its tangents in one pass: slopes are multiplied and added where they are made, and not kept."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import numpy as np

from fastdist import interpolate_slopes
from fastdist.engine import evaluate
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression, kernel, some
from fastdist.engine.loops import Program
from fastdist.forward.dual import Dual, duals_in, level_of, made
from fastdist.forward.kernels import applied, whole
from fastdist.forward.ufuncs import scaled

# Of more directions the slopes are kept: they are fewer than the sums of them. A moving value has one.
FEW = 3


def are_few(d: Any, method: str, carried: dict[str, Dual], value: Any = None) -> bool:
    """Whether there are few directions of numbers, and a formula of the family's own to take them through."""
    most = 1 if "value" in carried else FEW
    if any(len(dual._directions) > most or level_of(dual._directions) for dual in carried.values()):
        return False
    kernels = None if level_of(value) or d._vector else getattr(d, "kernels", None)
    continuous = carried.keys() <= set(d._gradient_names() if "log_prob" in method else d._parameters)
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
    return made(result, _stacked(totals), *_kind(carried))


def draws_in_directions(d: Any, tangents: dict[str, Dual], shape: Any, rng: Any) -> Dual:
    """Draws with their tangents."""
    full = d._shape(shape, "shape") + d.batch_shape
    into: list[Any]
    if full:
        draws, *into = evaluate.arrays(1 + len(tangents), full, d.dtype)
        d.rsample(shape, rng=rng, out=draws)
    else:
        draws, into = d.rsample(shape, rng=rng), [None] * len(tangents)
    count = len(duals_in(list(tangents.values()), _kind(tangents)[1])[0]._directions)
    if interpolate_slopes.has_fits(d, draws, tangents):
        slopes = interpolate_slopes.slopes(d, draws, tangents, into)
        totals: Any = [_added(slopes, tangents, j, j == count - 1) for j in range(count)]
    else:
        places = {n: i for i, n in enumerate(d._parameters)}
        totals = _contracted(d, "sample_grad", tangents, places, (), draws, into[0] if count == 1 else None)
    return made(draws, _stacked(totals), *_kind(tangents))


def _added(slopes: dict[str, Any], tangents: dict[str, Dual], j: int, last: bool) -> Any:
    """The slopes times the directions of number `j`, in the place of the slopes if it is the last."""
    total: Any = None
    for name, dual in tangents.items():
        direction = dual._directions[j]
        if direction == 0.0:
            continue
        term = np.multiply(slopes[name], direction, out=slopes[name] if last else None)
        total = term if total is None else np.add(total, term, out=total)
    return np.zeros_like(next(iter(slopes.values()))) if total is None else total


def _stacked(totals: Any) -> np.ndarray:
    return np.stack(totals) if len(totals) > 1 else np.asarray(totals[0])[np.newaxis]


def _kind(carried: dict[str, Dual]) -> tuple[bool, int]:
    return all(dual._single for dual in carried.values()), max(map(level_of, carried.values()))


@kernel
def _term(slope, direction):  # type: ignore[no-untyped-def]
    return slope * direction if direction != 0.0 else 0.0


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
    found = duals_in(list(towards.values()), max(map(level_of, towards.values()), default=0))
    count = len(found[0]._directions) if found else 0
    rows = [np.broadcast_to(t._directions[j], d.batch_shape).reshape(1, -1) for j in range(count) for t in found]

    joined = Constants(np.concatenate([constants.array, *rows]), d.batch_shape)
    of_directions = _program(program, len(constants.array), moving, count, kept)
    results = evaluate.pointwise(of_directions, value, joined, d.dtype, d._weak, who, out)
    return results if of_directions.outputs > 1 else (results,)


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
    pick = expression(f"r[0], {terms}", ", ".join(["r, moved", *directions]), term=_term)
    at_once = whole(program, expression(f"({given},)", given), size)
    text = f"pick(whole(x, {given}), {', '.join(['moved', *directions])})"
    return expression(text, ", ".join(["x, moved", *constants, *directions]), pick=pick, whole=at_once)


@functools.cache
def _program(program: Program, size: int, moving: tuple[int, ...], count: int, kept: tuple[int, ...]) -> Program:
    """The program whose constants after the first `size` are `count` directions."""
    kernels = program.kernels
    asked = [*kept, *moving]
    starts = [size + j * len(moving) for j in range(count)]
    sums = [" + ".join(f"term(r[{asked.index(k)}], c[{start + i}])" for i, k in enumerate(moving)) for start in starts]
    outputs = [*(f"r[{asked.index(i)}]" for i in kept), *sums]
    pick = expression(", ".join(outputs), "r, c", term=_term)
    results = some(kernels["FORMULA"], program.outputs, asked)
    formula = expression("pick(results(x, c[:size]), c)", "x, c", pick=pick, results=results, size=size)
    bounds = expression("bounds(c[:size])", "c", bounds=kernels["BOUNDS"], size=size) if "BOUNDS" in kernels else None
    return Program(program.name, formula, program.guard, len(outputs), bounds)
