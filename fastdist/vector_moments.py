"""Moments and entropies of vectors and matrices as NumPy's formulas of the parameters, for parameters that are Duals.

A family's function takes the parameters by name, and `dim`, the length of an axis of events. It gives the mean, the
covariance and the mode as functions without arguments. Variances are the diagonal of covariances. Entropies leave out
what no parameter moves.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, log1p
from typing import Any

import numpy as np

from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.forward.kernels import applied
from fastdist.special.beta import digamma_rise, gammaln_rise
from fastdist.special.binet import gamma_negentropy
from fastdist.special.gamma import digamma, log_minus_digamma

SYMMETRIC = ("covariance_matrix", "precision_matrix", "scale_matrix")

Parameters = dict[str, Any]
Moments = tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any] | None]


def _column(numbers: Any, axes: int = 1) -> Any:
    """Numbers of sets with the axes of an event."""
    return np.reshape(numbers, np.shape(numbers) + (1,) * axes)


def _squared(factor: Any) -> Any:
    return np.einsum("...ik,...jk->...ij", factor, factor)


def _diagonal(matrix: Any) -> Any:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _counted(name: str, value: Any) -> Any:
    """A parameter as densities take it: nothing counts above a triangle, and entries that are the same for a half."""
    if name.startswith("scale_tril"):
        return value * np.tri(np.shape(value)[-1])
    return 0.5 * value + 0.5 * np.swapaxes(value, -2, -1) if name in SYMMETRIC else value


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
    above = np.maximum(a - 1.0, 0.0)
    return (
        lambda: mean,
        lambda: _of_one(mean) / (total + 1.0)[..., np.newaxis],
        lambda: above / np.sum(above, axis=-1, keepdims=True),
    )


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


# Entropies ---------------------------------------------------------------------------------------


@kernel
def gamma_entropy(x):  # type: ignore[no-untyped-def]
    """The entropy of a gamma variate of shape x and rate 1, relative to that of its normal limit."""
    return 0.5 * log(x) - gamma_negentropy(x)[0]


@kernel
def student_entropy(x, n):  # type: ignore[no-untyped-def]
    """Of a Student vector of n numbers with 2 x degrees of freedom: how far above that of its normal limit."""
    spread = gamma_negentropy(x + 0.5 * n)[0] - gamma_negentropy(x)[0] - 0.5 * log1p(0.5 * n / x)
    return spread + 0.5 * n * log_minus_digamma(x) + digamma_rise(x, 0.5 * n)


def each(formula: Any, *numbers: Any) -> Any:
    """A kernel at numbers, or Duals, of shapes that broadcast."""
    return applied(formula, numbers, np.broadcast_shapes(*map(np.shape, numbers)), F64, "entropy")[0]


def log_det(p: Parameters) -> Any:
    """Half of that of the covariance or scale, by whichever of its forms was given."""
    if "scale_tril" in p:
        return np.sum(np.log(_diagonal(p["scale_tril"])), axis=-1)
    sign = -0.5 if "precision_matrix" in p else 0.5
    return sign * np.linalg.slogdet(p["precision_matrix"] if sign < 0.0 else _matrix(p))[1]


def _of_masses(p: Parameters) -> Any:
    if "probs" in p:
        return -np.sum(p["probs"] * np.log(np.where(p["probs"] > 0.0, p["probs"], 1.0)), axis=-1)
    return -np.sum(np.exp(p["logits"]) * np.where(p["logits"] > -np.inf, p["logits"], 0.0), axis=-1)


def _of_dirichlet(p: Parameters) -> Any:
    a = p["concentration"]
    total, count = np.sum(a, axis=-1), np.shape(a)[-1]
    return np.sum(each(gamma_entropy, a), axis=-1) - each(gamma_entropy, total) - (count - 1) * each(digamma, total)


def _of_matrix_normal(p: Parameters) -> Any:
    rows, columns = (np.sum(np.log(_diagonal(p[f"scale_tril_{side}"])), axis=-1) for side in ("row", "column"))
    return np.shape(p["scale_tril_column"])[-1] * rows + np.shape(p["scale_tril_row"])[-1] * columns


def _of_wishart(p: Parameters) -> Any:
    size = p["dim"]
    places = np.arange(size)
    shapes = 0.5 * (_column(p["df"]) - places)
    own = each(gamma_entropy, shapes) + 0.5 * (size - 1 - places) * each(digamma, shapes)
    return np.sum(own, axis=-1) + (size + 1) * log_det(p)


def _of_inverse_wishart(p: Parameters) -> Any:
    size = p["dim"]
    places = np.arange(size)
    shapes = 0.5 * (_column(p["df"]) - places)
    own = each(gamma_entropy, shapes) - 0.5 * (size + 3 + places) * each(digamma, shapes)
    return np.sum(own, axis=-1) + (size + 1) * log_det(p)


@kernel
def corner_entropy(power, shape, n):  # type: ignore[no-untyped-def]
    """What the last number of a row of n adds to the entropy, whose density holds it to this power less 1."""
    return (power - 1.0) * digamma_rise(shape, 0.5 * n) - gammaln_rise(shape, 0.5 * n)


def _of_correlations(p: Parameters, own: bool) -> Any:
    """Of correlation matrices, or of their factors, in which each row has a power of its own."""
    rows = np.arange(1.0, p["dim"])
    power = _column(p["concentration"])
    shapes = power + 0.5 * (p["dim"] - 1.0 - rows)
    return np.sum(each(corner_entropy, shapes if own else power, shapes, rows), axis=-1)


ENTROPIES: dict[str, Callable[[Parameters], Any]] = {
    "Dirichlet": _of_dirichlet,
    "InverseWishart": _of_inverse_wishart,
    "LKJ": lambda p: _of_correlations(p, False),
    "LKJCholesky": lambda p: _of_correlations(p, True),
    "LowRankMultivariateNormal": lambda p: 0.5 * np.linalg.slogdet(_low_rank(p)[1]())[1],
    "MatrixNormal": _of_matrix_normal,
    "MultivariateNormal": log_det,
    "MultivariateStudentT": lambda p: log_det(p) + each(student_entropy, 0.5 * p["df"], float(p["dim"])),
    "OneHotCategorical": _of_masses,
    "OneHotCategoricalStraightThrough": _of_masses,
    "Wishart": _of_wishart,
}


def moment(family: str, name: str, parameters: Parameters) -> Any:
    """A moment by name, or None if there is no formula."""
    parameters = {own: _counted(own, value) for own, value in parameters.items()}
    if name == "entropy":
        return ENTROPIES[family](parameters) if family in ENTROPIES else None
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
