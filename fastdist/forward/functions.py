"""Derivatives of NumPy's functions of arrays: of what is linear the function itself, direction by direction."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist.forward.dual import (
    FUNCTIONS,
    UFUNCS,
    as_array,
    duals_in,
    each,
    level_in,
    level_of,
    made,
    primals,
    remade,
    stacked,
    whole,
    without_tangent,
)


def _linear(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    """A function that is linear in its first argument, and takes no other values."""
    a: Any
    (a, *rest), options = args or (None,), dict(kwargs)
    if level_of(a) != level or level_in([rest, kwargs]):
        raise TypeError(f"numpy.{function.__name__} takes a Dual as its first argument only")
    result = function(a.primal, *rest, **options)
    if np.dtype(options.get("dtype") or float).kind not in "fc":
        raise TypeError(f"a Dual has no rule for numpy.{function.__name__} with a dtype that is no float")
    options.pop("initial", None)
    moved = [function(a._directions[j], *rest, **options) for j in range(len(a._directions))]
    if isinstance(result, (list, tuple)):
        return [remade(a, part, stacked(parts)) for part, *parts in zip(result, *moved, strict=True)]
    return remade(a, result, stacked(moved))


def _joining(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    """A function that joins the arrays of a sequence."""
    parts, *rest = args
    parts = [as_array(whole(part)) for part in parts]
    found = duals_in(parts, level)
    result = function(primals(parts, level), *rest, **kwargs)
    moved = []
    for j in range(len(found[0]._directions)):
        pieces = [p._directions[j] if level_of(p) == level else np.zeros(np.shape(p), p.dtype) for p in parts]
        moved.append(function(pieces, *rest, **kwargs))
    return made(result, stacked(moved), all(d._single for d in found), level)


def _in_each_of(*places: int) -> Callable[..., Any]:
    """A rule for a function that is linear in each of some arguments, the others held."""

    def rule(function: Any, args: Any, kwargs: Any, level: int) -> Any:
        args = tuple(map(whole, args))
        if level_in(kwargs):
            raise TypeError(f"numpy.{function.__name__} takes a Dual by position only")
        found = duals_in(args, level)
        plain = primals(args, level)
        result = function(*plain, **kwargs)
        total: Any = None
        for place in places or range(len(args)):
            if place >= len(args) or level_of(args[place]) != level:
                continue
            before, after = plain[:place], plain[place + 1 :]
            directions = args[place]._directions
            term = stacked([function(*before, directions[j], *after, **kwargs) for j in range(len(directions))])
            total = term if total is None else total + term
        if total is None:
            raise TypeError(f"a Dual has no rule for {function.__name__} in these arguments")
        return made(result, total, all(d._single for d in found), level)

    return rule


def _plain(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    """A result that has no derivative."""
    return function(*primals(args, level), **primals(kwargs, level))


_function: Any
_ufunc: Any

LINEAR: tuple[Any, ...] = (
    *(np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze),
    *(np.broadcast_to, np.sum, np.mean, np.cumsum, np.trace, np.diagonal),
    *(np.diag, np.diagflat, np.tril, np.triu, np.flip, np.fliplr, np.flipud, np.roll, np.rot90, np.repeat, np.tile),
    *(np.take, np.take_along_axis, np.copy, np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.delete),
    *(np.matrix_transpose, np.permute_dims),
)
JOINING: tuple[Any, ...] = np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack
PLAIN: tuple[Any, ...] = (
    *(np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.searchsorted, np.any, np.all, np.nonzero),
    *(np.count_nonzero, np.isclose, np.allclose, np.array_equal, np.array_equiv, np.zeros_like, np.ones_like),
    *(np.empty_like, np.iscomplexobj, np.isrealobj, np.iscomplex, np.isreal, np.may_share_memory),
    *(np.result_type, np.flatnonzero, np.argwhere),
)
FUNCTIONS.update(dict.fromkeys(LINEAR, _linear))
FUNCTIONS.update(dict.fromkeys(JOINING, _joining))
FUNCTIONS.update(dict.fromkeys(PLAIN, _plain))
for _function in (np.dot, np.vdot, np.inner, np.outer, np.kron, np.tensordot, np.convolve, np.cross):
    FUNCTIONS[_function] = _in_each_of(0, 1)
FUNCTIONS[np.einsum] = _in_each_of()
for _ufunc in (np.matmul, np.vecdot, *(getattr(np, name) for name in ("matvec", "vecmat") if hasattr(np, name))):
    UFUNCS[_ufunc] = _in_each_of(0, 1)


def composed(function: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: this is what a function is in terms of others that have rules."""

    def register(composition: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[function] = lambda function, args, kwargs, level: composition(*args, **kwargs)
        return composition

    return register


@composed(np.where)
def _where(condition: Any, x: Any, y: Any) -> Any:
    condition, x, y = without_tangent(condition), whole(x), whole(y)
    level = max(level_of(x), level_of(y))
    found = duals_in((x, y), level) if level else []
    if not found:
        return np.where(condition, x, y)
    a, b = primals((x, y), level)
    result = np.where(condition, a, b)
    total = []
    for j in range(len(found[0]._directions)):
        p, q = (v._directions[j] if level_of(v) == level else 0.0 for v in (x, y))
        total.append(np.broadcast_to(np.where(condition, p, q), result.shape))
    return made(result, stacked(total), all(d._single for d in found), level)


@composed(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    none_of("full_like", {key: value for key, value in options.items() if key not in ("order", "subok")})
    if not level_of(fill_value):
        return np.full_like(without_tangent(a), fill_value, dtype, **options)
    if dtype is not None:
        raise TypeError("a Dual has no rule for numpy.full_like with dtype")
    return np.broadcast_to(fill_value, np.shape(a)).copy()


def _at_least(ndim: int, function: Any) -> None:
    @composed(function)
    def composition(*arrays: Any) -> Any:
        found = [a if np.ndim(a) >= ndim else np.reshape(a, function(without_tangent(a)).shape) for a in arrays]
        return found[0] if len(found) == 1 else tuple(found)


for _ndim, _function in enumerate((np.atleast_1d, np.atleast_2d, np.atleast_3d), 1):
    _at_least(_ndim, _function)


@composed(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    parts = [arr, values] if axis is not None else [np.ravel(arr), np.ravel(values)]
    return np.concatenate(parts, axis=axis or 0)


@composed(np.broadcast_arrays)
def _broadcast_arrays(*arrays: Any, **options: Any) -> Any:
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    return tuple(np.broadcast_to(a, shape) for a in arrays)


@composed(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, **options: Any) -> Any:
    none_of("diff", options)
    a = np.moveaxis(a, axis, -1)
    for _ in range(n):
        a = a[..., 1:] - a[..., :-1]
    return np.moveaxis(a, -1, axis)


@composed(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    lower, upper = a_min if min is None else min, a_max if max is None else max
    a = a if lower is None else np.maximum(a, lower)
    return a if upper is None else np.minimum(a, upper)


@composed(np.var)
def _var(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, **options: Any) -> Any:
    none_of("var", options)
    square = np.square(a - np.mean(a, axis=axis, keepdims=True))
    total = np.sum(square, axis=axis, keepdims=keepdims)
    count = a.size / max(total.size, 1) if keepdims or axis is not None else a.size
    return total / (count - ddof)


@composed(np.std)
def _std(a: Any, axis: Any = None, **options: Any) -> Any:
    return np.sqrt(np.var(a, axis=axis, **options))


def none_of(name: str, options: dict[str, Any]) -> None:
    given = [key for key, value in options.items() if value is not None and value is not np._NoValue]
    if given:
        raise TypeError(f"a Dual has no rule for numpy.{name} with {', '.join(given)}")


def _extreme(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    """The largest or smallest: the mean of the directions of all that are."""
    (a, *rest), options = args, dict(kwargs)
    if rest:
        options["axis"] = rest[0]
    none_of(function.__name__, {key: value for key, value in options.items() if key not in ("axis", "keepdims")})
    axis, keepdims = options.get("axis"), bool(options.get("keepdims") is True)
    best = function(a.primal, axis=axis, keepdims=True)
    share = np.where(without_tangent(a.primal) == without_tangent(best), 1.0, 0.0)
    share = share / share.sum(axis=axis, keepdims=True)
    result = function(a.primal, axis=axis, keepdims=keepdims)
    return remade(a, result, each(lambda t: np.sum(share * t, axis=axis, keepdims=keepdims), a._directions))


for _function in (np.max, np.min, np.amax, np.amin):
    FUNCTIONS[_function] = _extreme


@composed(np.ptp)
def _ptp(a: Any, axis: Any = None, **options: Any) -> Any:
    none_of("ptp", options)
    return np.max(a, axis=axis) - np.min(a, axis=axis)


@composed(np.cumprod)
def _cumprod(a: Any, axis: int | None = None, **options: Any) -> Any:
    none_of("cumprod", options)
    a = np.ravel(a) if axis is None else np.moveaxis(a, axis, 0)
    so_far = [a[0]]
    for k in range(1, len(a)):
        so_far.append(so_far[-1] * a[k])
    return np.moveaxis(np.stack(so_far), 0, 0 if axis is None else axis)


@composed(np.prod)
def _prod(a: Any, axis: Any = None, keepdims: Any = False, **options: Any) -> Any:
    """By halves, so that no number is divided by."""
    none_of("prod", options)
    axes = tuple(range(a.ndim)) if axis is None else tuple(i % a.ndim for i in np.atleast_1d(axis))
    shape = tuple(1 if i in axes else n for i, n in enumerate(a.shape))
    rest = tuple(n for i, n in enumerate(a.shape) if i not in axes)
    parts = np.reshape(np.moveaxis(a, axes, range(len(axes))), (-1, *rest))
    while len(parts) > 1:
        half = len(parts) // 2
        product = parts[:half] * parts[half : 2 * half]
        parts = np.concatenate([product, parts[2 * half :]]) if len(parts) % 2 else product
    whole = parts[0] if len(parts) else np.ones(rest)
    return np.reshape(whole, shape) if keepdims is True else whole


@composed(np.sort)
def _sort(a: Any, axis: int | None = -1, **options: Any) -> Any:
    none_of("sort", {key: value for key, value in options.items() if key not in ("kind", "stable")})
    if axis is None:
        a, axis = np.ravel(a), -1
    order = np.argsort(without_tangent(a), axis=axis, **options)
    return np.take_along_axis(a, order, axis=axis)


@composed(np.median)
def _median(a: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
    none_of("median", {key: value for key, value in options.items() if key != "overwrite_input"})
    axes = tuple(range(a.ndim)) if axis is None else tuple(i % a.ndim for i in np.atleast_1d(axis))
    rest = [i for i in range(a.ndim) if i not in axes]
    moved = np.reshape(np.transpose(a, (*rest, *axes)), (*(a.shape[i] for i in rest), -1))
    n = moved.shape[-1]
    ordered = np.sort(moved)
    middle = 0.5 * (ordered[..., (n - 1) // 2] + ordered[..., n // 2])
    middle = np.where(np.isnan(without_tangent(ordered[..., -1])), np.nan, middle)
    return np.reshape(middle, [1 if i in axes else a.shape[i] for i in range(a.ndim)]) if keepdims else middle


@composed(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, **options: Any) -> Any:
    none_of("average", {key: value for key, value in options.items() if value})
    if weights is None:
        return np.mean(a, axis=axis)
    if np.shape(weights) != np.shape(a):
        shape = [1] * np.ndim(a)
        shape[axis] = -1
        weights = np.broadcast_to(np.reshape(weights, shape), np.shape(a))
    return np.sum(a * weights, axis=axis) / np.sum(weights, axis=axis)


@composed(np.linspace)
def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, **options: Any) -> Any:
    none_of("linspace", {key: value for key, value in options.items() if value})
    steps = np.arange(num) / max(num - 1 if endpoint else num, 1)
    shape = (num,) + (1,) * max(np.ndim(start), np.ndim(stop))
    return start + (stop - start) * steps.reshape(shape)


@composed(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = np.moveaxis(y, axis, -1)
    widths = dx if x is None else np.diff(x if np.ndim(x) == 1 else np.moveaxis(x, axis, -1))
    return np.sum(0.5 * widths * (y[..., 1:] + y[..., :-1]), axis=-1)


@composed(np.sinc)
def _sinc(x: Any) -> Any:
    y = math.pi * x
    near = abs(without_tangent(y)) < 1e-3
    square = np.square(y)
    series = 1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0))
    return np.where(near, series, np.sin(y) / np.where(near, 1.0, y))


@composed(np.round)
def _round(a: Any, decimals: int = 0) -> Any:
    return remade(a, np.round(a.primal, decimals), np.zeros_like(a._directions))


@composed(np.nan_to_num)
def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    plain = without_tangent(x)
    return np.where(np.isfinite(plain), x, np.nan_to_num(plain, nan=nan, posinf=posinf, neginf=neginf))


# What reduces by a ufunc's method, along the first axis unless another is named.

_REDUCTIONS: dict[Any, Any] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def _reduce(ufunc: Any, inputs: Any, kwargs: Any, level: int) -> Any:
    options = {k: v for k, v in kwargs.items() if v is not None or k == "axis"}
    return _REDUCTIONS[ufunc](*inputs, **{"axis": 0, **options})


def _accumulate(ufunc: Any, inputs: Any, kwargs: Any, level: int) -> Any:
    running: Any = np.cumsum if ufunc is np.add else np.cumprod
    return running(*inputs, axis=kwargs.get("axis", 0))


def _outer(ufunc: Any, inputs: Any, kwargs: Any, level: int) -> Any:
    x, y = inputs
    return ufunc(np.reshape(x, np.shape(x) + (1,) * np.ndim(y)), y, **kwargs)


for _ufunc in _REDUCTIONS:
    UFUNCS[_ufunc, "reduce"] = _reduce
for _ufunc in (np.add, np.multiply):
    UFUNCS[_ufunc, "accumulate"] = _accumulate
for _ufunc in (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum):
    UFUNCS[_ufunc, "outer"] = _outer
