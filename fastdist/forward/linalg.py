"""Derivatives of linear algebra: of matrices along the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist.forward.dual import FUNCTIONS, duals_in, each, level_of, made, primals, remade, without_tangent
from fastdist.forward.functions import composed, none_of


def _inv(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    (a,) = args
    inverse = np.linalg.inv(a.primal)
    return remade(a, inverse, each(lambda t: -np.matmul(np.matmul(inverse, t), inverse), a._directions))


def _solve(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    found = duals_in(args, level)
    a, b = primals(args, level)
    x = np.linalg.solve(a, b)
    vector = np.ndim(b) == 1

    def right_hand_side(j: int) -> Any:
        total: Any = 0.0
        if level_of(args[1]) == level:
            total = args[1]._directions[j]
        if level_of(args[0]) == level:
            total = total - np.matmul(args[0]._directions[j], x)
        return np.broadcast_to(total, np.shape(x))

    rows = [right_hand_side(j) for j in range(len(found[0]._directions))]
    if vector and np.ndim(a) == 2:
        moved = np.stack([np.linalg.solve(a, row) for row in rows])
    else:
        moved = np.stack(
            [np.linalg.solve(a, row[..., np.newaxis])[..., 0] if vector else np.linalg.solve(a, row) for row in rows]
        )
    return made(x, moved, all(d._single for d in found), level)


def _slogdet(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    (a,) = args
    found = np.linalg.slogdet(a.primal)
    moved = each(lambda t: np.trace(np.linalg.solve(a.primal, t), axis1=-2, axis2=-1), a._directions)
    return type(found)(found.sign, remade(a, found.logabsdet, moved))


def _cholesky(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    """The factor L moves by L times the lower half of L^-1 dA L^-T, its diagonal halved."""
    (a,) = args
    none_of("linalg.cholesky", {name: value for name, value in kwargs.items() if value})
    factor = np.linalg.cholesky(a.primal)
    weights = np.tri(a.shape[-1]) - 0.5 * np.eye(a.shape[-1])

    def moved(t: Any) -> Any:
        symmetric = 0.5 * (t + np.swapaxes(t, -2, -1))
        half = np.linalg.solve(factor, symmetric)
        whole = np.linalg.solve(factor, np.swapaxes(half, -2, -1))
        return np.matmul(factor, weights * whole)

    return remade(a, factor, each(moved, a._directions))


def _qr(function: Any, args: Any, kwargs: Any, level: int) -> Any:
    """The triangle R moves by the upper half of S + S^T times R, its diagonal halved, with S = R^-T (A^T dA) R^-1."""
    (a,) = args
    if kwargs != {"mode": "r"} or a.shape[-2] < a.shape[-1]:
        raise TypeError("a Dual has a rule for numpy.linalg.qr with mode='r' only, of a matrix that is not wide")
    triangle = np.linalg.qr(a.primal, mode="r")
    across, size = np.swapaxes(triangle, -2, -1), a.shape[-1]
    weights = np.tri(size).T - 0.5 * np.eye(size)

    def moved(t: Any) -> Any:
        half = np.linalg.solve(across, np.matmul(np.swapaxes(a.primal, -2, -1), t))
        both = np.swapaxes(np.linalg.solve(across, np.swapaxes(half, -2, -1)), -2, -1)
        return np.matmul(weights * (both + np.swapaxes(both, -2, -1)), triangle)

    return remade(a, triangle, each(moved, a._directions))


FUNCTIONS[np.linalg.inv] = _inv
FUNCTIONS[np.linalg.qr] = _qr
FUNCTIONS[np.linalg.solve] = _solve
FUNCTIONS[np.linalg.slogdet] = _slogdet
FUNCTIONS[np.linalg.cholesky] = _cholesky


@composed(np.linalg.det)
def _det(a: Any) -> Any:
    sign, log = np.linalg.slogdet(a)
    return sign * np.exp(log)


@composed(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    vector = isinstance(axis, int) or (axis is None and x.ndim == 1)
    if ord is not None and not (vector and ord in (1, 2, np.inf)) and ord != "fro":
        raise TypeError(f"a Dual has no rule for numpy.linalg.norm of order {ord!r} of a matrix")
    if ord == 1:
        return np.sum(abs(x), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(abs(x), axis=axis, keepdims=keepdims)
    largest = np.max(abs(without_tangent(x)), axis=axis, keepdims=True)
    unit = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    root = np.sqrt(np.sum(np.square(x / unit), axis=axis, keepdims=True)) * unit
    return root if keepdims else np.reshape(root, np.sum(without_tangent(x), axis=axis).shape)
