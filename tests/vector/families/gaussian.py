"""Families around the multivariate normal one: parameter sets, textbook formulas in mpmath, and SciPy's names."""

from functools import partial
from math import inf, nan

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import linalg, stats
from vector.families.case import SYMMETRIC, VectorCase

from fastdist.distributions.low_rank_multivariate_normal import LowRankMultivariateNormal
from fastdist.distributions.matrix_normal import MatrixNormal
from fastdist.distributions.multivariate_normal import MultivariateNormal
from fastdist.distributions.multivariate_student_t import MultivariateStudentT


def eliminated(matrix, right):
    """Gauss's elimination without exchanges, which mpmath refuses where scales lie far apart: S^-1 right, log det S."""
    size = matrix.rows
    rows = [[*(matrix[i, j] for j in range(size)), *(right[i, j] for j in range(right.cols))] for i in range(size)]
    for j in range(size):
        for i in range(j + 1, size):
            factor = rows[i][j] / rows[j][j]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[j], strict=True)]
    log_det = mp.log(mp.fprod(rows[j][j] for j in range(size)))
    for j in reversed(range(size)):
        rows[j] = [v / rows[j][j] for v in rows[j]]
        for i in range(j):
            factor = rows[i][j]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[j], strict=True)]
    return mp.matrix([row[size:] for row in rows]), log_det


def quadratic(y, covariance_matrix=None, precision_matrix=None, scale_tril=None, scale_matrix=None):
    """y^T S^-1 y and log det S."""
    if scale_tril is not None:
        z, log_det = eliminated(mp.matrix(scale_tril), y)
        return (z.T * z)[0], 2 * log_det
    if precision_matrix is not None:
        precision = mp.matrix(precision_matrix)
        return (y.T * precision * y)[0], -eliminated(precision, y)[1]
    solution, log_det = eliminated(mp.matrix(covariance_matrix if scale_matrix is None else scale_matrix), y)
    return (y.T * solution)[0], log_det


def column(x, loc):
    return mp.matrix(np.ravel(np.asarray(x, object)).tolist()) - mp.matrix(np.ravel(np.asarray(loc, object)).tolist())


def normal(x, loc, **matrix):
    y = column(x, loc)
    square, log_det = quadratic(y, **matrix)
    return -(square + log_det + len(y) * mp.log(2 * mp.pi)) / 2


def student(x, df, loc, **matrix):
    if mp.isinf(df):
        return normal(x, loc, **matrix)
    y, nu = column(x, loc), mpf(df)
    square, log_det = quadratic(y, **matrix)
    half = (nu + len(y)) / 2
    tops = mp.loggamma(half) - mp.loggamma(nu / 2) - mpf(len(y)) / 2 * mp.log(nu * mp.pi)
    return tops - log_det / 2 - half * mp.log1p(square / nu)


def low_rank(x, loc, cov_factor, cov_diag):
    factor = mp.matrix(cov_factor)
    return normal(x, loc, covariance_matrix=factor * factor.T + mp.diag(list(cov_diag)))


def matrix_normal(x, loc, scale_tril_row, scale_tril_column):
    a, b = mp.matrix(scale_tril_row), mp.matrix(scale_tril_column)
    y, n, m = mp.matrix(x) - mp.matrix(loc), a.rows, b.rows
    z, log_row = eliminated(a, y)
    z, log_column = eliminated(b, z.T)
    log_scale = m * log_row + n * log_column
    return -mp.fsum(v * v for v in z) / 2 - log_scale - mpf(n * m) / 2 * mp.log(2 * mp.pi)


TRILS = (
    [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.25, 1.0, 0.5]],
    [[0.5, 0.0, 0.0], [0.0, 0.25, 0.0], [3.0, -1.0, 4.0]],
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
)
LOCS = ([0.0, 1.0, -2.0], [100.0, 0.5, 0.0], [0.0, 0.0, 0.0])
MATRICES = tuple((np.array(t) @ np.array(t).T).tolist() for t in TRILS)
WIDE = [[1e300, 0.5, 0.0], [0.5, 1e-300, 0.0], [0.0, 0.0, 1.0]]
WIDE_TRIL = [[1e150, 0.0, 0.0], [1e-151, 1e-150, 0.0], [1e-3, -3.0, 1e-3]]
HILBERT = linalg.hilbert(9).tolist()
INVERSE_HILBERT = linalg.invhilbert(8).tolist()


def sets(name, matrices, **more):
    """Each matrix with a mean, and with one of the other parameters' values."""
    return tuple(
        {**{key: values[i % len(values)] for key, values in more.items()}, "loc": loc, name: matrix}
        for i, (loc, matrix) in enumerate(zip(LOCS, matrices, strict=True))
    )


