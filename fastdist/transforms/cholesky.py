"""Cholesky factors, and positive definite matrices by them."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np

from fastdist import constraints
from fastdist.engine.kernel import kernel
from fastdist.transforms.transform import Shape
from fastdist.transforms.vectors import RowTransform

NAN = float("nan")


@kernel
def lower(x, c, w, y):
    for i in range(len(x)):
        for j in range(len(x)):
            y[i, j] = x[i, j] if j < i else 0.0
        y[i, i] = exp(x[i, i])


@kernel
def lower_inverse(y, c, w, x):
    for i in range(len(y)):
        for j in range(len(y)):
            x[i, j] = y[i, j] if j < i else 0.0
        x[i, i] = log(y[i, i])


@kernel
def factor(matrix, lower):
    """Fill `lower` with the Cholesky factor, or with NaN if there is none."""
    n = len(matrix)
    valid = True
    for i in range(n):
        for j in range(n):
            total = matrix[i, j]
            for k in range(j if j < i else i):
                total -= lower[i, k] * lower[j, k]
            if j < i:
                lower[i, j] = total / lower[j, j]
            else:
                valid = valid and (total > 0.0 or j > i)
                lower[i, j] = sqrt(total) if j == i and total > 0.0 else (0.0 if j > i else 1.0)
    if not valid:
        for i in range(n):
            for j in range(n):
                lower[i, j] = NAN


@kernel
def squared(lower):
    """A lower triangular matrix times its transpose, in its place."""
    n = len(lower)
    for r in range(n):
        i = n - 1 - r
        for s in range(i + 1):
            j = i - s
            total = 0.0
            for k in range(j + 1):
                total += lower[i, k] * lower[j, k]
            lower[i, j] = total
    for i in range(n):
        for j in range(i):
            lower[j, i] = lower[i, j]


@kernel
def definite(x, c, w, y):
    lower(x, c, w, y)
    squared(y)


@kernel
def definite_inverse(y, c, w, x):
    factor(y, x)
    for i in range(len(y)):
        x[i, i] = log(x[i, i])


def pushed_triangle(x: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """How the lower triangle with the exponential of the diagonal moves when x does."""
    n = x.shape[-1]
    slope = np.tri(n, k=-1) + np.eye(n) * np.exp(x)
    return slope.reshape(slope.shape + (1,) * (tangent.ndim - x.ndim)) * tangent


class _Square(RowTransform):
    """A transform of square matrices."""

    domain = constraints.independent(constraints.real, 2)

    def _out(self, event: Shape) -> Shape:
        if event[0] != event[1]:
            raise ValueError(f"{type(self).__name__}: a value must be square matrices; got {event[0]} by {event[1]}")
        return event

    def _back(self, event: Shape) -> Shape:
        return self._out(event)


class LowerCholeskyTransform(_Square):
    """The map from square matrices to lower triangular ones with a positive diagonal, by its exponential.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    What is above the diagonal is dropped, so the map is not a bijection; the inverse puts zeros there.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.LowerCholeskyTransform()([[0.0, 5.0], [3.0, 0.0]])
    array([[1., 0.], [3., 1.]])
    """

    codomain = constraints.lower_cholesky
    forward = lower
    inverse = lower_inverse

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        return pushed_triangle(x, tangent)


class PositiveDefiniteTransform(_Square):
    """The map from square matrices to positive definite ones: a :class:`LowerCholeskyTransform` times its transpose.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    The inverse is NaN for a matrix that is not positive definite.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.PositiveDefiniteTransform()
    >>> t([[0.0, 0.0], [3.0, 0.0]])
    array([[ 1.,  3.], [ 3., 10.]])
    """

    codomain = constraints.positive_definite
    forward = definite
    inverse = definite_inverse

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        triangle = LowerCholeskyTransform()(x)
        moved = pushed_triangle(x, tangent)
        flat = moved.reshape((*x.shape, -1))
        half = np.einsum("...ijp,...kj->...ikp", flat, triangle)
        return (half + np.swapaxes(half, -3, -2)).reshape(moved.shape)
