"""Moments of vectors and matrices as NumPy's formulas of the parameters, for parameters that are Duals.

A family's function takes the parameters by name and gives the mean, the covariance and the mode as functions without
arguments. Variances are the diagonal of covariances.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Parameters = dict[str, Any]
Moments = tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any] | None]


def _column(numbers: Any, axes: int = 1) -> Any:
    """Numbers of sets with the axes of an event."""
    return np.reshape(numbers, np.shape(numbers) + (1,) * axes)


def _squared(factor: Any) -> Any:
    return np.einsum("...ik,...jk->...ij", factor, factor)


def _diagonal(matrix: Any) -> Any:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _matrix(p: Parameters) -> Any:
    """The covariance, or scale, of whichever of its forms was given."""
    if "scale_tril" in p:
        return _squared(p["scale_tril"])
    if "precision_matrix" in p:
        return np.linalg.inv(p["precision_matrix"])
    return p["covariance_matrix"] if "covariance_matrix" in p else p["scale_matrix"]


def _of_one(probs: Any) -> Any:
    """The covariance of one trial."""
    return np.eye(np.shape(probs)[-1]) * probs[..., np.newaxis] - probs[..., np.newaxis] * probs[..., np.newaxis, :]


def _one_hot(p: Parameters) -> Moments:
    probs = p["probs"] if "probs" in p else np.exp(p["logits"])
    return lambda: probs, lambda: _of_one(probs), None


def _multinomial(p: Parameters) -> Moments:
    probs, n = _one_hot(p)[0](), p["total_count"]
    return lambda: _column(n) * probs, lambda: _column(n, 2) * _of_one(probs), None


def _dirichlet(p: Parameters) -> Moments:
    a = p["concentration"]
    total = np.sum(a, axis=-1, keepdims=True)
    mean = a / total
    most = (a - 1.0) / (total - np.shape(a)[-1])
    return lambda: mean, lambda: _of_one(mean) / (total + 1.0)[..., np.newaxis], lambda: most


def _dirichlet_multinomial(p: Parameters) -> Moments:
    n, a = _column(p["total_count"]), p["concentration"]
    total = np.sum(a, axis=-1, keepdims=True)
    mean = a / total
    spread = (n * (total + n) / (total + 1.0))[..., np.newaxis]
    return lambda: n * mean, lambda: spread * _of_one(mean), None


def _normal(p: Parameters) -> Moments:
    return lambda: p["loc"], lambda: _matrix(p), lambda: p["loc"]


def _low_rank(p: Parameters) -> Moments:
    diagonal = np.eye(np.shape(p["cov_diag"])[-1])
    return (
        lambda: p["loc"],
        lambda: _squared(p["cov_factor"]) + diagonal * p["cov_diag"][..., np.newaxis],
        lambda: p["loc"],
    )


def _student_t(p: Parameters) -> Moments:
    df = _column(p["df"], 2)
    return lambda: p["loc"], lambda: _matrix(p) * (df / (df - 2.0)), lambda: p["loc"]


def _matrix_normal(p: Parameters) -> Moments:
    def covariance() -> Any:
        rows, columns = _squared(p["scale_tril_row"]), _squared(p["scale_tril_column"])
        product = np.einsum("...ik,...jl->...ijkl", rows, columns)
        size = np.shape(rows)[-1] * np.shape(columns)[-1]
        return np.reshape(product, (*np.shape(product)[:-4], size, size))

    return lambda: p["loc"], covariance, lambda: p["loc"]


def _crossed(scale: Any) -> Any:
    products = np.einsum("...ik,...jl->...ijkl", scale, scale)
    return products + np.swapaxes(products, -2, -1)


def _wishart(p: Parameters) -> Moments:
    scale, df = _matrix(p), _column(p["df"], 2)
    return (
        lambda: df * scale,
        lambda: _column(p["df"], 4) * _crossed(scale),
        lambda: (df - (np.shape(scale)[-1] + 1.0)) * scale,
    )


def _inverse_wishart(p: Parameters) -> Moments:
    scale, df, size = _matrix(p), _column(p["df"], 2), np.shape(_matrix(p))[-1]

    def covariance() -> Any:
        m = _column(p["df"], 4) - size
        along = np.einsum("...ij,...kl->...ijkl", scale, scale)
        return (2.0 * along + (m - 1.0) * _crossed(scale)) / (m * np.square(m - 1.0) * (m - 3.0))

    return lambda: scale / (df - (size + 1.0)), covariance, lambda: scale / (df + (size + 1.0))


FAMILIES: dict[str, Callable[[Parameters], Moments]] = {
    "Dirichlet": _dirichlet,
    "DirichletMultinomial": _dirichlet_multinomial,
    "InverseWishart": _inverse_wishart,
    "LowRankMultivariateNormal": _low_rank,
    "MatrixNormal": _matrix_normal,
    "Multinomial": _multinomial,
    "MultivariateNormal": _normal,
    "MultivariateStudentT": _student_t,
    "OneHotCategorical": _one_hot,
    "OneHotCategoricalStraightThrough": _one_hot,
    "Wishart": _wishart,
}


def moment(family: str, name: str, parameters: Parameters) -> Any:
    """A moment by name, or None if there is no formula."""
    if family not in FAMILIES:
        return None
    mean, covariance, mode = FAMILIES[family](parameters)
    if name != "variance":
        found = {"mean": mean, "covariance": covariance, "mode": mode}.get(name)
        return None if found is None else found()
    matrix = covariance()
    if np.ndim(matrix) - np.ndim(mean()) < 2:
        return np.reshape(_diagonal(matrix), np.shape(mean()))
    return np.einsum("...ijij->...ij", matrix)
