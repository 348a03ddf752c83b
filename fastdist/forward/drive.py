"""Derivatives of functions of arrays."""

from __future__ import annotations

import contextlib
import contextvars
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fastdist.forward.dual import Dual, level_of
from fastdist.reals import as_reals

# Numbers that the tangents of the arguments hold at a time: a function's intermediate results have as many directions.
HELD, MOST_DIRECTIONS = 1 << 22, 16

# How deep derivatives of derivatives are at the moment: above whatever Duals a user makes and leaves in a closure.
_depth = contextvars.ContextVar("depth", default=1 << 10)


@contextlib.contextmanager
def _deeper() -> Iterator[int]:
    """A level of Duals of its own."""
    level = _depth.get() + 1
    token = _depth.set(level)
    try:
        yield level
    finally:
        _depth.reset(token)


def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """The value of a function and its derivative in a direction.

    Parameters
    ----------
    f : callable
        Of arrays; it may return an array, or tuples, lists and dicts of arrays.
    primals, tangents : tuple
        The arguments, arrays or tuples, lists and dicts of them, and the direction: of the same structure and shapes.
        Tangents with one axis more hold as many directions.

    Returns
    -------
    value, derivative
        Of the structure of what `f` returns.

    Raises
    ------
    ValueError, TypeError
        If the structures or shapes do not fit, or `f` calls what has no rule.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdist as fd
    >>> fd.jvp(lambda x, y: np.sin(x) * y, (0.0, 2.0), (1.0, 0.0))
    (np.float64(0.0), np.float64(2.0))
    """
    _check_callable(f, "jvp")
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp: primals and tangents must be tuples, one entry for each argument")
    with _deeper() as level:
        duals = _paired(tuple(primals), tuple(tangents), level)
        result = f(*duals)
    shape = _directions(duals)
    return (
        _leafwise(result, lambda v: v.primal if level_of(v) == level else v),
        _leafwise(result, lambda v: v.tangent if level_of(v) == level else np.zeros(shape + np.shape(v))[()]),
    )


def value_and_grad(f: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """A function that gives the value of `f` and its gradient.

    The derivatives are taken in forward mode, for some directions at a time: the memory that takes does not grow with
    the number of parameters, the time does.

    Parameters
    ----------
    f : callable
        ``f(theta, *others)`` gives a number. `theta` is an array, or a tuple, list or dict of such.

    Returns
    -------
    function : callable
        ``function(theta, *others)`` gives the number, and the gradient in `theta` in the structure of `theta`: what
        ``scipy.optimize.minimize(..., jac=True)`` takes.

    Raises
    ------
    TypeError
        If the result is not a number, or `f` calls what has no rule.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdist as fd
    >>> fd.value_and_grad(lambda theta: np.sum(theta**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """
    _check_callable(f, "value_and_grad")

    def function(theta: Any, *others: Any) -> tuple[Any, Any]:
        leaves: list[Any] = []
        _leafwise(theta, leaves.append)
        total = sum(math.prod(np.shape(leaf)) for leaf in leaves)
        step = max(1, min(MOST_DIRECTIONS, HELD // max(total, 1), total))
        flat = np.empty(total, object)
        value = None if total else f(theta, *others)
        for start in range(0, total, step):
            count = min(step, total - start)
            value, derivative = _some(f, theta, others, start, count)
            for j in range(count):
                flat[start + j] = derivative[j]
        return value, _gathered(theta, flat)

    return function


def _check_callable(f: Any, who: str) -> None:
    if not callable(f):
        raise TypeError(f"{who}: f must be a function; got {f!r}")


def _some(f: Any, theta: Any, others: Any, start: int, count: int) -> tuple[Any, Any]:
    """The value, and the derivatives in the numbers of all leaves from `start` on."""
    place = 0

    def tangent(leaf: Any) -> Any:
        nonlocal place
        shape = np.shape(leaf)
        size = math.prod(shape)
        directions = np.zeros((count, size))
        first, last = max(start, place), min(start + count, place + size)
        for k in range(first, last):
            directions[k - start, k - place] = 1.0
        place += size
        return Dual(leaf, directions.reshape((count, *shape)), level)

    with _deeper() as level:
        result = f(_leafwise(theta, tangent), *others)
    if np.shape(result) != ():
        raise TypeError(f"value_and_grad: the function must give a number; got an array of shape {np.shape(result)}")
    if not isinstance(result, Dual):
        as_reals(result, "value_and_grad", "the function's result")
    if level_of(result) != level:
        return result, np.zeros(count)
    return result.primal, result._directions


def _gathered(theta: Any, flat: np.ndarray) -> Any:
    """Derivatives in the structure of the parameters."""
    place = 0

    def gather(leaf: Any) -> Any:
        nonlocal place
        shape = np.shape(leaf)
        size = math.prod(shape)
        parts = list(flat[place : place + size])
        place += size
        if not parts:
            return np.zeros(shape)
        return np.reshape(np.stack(parts), shape) if shape else parts[0]

    return _leafwise(theta, gather)


def _leafwise(values: Any, function: Callable[[Any], Any]) -> Any:
    """The structure with a function of each leaf."""
    if isinstance(values, dict):
        return {name: _leafwise(part, function) for name, part in values.items()}
    if isinstance(values, (tuple, list)):
        parts = [_leafwise(part, function) for part in values]
        return type(values)(*parts) if hasattr(values, "_fields") else type(values)(parts)
    return function(values)


def _paired(primals: Any, tangents: Any, level: int) -> Any:
    if isinstance(primals, dict):
        if not isinstance(tangents, dict) or tangents.keys() != primals.keys():
            raise ValueError("jvp: tangents must have the structure of primals")
        return {name: _paired(part, tangents[name], level) for name, part in primals.items()}
    if isinstance(primals, (tuple, list)):
        if not isinstance(tangents, (tuple, list)) or len(tangents) != len(primals):
            raise ValueError("jvp: tangents must have the structure of primals")
        parts = [_paired(p, t, level) for p, t in zip(primals, tangents, strict=True)]
        return type(primals)(*parts) if hasattr(primals, "_fields") else type(primals)(parts)
    return Dual(primals, tangents, level)


def _directions(duals: Any) -> tuple[int, ...]:
    """The axis of directions, if there is one."""
    if isinstance(duals, Dual):
        return () if duals._single else (len(duals._directions),)
    parts = duals.values() if isinstance(duals, dict) else duals
    return max((_directions(part) for part in parts), default=())
