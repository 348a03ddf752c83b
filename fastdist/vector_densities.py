"""Log densities of vectors as NumPy's formulas of parameters and values, for derivatives of derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist.special.gamma import gammaln
from fastdist.vector_moments import Parameters, each, log_det

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def _distance(p: Parameters, x: Any) -> Any:
    """The square of the Mahalanobis distance, by whichever form of the covariance or scale was given."""
    gap = x - p["loc"]
    if "scale_tril" in p:
        return np.sum(np.square(_solved(p["scale_tril"], gap)), axis=-1)
    if "precision_matrix" in p:
        return np.einsum("...i,...ij,...j->...", gap, p["precision_matrix"], gap)
    return np.sum(gap * _solved(p["covariance_matrix"], gap), axis=-1)


def _solved(matrix: Any, vector: Any) -> Any:
    return np.linalg.solve(matrix, vector[..., np.newaxis])[..., 0]


def _normal(p: Parameters, x: Any) -> Any:
    return -0.5 * _distance(p, x) - log_det(p) - p["dim"] * HALF_LOG_2PI


def _student_t(p: Parameters, x: Any) -> Any:
    df, n = p["df"], p["dim"]
    constant = each(gammaln, 0.5 * (df + n)) - each(gammaln, 0.5 * df) - 0.5 * n * np.log(df * math.pi) - log_det(p)
    return constant - 0.5 * (df + n) * np.log1p(_distance(p, x) / df)


def _dirichlet(p: Parameters, x: Any) -> Any:
    a = p["concentration"]
    powers = np.sum((a - 1.0) * np.log(x) - each(gammaln, a), axis=-1)
    return powers + each(gammaln, np.sum(a, axis=-1))


def _chosen(p: Parameters, x: Any) -> Any:
    logs = p["logits"] if "logits" in p else np.log(p["probs"])
    return np.sum(np.where(x > 0, x * logs, 0.0), axis=-1)


def _multinomial(p: Parameters, x: Any) -> Any:
    return _chosen(p, x) + each(gammaln, p["total_count"] + 1.0) - np.sum(each(gammaln, x + 1.0), axis=-1)


FAMILIES: dict[str, Callable[[Parameters, Any], Any]] = {
    "Dirichlet": _dirichlet,
    "Multinomial": _multinomial,
    "MultivariateNormal": _normal,
    "MultivariateStudentT": _student_t,
    "OneHotCategorical": _chosen,
    "OneHotCategoricalStraightThrough": _chosen,
}


def log_density(family: str, parameters: Parameters, value: Any) -> Any:
    """The log density within the support, or None if there is no formula."""
    with np.errstate(all="ignore"):
        return FAMILIES[family](parameters, value) if family in FAMILIES else None