def far(name, **more):
    """One number, a condition of 1e11 and scales 300 orders of magnitude apart."""
    square = name in SYMMETRIC
    return (
        {**more, "loc": [3.0], name: [[0.25]]},
        {**more, "loc": [0.0] * 9, name: HILBERT if square else np.linalg.cholesky(HILBERT).tolist()},
        {**more, "loc": [0.0] * 8, name: INVERSE_HILBERT if square else np.tril(INVERSE_HILBERT).__abs__().tolist()},
        {**more, "loc": [0.0, 0.0, 0.0], name: WIDE if square else WIDE_TRIL},
    )


def refused(name, **more):
    """Arguments that are refused."""
    pair = {**more, "loc": [0.0, 0.0]}
    other = (
        (
            ({**pair, name: [[1.0, 2.0], [2.0, 1.0]]}, (name, "PositiveDefinite()", "leading minor of order 2")),
            ({**pair, name: [np.eye(2), [[-1.0, 0.0], [0.0, 1.0]]]}, (name, "index (1,)", "leading minor of order 1")),
            ({**pair, name: [[1.0, 0.5], [0.25, 1.0]]}, (name, "not symmetric")),
            ({**pair, name: [[1e-12, 5e-13], [0.0, 1e-12]]}, (name, "not symmetric")),
            ({**pair, name: [[nan, 0.0], [0.0, 1.0]]}, (name, "not finite")),
            ({**pair, name: np.ones((2, 3))}, (name, "square", "(2, 3)")),
        )
        if name in SYMMETRIC
        else (
            ({**pair, name: [[1.0, 0.0], [0.5, -1.0]]}, (name, "LowerCholesky()", "-1.0")),
            ({**pair, name: [np.eye(2), [[1.0, 0.5], [0.0, 1.0]]]}, (name, "LowerCholesky()", "(1,)")),
            ({**pair, name: [[1.0, 0.0], [inf, 1.0]]}, (name, "LowerCholesky()", "inf")),
        )
    )
    return (
        *other,
        ({**more, "loc": [0.0, nan], name: np.eye(2).tolist()}, ("loc", "nan")),
        ({**more, "loc": 0.0, name: np.eye(2).tolist()}, ("loc", "needs at least")),
        ({**pair, name: [1.0, 2.0]}, (name, "needs at least")),
        ({**pair, name: np.eye(3).tolist()}, ("loc", name, "(3, 3)")),
        ({**more, "loc": np.empty(0), name: np.empty((0, 0))}, ("0 numbers",)),
        (pair, ("exactly one", name, "; got n")),
    )


Student = partial(VectorCase, steady=lambda parameters: parameters["df"] > 8, implicit=("df",))

