"""Reflections, unit vectors and orthogonal matrices."""

from __future__ import annotations

import math
from math import sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.engine.evaluate import F32, F64
from fastdist.engine.kernel import kernel
from fastdist.engine.rows import Table
from fastdist.transforms.cholesky import _Square
from fastdist.transforms.transform import Shape
from fastdist.transforms.vectors import RowTransform, added

INF = float("inf")


@kernel
def reflected(x, c, w, y):
    u = c[0]
    high, low = 0.0, 0.0
    for k in range(len(x)):
        high, low = added(high, low, u[k] * x[k])
    twice = 2.0 * (high + low)
    for k in range(len(x)):
        y[k] = x[k] - twice * u[k]


class HouseholderTransform(RowTransform):
    r"""The reflection :math:`y = x - 2 \frac{v v^T}{v^T v} x`, which is its own inverse.

    Parameters
    ----------
    v : array_like of real, shape (..., n)
        The normal of the mirror; not 0. All axes but the last broadcast with the values.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    ValueError
        If a vector is 0 or not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.HouseholderTransform([1.0, 1.0])
    >>> t([1.0, 0.0])
    array([ 0., -1.])
    """

    domain = constraints.real_vector
    codomain = constraints.real_vector
    bijective = True
    forward = reflected
    inverse = reflected
    v: Any
    _unit: Table

    def __init__(self, v: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        v = self._parameter("v", v)
        if np.ndim(v) < 1:
            raise ValueError(f"{type(self).__name__}: parameter v needs at least 1 axis; got {v!r}")
        largest = abs(v).max(axis=-1, initial=0.0)
        valid = np.isfinite(v).all(axis=-1) & (largest > 0)
        self._require("v", largest, valid, "finite vectors that are not 0; the largest entry")
        unit = v.astype(np.float64) / largest.astype(np.float64)[..., np.newaxis]
        unit = unit / np.sqrt(np.square(unit).sum(axis=-1, keepdims=True))
        flat = np.ascontiguousarray(unit).reshape((math.prod(v.shape[:-1]), v.shape[-1]))
        self._set(v=v, _unit=Table((flat,), v.shape[:-1]))

    def _table(self) -> Table:
        return self._unit

    def _log_det(self, x: Any) -> Any:
        x = self._array(x, 1)
        dtype = F32 if x.dtype == F32 and self._narrow() else F64
        return np.zeros(self.forward_shape(x.shape)[:-1], dtype)[()]

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        flat = tangent.reshape((*x.shape, -1))
        (unit,) = self._unit.batched()
        along = np.einsum("...i,...ip->...p", unit, flat)
        return (flat - 2.0 * unit[..., np.newaxis] * along[..., np.newaxis, :]).reshape(tangent.shape)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        return self._push(x, y, slope)  # it is symmetric

    def _narrow(self) -> bool:
        return self.v.dtype == F32

    def _out(self, event: Shape) -> Shape:
        if event != self.v.shape[-1:]:
            raise ValueError(
                f"{type(self).__name__}: vectors must have the length of v, {self.v.shape[-1]}; got {event[0]}"
            )
        return event

    def _back(self, event: Shape) -> Shape:
        return self._out(event)

    def _arguments(self) -> dict[str, Any]:
        return {"v": self.v}


@kernel
def normalised(x, c, w, y):
    largest = 0.0
    for k in range(len(x)):
        size = abs(x[k])
        largest = size if size > largest or size != size else largest
    high, low = 0.0, 0.0
    for k in range(len(x)):
        share = x[k] / largest
        high, low = added(high, low, share * share)
    length = sqrt(high + low)
    for k in range(len(x)):
        y[k] = x[k] / largest / length


@kernel
def copied(y, c, w, x):
    for k in range(len(y)):
        x[k] = y[k]


class UnitVectorTransform(RowTransform):
    """The map :math:`y = x / |x|` to the sphere, which is not a bijection: the inverse gives y itself.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    A vector of zeros has no direction: it gives NaN.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.UnitVectorTransform()([3.0, 4.0])
    array([0.6, 0.8])
    """

    domain = constraints.real_vector
    codomain = constraints.sphere
    forward = normalised
    inverse = copied


@kernel
def orthonormal(x, c, w, y):
    # Each column loses its parts along the earlier ones twice: once leaves them nearly orthogonal, twice fully
    # (L. Giraud et al., doi:10.1007/s00211-005-0615-4).
    n = len(x)
    for j in range(n):
        largest = 0.0
        for i in range(n):
            size = abs(x[i, j])
            largest = size if size > largest or size != size else largest
        for i in range(n):
            y[i, j] = x[i, j] / largest
        for _ in range(2):
            for k in range(j):
                dot = 0.0
                for i in range(n):
                    dot += y[i, k] * y[i, j]
                for i in range(n):
                    y[i, j] -= dot * y[i, k]
            total = 0.0
            for i in range(n):
                total += y[i, j] * y[i, j]
            length = sqrt(total)
            for i in range(n):
                y[i, j] = y[i, j] / length


@kernel
def matrix_copied(y, c, w, x):
    for i in range(len(y)):
        for j in range(len(y)):
            x[i, j] = y[i, j]


class OrthogonalTransform(_Square):
    """The map from square matrices to orthogonal ones by Gram and Schmidt, which is not a bijection.

    The inverse gives the orthogonal matrix itself.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    Column j of the result is what remains of column j without its parts along the columns before it, at length 1. A
    matrix whose columns depend on each other gives NaN, or columns that rounding decides.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.OrthogonalTransform()([[3.0, 1.0], [4.0, 2.0]])
    array([[ 0.6, -0.8], [ 0.8,  0.6]])
    """

    codomain = constraints.orthogonal
    forward = orthonormal
    inverse = matrix_copied
