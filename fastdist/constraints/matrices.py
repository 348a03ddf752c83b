"""Constraints on matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist.constraints.constraint import Constraint
from fastdist.constraints.vectors import TOLERANCE, finite


class Square(Constraint):
    """A matrix with as many rows as columns."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        value = self._events(value)
        rows, columns = value.shape[-2:]
        return np.full(value.shape[:-2], rows == columns)[()]


class LowerTriangular(Constraint):
    """A matrix with zeros above its diagonal."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return (np.tril(value) == value).all(axis=(-2, -1))


class LowerCholesky(Square):
    """A square lower triangular matrix with a positive diagonal: the Cholesky factor of a matrix."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        square = super().check(value)
        if not square.all():
            return square
        diagonal = np.diagonal(value, axis1=-2, axis2=-1)
        return ((np.tril(value) == value) & np.isfinite(value)).all(axis=(-2, -1)) & (diagonal > 0).all(axis=-1)


class CorrCholesky(LowerCholesky):
    """The Cholesky factor of a correlation matrix: its rows have norm 1, to 10 n roundings."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        factor = super().check(value)
        dtype = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
        tolerance = 10 * value.shape[-1] * np.finfo(dtype).eps
        norms = np.sqrt(np.square(finite(value)).sum(axis=-1))
        return factor & (abs(norms - 1) <= tolerance).all(axis=-1)


class Symmetric(Square):
    """A square matrix that equals its transpose, to 1e-6 or five digits."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        square = super().check(value)
        if not square.all():
            return square
        return np.isclose(value, np.swapaxes(value, -2, -1), atol=TOLERANCE).all(axis=(-2, -1))


class PositiveSemidefinite(Symmetric):
    """A symmetric matrix without a negative eigenvalue, beyond what rounding makes of 0."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        symmetric = super().check(value)
        finite = np.isfinite(value).all(axis=(-2, -1))
        if not symmetric.any():
            return symmetric
        matrix = np.where(finite[..., np.newaxis, np.newaxis], value, 0.0)
        eigenvalues = np.linalg.eigvalsh(matrix.astype(np.float64))
        dtype = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
        largest = abs(eigenvalues).max(axis=-1, keepdims=True, initial=0.0)
        enough = eigenvalues >= -value.shape[-1] * np.finfo(dtype).eps * largest
        return symmetric & finite & enough.all(axis=-1)


class PositiveDefinite(Symmetric):
    """A symmetric matrix that has a Cholesky factor."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        symmetric = super().check(value)
        if not symmetric.any():
            return symmetric
        return symmetric & _has_factor(value)


class CorrMatrix(PositiveDefinite):
    """A positive definite matrix with ones on its diagonal, to 1e-6."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        definite = super().check(value)
        diagonal = np.diagonal(value, axis1=-2, axis2=-1)
        return definite & (abs(diagonal - 1) < TOLERANCE).all(axis=-1)


class Orthogonal(Square):
    """A square matrix whose inverse is its transpose, to 1e-6."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        square = super().check(value)
        if not square.all():
            return square
        # A column of a matrix that is not finite has no norm.
        value = finite(value)
        product = np.matmul(np.swapaxes(value, -2, -1), value)
        return (abs(product - np.eye(value.shape[-1])) < TOLERANCE).all(axis=(-2, -1))


def _has_factor(value: Any) -> Any:
    """Whether Cholesky's algorithm goes through: column by column, for all matrices at once."""
    size = value.shape[-1]
    valid = np.isfinite(value).all(axis=(-2, -1))
    matrix = np.where(valid[..., np.newaxis, np.newaxis], value, np.eye(size))
    factor = np.zeros(matrix.shape)
    for j in range(size):
        row = factor[..., j, :j]
        pivot = matrix[..., j, j] - np.square(row).sum(axis=-1)
        valid = valid & (pivot > 0)
        root = np.sqrt(np.where(valid, pivot, 1.0))
        rest = np.matmul(factor[..., j:, :j], row[..., np.newaxis])[..., 0]
        column = (matrix[..., j:, j] - rest) / root[..., np.newaxis]
        factor[..., j:, j] = np.where(valid[..., np.newaxis], column, 0.0)
        factor[..., j, j] = root
    return valid