CASES = (
    VectorCase(
        MultivariateNormal,
        sets("covariance_matrix", MATRICES),
        far("covariance_matrix"),
        refused("covariance_matrix"),
        normal,
        lambda loc, covariance_matrix: stats.multivariate_normal(loc, covariance_matrix),
    ),
    VectorCase(
        MultivariateNormal,
        sets("precision_matrix", MATRICES),
        far("precision_matrix"),
        refused("precision_matrix"),
        normal,
        lambda loc, precision_matrix: stats.multivariate_normal(loc, np.linalg.inv(precision_matrix)),
    ),
    VectorCase(
        MultivariateNormal,
        sets("scale_tril", TRILS),
        far("scale_tril"),
        refused("scale_tril"),
        normal,
        lambda loc, scale_tril: stats.multivariate_normal(loc, np.array(scale_tril) @ np.array(scale_tril).T),
    ),
    Student(
        MultivariateStudentT,
        sets("scale_tril", TRILS, df=(3.0, 0.5, 40.0)),
        (
            *far("scale_tril", df=7.0),
            *({"df": df, "loc": LOCS[0], "scale_tril": TRILS[0]} for df in (0.02, 1.0, 31.9, 32.1, 1e6, 1e15, inf)),
        ),
        (
            *refused("scale_tril", df=2.0),
            ({"df": [1.0, 0.0], "loc": [0.0], "scale_tril": [[1.0]]}, ("df", "0.0", "(1,)")),
        ),
        student,
        lambda df, loc, scale_tril: stats.multivariate_t(loc, np.array(scale_tril) @ np.array(scale_tril).T, df),
    ),
    Student(
        MultivariateStudentT,
        sets("scale_matrix", MATRICES, df=(3.0, 0.5, 40.0)),
        far("scale_matrix", df=2.5),
        refused("scale_matrix", df=2.0),
        student,
        lambda df, loc, scale_matrix: stats.multivariate_t(loc, scale_matrix, df),
    ),
    VectorCase(
        LowRankMultivariateNormal,
        (
            {"loc": LOCS[0], "cov_factor": [[1.0, 0.5], [-2.0, 0.0], [0.25, 3.0]], "cov_diag": [1.0, 0.5, 2.0]},
            {"loc": LOCS[1], "cov_factor": [[10.0, 0.0], [0.0, 0.0], [1.0, 1.0]], "cov_diag": [0.1, 5.0, 1.0]},
            {"loc": LOCS[2], "cov_factor": [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], "cov_diag": [1.0, 1.0, 1.0]},
        ),
        (
            {"loc": [3.0], "cov_factor": [[2.0]], "cov_diag": [0.25]},
            {"loc": [3.0], "cov_factor": [[2.0, 1.0, -5.0]], "cov_diag": [0.25]},
            {"loc": [0.0] * 4, "cov_factor": [[1e6], [2e6], [-1e6], [3e5]], "cov_diag": [1e-3, 1e-2, 1.0, 1e-3]},
            {"loc": [0.0] * 3, "cov_factor": [[1e150], [1e-10], [0.0]], "cov_diag": [1e300, 1e-20, 1e-300]},
        ),
        (
            ({"loc": [0.0, 0.0], "cov_factor": [[1.0], [1.0]], "cov_diag": [1.0, 0.0]}, ("cov_diag", "0.0")),
            ({"loc": [0.0, 0.0], "cov_factor": [[1.0], [inf]], "cov_diag": [1.0, 1.0]}, ("cov_factor", "inf")),
            ({"loc": [0.0, nan], "cov_factor": [[1.0], [1.0]], "cov_diag": [1.0, 1.0]}, ("loc", "nan")),
            ({"loc": [0.0, 0.0], "cov_factor": [1.0, 1.0], "cov_diag": [1.0, 1.0]}, ("cov_factor", "needs at least")),
            ({"loc": [0.0, 0.0], "cov_factor": [[1.0]] * 3, "cov_diag": [1.0, 1.0]}, ("agree", "(3, 1)")),
            ({"loc": [0.0, 0.0], "cov_factor": [[1.0]] * 2, "cov_diag": [1.0]}, ("agree", "(1,)")),
        ),
        low_rank,
        lambda loc, cov_factor, cov_diag: stats.multivariate_normal(
            loc, np.array(cov_factor) @ np.array(cov_factor).T + np.diag(cov_diag)
        ),
    ),
    VectorCase(
        MatrixNormal,
        tuple(
            {"loc": np.outer(loc, [1.0, -1.0]).tolist(), "scale_tril_row": row, "scale_tril_column": other}
            for loc, row, other in zip(LOCS, TRILS, ([[2.0, 0.0], [1.0, 0.5]],) * 3, strict=True)
        ),
        (
            {"loc": [[2.0]], "scale_tril_row": [[0.5]], "scale_tril_column": [[3.0]]},
            {"loc": [[0.0] * 3], "scale_tril_row": [[1e-100]], "scale_tril_column": WIDE_TRIL},
            {"loc": [[0.0]] * 9, "scale_tril_row": np.linalg.cholesky(HILBERT).tolist(), "scale_tril_column": [[1.0]]},
        ),
        (
            (
                {"loc": [[0.0, 0.0]], "scale_tril_row": [[-1.0]], "scale_tril_column": np.eye(2)},
                ("scale_tril_row", "LowerCholesky()", "-1.0"),
            ),
            (
                {"loc": [[0.0, 0.0]], "scale_tril_row": [[1.0]], "scale_tril_column": [[1.0, 1.0], [0.0, 1.0]]},
                ("scale_tril_column", "LowerCholesky()"),
            ),
            (
                {"loc": [[0.0, 0.0]], "scale_tril_row": np.eye(2), "scale_tril_column": [[1.0]]},
                ("agree", "(2, 2)", "(1, 1)"),
            ),
            ({"loc": [0.0], "scale_tril_row": [[1.0]], "scale_tril_column": [[1.0]]}, ("loc", "needs at least")),
            ({"loc": [[nan]], "scale_tril_row": [[1.0]], "scale_tril_column": [[1.0]]}, ("loc", "nan")),
        ),
        matrix_normal,
        lambda loc, scale_tril_row, scale_tril_column: stats.matrix_normal(
            loc, *(np.array(t) @ np.array(t).T for t in (scale_tril_row, scale_tril_column))
        ),
    ),
)
