"""Correlation matrices and their Cholesky factors, from vectors of real numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import asinh, cosh, isqrt, sqrt, tanh
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.engine.kernel import kernel
from fastdist.transforms.cholesky import squared
from fastdist.transforms.hyperbolic import log_cosh
from fastdist.transforms.transform import Shape
from fastdist.transforms.vectors import RowTransform

NAN = float("nan")


@kernel
def correlation_factor(x, c, w, y):
    # Row i is a point of the sphere: each number takes its share of the norm that is left, sqrt(1 - r^2) remains.
    place = 0
    for i in range(len(y)):
        left = 1.0
        for j in range(len(y)):
            y[i, j] = 0.0
            if j < i:
                y[i, j] = tanh(x[place]) * left
                left = left / cosh(x[place])
                place += 1
        y[i, i] = left


@kernel
def norm(a, b):
    """The root of a sum of two squares, which may underflow themselves."""
    a, b = abs(a), abs(b)
    large, small = (a, b) if a > b else (b, a)
    ratio = small / large if large > 0.0 else 0.0
    return large * sqrt(1.0 + ratio * ratio)


@kernel
def unfolded(x, diagonal, n):
    """The numbers behind the rows of a factor, in the place of its entries below the diagonal.

    There are n rows; `diagonal` may be longer.
    """
    # With t the norm of the later entries of the row, tanh(x) = y / sqrt(y^2 + t^2), which is sinh(x) = y / t.
    end = 0
    for i in range(n):
        end += i
        left = diagonal[i]
        for s in range(i):
            y = x[end - 1 - s]
            x[end - 1 - s] = 0.0 if y == 0.0 else asinh(y / left)
            left = norm(y, left)


@kernel
def correlation_factor_inverse(y, c, w, x):
    diagonal = w[0]
    place = 0
    for i in range(len(y)):
        for j in range(i):
            x[place] = y[i, j]
            place += 1
        diagonal[i] = y[i, i]
    unfolded(x, diagonal, len(y))


@kernel
def cosh_term(x, c):
    return -c[0] * log_cosh(x)


@kernel
def correlation(x, c, w, y):
    correlation_factor(x, c, w, y)
    squared(y)
    for i in range(len(y)):
        y[i, i] = 1.0


@kernel
def correlation_inverse(y, c, w, x):
    # The entries of the Cholesky factor below its diagonal are kept row by row in x.
    diagonal = w[0]
    own = 0
    for i in range(len(y)):
        rest = y[i, i]
        other = 0
        for j in range(i):
            total = y[i, j]
            for k in range(j):
                total -= x[own + k] * x[other + k]
            x[own + j] = total / diagonal[j]
            rest -= x[own + j] * x[own + j]
            other += j
        diagonal[i] = sqrt(rest) if rest > 0.0 else NAN
        own += i
    valid = diagonal[len(y) - 1] == diagonal[len(y) - 1]
    unfolded(x, diagonal, len(y))
    for place in range(len(x)):
        x[place] = x[place] if valid else NAN


class CorrCholeskyTransform(RowTransform):
    r"""The map from n (n - 1) / 2 real numbers to the Cholesky factor of an n by n correlation matrix.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    The map is torch's and Stan's: the numbers are taken row by row, their hyperbolic tangents are partial
    correlations, and each row is a unit vector made of them by breaking a stick. The squares of what is left are
    products of :math:`1 / \cosh^2` and, in the inverse, sums of squares from the end of the row: nothing is subtracted
    from 1. The log determinant is that of the entries below the diagonal.

    Raises
    ------
    ValueError
        If the number of entries is not n (n - 1) / 2.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.CorrCholeskyTransform()
    >>> t([0.5])
    array([[1.        , 0.        ], [0.46211716, 0.88681888]])
    """

    domain = constraints.real_vector
    codomain: Any = constraints.corr_cholesky
    bijective = True
    forward = correlation_factor
    inverse = correlation_factor_inverse
    term = cosh_term
    rows = 1

    def _weights(self, size: int) -> list[Any]:
        # The factor 1 / cosh is in the later entries of a row and on its diagonal, twice in its own slope.
        i, j = np.tril_indices(self._out((size,))[0], -1)
        return [i + 1 - j]

    def _out(self, event: Shape) -> Shape:
        n = (1 + isqrt(1 + 8 * event[0])) // 2
        if n * (n - 1) // 2 != event[0]:
            raise ValueError(f"{type(self).__name__}: a vector must have n (n - 1) / 2 entries; got {event[0]}")
        return n, n

    def _back(self, event: Shape) -> Shape:
        if event[0] != event[1] or not event[0]:
            raise ValueError(
                f"{type(self).__name__}.inv: a value must be square matrices; got {event[0]} by {event[1]}"
            )
        return (event[0] * (event[0] - 1) // 2,)

    def _by_rows(self, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[int, slice, Any, Any, Any]]:
        """For each row its number, its numbers in x, their hyperbolic tangents, cosines, and the norms before them."""
        for i in range(1, y.shape[-1]):
            place = slice(i * (i - 1) // 2, i * (i + 1) // 2)
            own = x[..., place]
            cosine = np.cosh(own)
            left = np.cumprod(1.0 / cosine, axis=-1)
            yield i, place, np.tanh(own), cosine, np.concatenate([np.ones_like(left[..., :1]), left], axis=-1)

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        more = tangent.shape[x.ndim :]
        flat = tangent.reshape((*x.shape, -1))
        none = np.zeros((*y.shape[:-1], flat.shape[-1]))
        found: list[Any] = [none]
        for i, place, t, cosine, left in self._by_rows(x, y):
            own = flat[..., place, :]
            shrunk = np.cumsum(t[..., np.newaxis] * own, axis=-2)  # by what the norm has shrunk after each number
            before = np.concatenate([none[..., :1, :], shrunk], axis=-2)
            share = np.concatenate([(left[..., :-1] / cosine**2)[..., np.newaxis] * own, none[..., :1, :]], axis=-2)
            moved = share - y[..., i, : i + 1, np.newaxis] * before
            found.append(np.concatenate([moved, none[..., i + 1 :, :]], axis=-2))
        return np.stack(found, axis=-3).reshape(y.shape + more)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """A row's last number is what the others leave of its norm: derivatives are in those below the diagonal."""
        none = np.zeros(y.shape[:-1])
        found: list[Any] = [none]
        for i, place, t, cosine, left in self._by_rows(x, y):
            own = (slope[..., place] + (i + 1 - np.arange(i)) * t) * cosine**2
            part = own * t / left[..., :-1] ** 2
            later = np.cumsum(part[..., ::-1], axis=-1)[..., ::-1] - part
            found.append(np.concatenate([own / left[..., :-1] + y[..., i, :i] * later, none[..., i:]], axis=-1))
        return np.stack(found, axis=-2)


class CorrMatrixTransform(CorrCholeskyTransform):
    """The map from n (n - 1) / 2 real numbers to an n by n correlation matrix.

    It is a :class:`CorrCholeskyTransform` times its transpose.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    The log determinant is that of the entries below the diagonal. The inverse is NaN for a matrix that is not positive
    definite.

    Raises
    ------
    ValueError
        If the number of entries is not n (n - 1) / 2.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.CorrMatrixTransform()([0.5])
    array([[1.        , 0.46211716], [0.46211716, 1.        ]])
    """

    codomain = constraints.corr_matrix
    forward = correlation
    inverse = correlation_inverse

    def _weights(self, size: int) -> list[Any]:
        # Beyond those of the factor, the slopes of its product with its transpose: the diagonal to n - 1, n - 2, ...
        n = self._out((size,))[0]
        _, j = np.tril_indices(n, -1)
        return [n - j]

    _push, _pull = RowTransform._push, RowTransform._pull
