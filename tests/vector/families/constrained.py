"""Families on simplices, spheres and sets of matrices: parameter sets, textbook formulas in mpmath, SciPy's names."""

from functools import partial
from math import inf, nan

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import stats
from vector.families.case import VectorCase

from fastdist.distributions.dirichlet import Dirichlet
from fastdist.distributions.inverse_wishart import InverseWishart
from fastdist.distributions.lkj import LKJ
from fastdist.distributions.lkj_cholesky import LKJCholesky
from fastdist.distributions.logistic_normal import LogisticNormal
from fastdist.distributions.von_mises_fisher import VonMisesFisher
from fastdist.distributions.wishart import Wishart

# Formulas. Each takes an event as nested lists, and parameters as they are given or in mpmath's numbers.


def numbers(values):
    return [mpf(v) for v in values]


def dirichlet(x, concentration):
    a = numbers(concentration)
    norm = mp.loggamma(mp.fsum(a)) - mp.fsum(mp.loggamma(v) for v in a)
    return norm + mp.fsum((v - 1) * mp.log(t) for v, t in zip(a, numbers(x), strict=True))


def logistic_normal(x, loc, scale):
    x, total = numbers(x), mpf(0)
    for k, (m, s) in enumerate(zip(numbers(loc), numbers(scale), strict=True)):
        z = (mp.log((len(x) - 1 - k) * x[k] / mp.fsum(x[k + 1 :])) - m) / s
        total -= z * z / 2 + mp.log(s) + mp.log(2 * mp.pi) / 2
    return total - mp.fsum(mp.log(v) for v in x)


def hankel(order, x):
    """I of a large argument, over exp(x) / sqrt(2 pi x): DLMF 10.40.1."""
    total, term, k = mpf(1), mpf(1), 1
    while abs(term) > mpf(10) ** -58:
        term *= -(4 * order**2 - (2 * k - 1) ** 2) / (8 * k * x)
        total, k = total + term, k + 1
    return total


def von_mises_fisher(x, loc, concentration):
    order, kappa = mpf(len(x)) / 2 - 1, mpf(concentration)
    cosine = mp.fsum(a * b for a, b in zip(numbers(x), numbers(loc), strict=True))
    if kappa == 0:
        return mp.loggamma(order + 1) - mp.log(2) - (order + 1) * mp.log(mp.pi)
    if kappa > 1000 + 2 * order**2:
        log_bessel = kappa + mp.log(hankel(order, kappa)) - mp.log(2 * mp.pi * kappa) / 2
    else:
        log_bessel = mp.log(mp.besseli(order, kappa))
    return order * mp.log(kappa) - (order + 1) * mp.log(2 * mp.pi) - log_bessel + kappa * cosine


def inverted(matrix):
    """The inverse and the log-determinant, by elimination without exchanges."""
    size = matrix.rows
    rows = [[*(matrix[i, j] for j in range(size)), *(mpf(i == j) for j in range(size))] for i in range(size)]
    log_det = mpf(0)
    for j in range(size):
        log_det += mp.log(rows[j][j])
        rows[j] = [v / rows[j][j] for v in rows[j]]
        for i in range(size):
            if i != j:
                factor = rows[i][j]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[j], strict=True)]
    return mp.matrix([row[size:] for row in rows]), log_det


def log_multigamma(a, size):
    return mpf(size * (size - 1)) / 4 * mp.log(mp.pi) + mp.fsum(mp.loggamma(a - mpf(i) / 2) for i in range(size))


def trace_of_product(a, b):
    return mp.fsum(a[i, j] * b[j, i] for i in range(a.rows) for j in range(a.rows))


def scale_and_inverse(covariance_matrix=None, precision_matrix=None, scale_tril=None, scale_matrix=None):
    """The inverse of the scale, and its log-determinant; the scale itself."""
    if precision_matrix is not None:
        inverse = mp.matrix(precision_matrix)
        scale, log_det = inverted(inverse)
        return inverse, -log_det, scale
    if scale_tril is not None:
        scale = mp.matrix(scale_tril) * mp.matrix(scale_tril).T
    else:
        scale = mp.matrix(covariance_matrix if scale_matrix is None else scale_matrix)
    return *inverted(scale), scale


def wishart(x, df, **given):
    df, x = mpf(df), mp.matrix(x)
    size = x.rows
    inverse, log_scale, _ = scale_and_inverse(**given)
    _, log_det = inverted(x)
    value = (df - size - 1) / 2 * log_det - trace_of_product(inverse, x) / 2
    return value - df / 2 * (size * mp.log(2) + log_scale) - log_multigamma(df / 2, size)


def inverse_wishart(x, df, **given):
    df = mpf(df)
    inverse, log_det = inverted(mp.matrix(x))
    size = inverse.rows
    _, log_scale, scale = scale_and_inverse(**given)
    value = -(df + size + 1) / 2 * log_det - trace_of_product(scale, inverse) / 2
    return value + df / 2 * (log_scale - size * mp.log(2)) - log_multigamma(df / 2, size)


def log_onion(size, eta):
    """Log of the normaliser of the LKJ density, the product of those of its rows."""
    total = mpf(0)
    for k in range(1, size):
        b = eta + mpf(size - 1 - k) / 2
        total += mpf(k) / 2 * mp.log(mp.pi) + mp.loggamma(b) - mp.loggamma(b + mpf(k) / 2)
    return total


def lkj_cholesky(x, concentration):
    size, eta = len(x), mpf(concentration)
    powers = mp.fsum((2 * (eta - 1) + size - 1 - k) * mp.log(mpf(x[k][k])) for k in range(1, size))
    return powers - log_onion(size, eta)


def lkj(x, concentration):
    eta = mpf(concentration)
    return (eta - 1) * inverted(mp.matrix(x))[1] - log_onion(len(x), eta)


# Parameter sets.

TRILS = (
    [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.25, 1.0, 0.5]],
    [[0.5, 0.0, 0.0], [0.0, 0.25, 0.0], [3.0, -1.0, 4.0]],
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
)
MATRICES = tuple((np.array(t) @ np.array(t).T).tolist() for t in TRILS)
HILBERT = [[1.0 / (i + j + 1) for j in range(6)] for i in range(6)]
DEGREES = (2.5, 7.0, 40.0)


def scattered(name):
    matrices = TRILS if name == "scale_tril" else MATRICES
    return tuple({"df": df, name: matrix} for df, matrix in zip(DEGREES, matrices, strict=True))


def far_scattered(name):
    """Degrees of freedom up to where the powers cancel, one number, an ill-conditioned scale, scales far apart."""
    square = name != "scale_tril"
    wide = [[1e120, 0.0], [0.0, 1e-120]] if square else [[1e60, 0.0], [1e-61, 1e-60]]
    return (
        *({"df": df, name: (MATRICES if square else TRILS)[0]} for df in (3.0, 33.9, 34.1, 1e4, 1e9)),
        {"df": 0.5, name: [[0.25]]},
        {"df": 8.0, name: HILBERT if square else np.linalg.cholesky(HILBERT).tolist()},
        {"df": 4.0, name: wide},
    )


def refused(name):
    square = name != "scale_tril"
    two = np.eye(2).tolist()
    return (
        ({"df": 1.0, name: two}, ("df must be greater than 1", "df = 1.0")),
        ({"df": [3.0, 0.5], name: two}, ("greater than 1", "df = 0.5", "(1,)")),
        ({"df": -1.0, name: [[1.0]]}, ("df", "GreaterThan", "-1.0")),
        ({"df": inf, name: two}, ("df", "inf")),
        ({"df": 3.0, name: [1.0, 2.0]}, (name, "needs at least")),
        ({"df": 3.0, name: [[1.0, 0.0], [nan, 1.0]]}, (name, "nan")),
        ({"df": 3.0}, ("exactly one", name, "; got n")),
        ({"df": 3.0, name: [[1.0, 2.0], [2.0, 1.0]]}, (name, "minor of order 2" if square else "LowerCholesky()")),
        ({"df": 3.0, name: [two, [[-1.0, 0.0], [0.0, 1.0]]]}, (name, "(1,)", "minor of order 1" if square else "-1.0")),
    )


SCIPY_SCALE = {
    "covariance_matrix": lambda m: m,
    "scale_matrix": lambda m: m,
    "precision_matrix": np.linalg.inv,
    "scale_tril": lambda m: np.array(m) @ np.array(m).T,
}


def last(x):
    """Matrices along the first two axes."""
    return np.moveaxis(x, 0, -1)


Case = partial(VectorCase, outside=(inf, -inf, 3.0, -0.5), slope_tolerance=1e-10)
Scattered = partial(
    VectorCase,
    scipy_events=last,
    events="symmetric",
    outside=(inf, -inf, -0.5),
    slope_tolerance=1e-10,
    implicit=("df",),
)


def matrix_case(distribution, name, formula, theirs, **more):
    def scipy(df, **given):
        return theirs(df, SCIPY_SCALE[name](given[name])) if df >= 3 else None

    return Scattered(distribution, scattered(name), far_scattered(name), refused(name), formula, scipy, **more)


def corner(d, n):
    """Points of the simplex that do not follow the concentrations."""
    return np.random.default_rng(3).dirichlet(np.full(d.event_shape[0], 0.7), n)


CORRELATIONS = ({"concentration": 1.0}, {"concentration": 0.5}, {"concentration": 7.5})
FAR_CORRELATIONS = tuple({"concentration": v} for v in (1e-3, 1e3, 1e9))
REFUSED_CORRELATIONS = (
    ({"concentration": 0.0}, ("concentration", "0.0")),
    ({"concentration": [1.0, inf]}, ("concentration", "inf", "(1,)")),
    ({"concentration": nan}, ("concentration", "nan")),
)


def near(d, n):
    """Correlation matrices, or their factors, of a concentration of 2."""
    return type(d)(d.dim, 2.0).sample(n, rng=5)


# Fourth moments, by far; the entropy of SciPy 1.17 lacks a multiple of log 2.
inverted_case = {"steady": lambda parameters: parameters["df"] > 20, "scipy_errs": ("entropy",)}
Factors = partial(Case, events="lower", implicit=("concentration",))
Correlations = partial(Case, events="symmetric", implicit=("concentration",))

CASES = (
    Case(
        Dirichlet,
        ({"concentration": [0.5, 1.0, 3.0]}, {"concentration": [20.0, 0.1, 4.0]}, {"concentration": [1.0, 1.0, 1.0]}),
        (
            {"concentration": [0.1, 0.2]},
            {"concentration": [15.9, 16.1, 2.0, 300.0]},
            {"concentration": [1e4, 2e4, 1e3]},
            {"concentration": [1e9, 3e8, 2.5]},
            {"concentration": [1e15, 1e15]},
            {"concentration": [3.0]},
            {"concentration": [0.3] * 40},
        ),
        (
            ({"concentration": [1.0, 0.0]}, ("concentration", "PositiveVector()", "0.0")),
            ({"concentration": [[1.0, 1.0], [1.0, inf]]}, ("concentration", "inf", "(1,)")),
            ({"concentration": 1.0}, ("concentration", "needs at least")),
            ({"concentration": np.empty(0)}, ("concentration",)),
        ),
        dirichlet,
        lambda concentration: stats.dirichlet(concentration),
        np.transpose,
        implicit=("concentration",),
    ),
    Case(
        Dirichlet,
        ({"concentration": [1e-3, 2e-3]}, {"concentration": [1e-300, 1e-3]}, {"concentration": [1e-8, 2.0]}),
        ({"concentration": [1e-300, 1e-300, 1e-300]}, {"concentration": [1e-10, 1e10, 1.0]}),
        (),
        dirichlet,
        values=corner,
        implicit=("concentration",),
        steady=lambda parameters: False,
    ),
    Case(
        LogisticNormal,
        (
            {"loc": [0.0, 0.0], "scale": [1.0, 1.0]},
            {"loc": [3.0, -1.0], "scale": [0.5, 2.0]},
            {"loc": [-5.0, 0.25], "scale": [0.1, 0.1]},
        ),
        (
            {"loc": [0.5], "scale": [2.0]},
            {"loc": [40.0, -40.0, 0.0], "scale": [1.0, 1.0, 3.0]},
            {"loc": [0.0] * 9, "scale": [1e-6] * 9},
        ),
        (
            ({"loc": [0.0, nan], "scale": 1.0}, ("loc", "nan")),
            ({"loc": [0.0, 1.0], "scale": [1.0, 0.0]}, ("scale", "0.0")),
            ({"loc": [0.0, 1.0], "scale": [1.0, 1.0, 1.0]}, ("loc", "scale", "broadcast")),
            ({"loc": [0.0, 1.0], "scale": -1.0}, ("scale", "-1.0")),
        ),
        logistic_normal,
    ),
    Case(
        VonMisesFisher,
        (
            {"loc": [0.0, 0.6, 0.8], "concentration": 3.0},
            {"loc": [1.0, 0.0, 0.0], "concentration": 0.0},
            {"loc": [-0.6, 0.0, 0.8], "concentration": 60.0},
        ),
        (
            *({"loc": [0.6, 0.8], "concentration": k} for k in (0.0, 1e-8, 2.0, 24.9, 25.1, 1e3)),
            *({"loc": [0.5] * 4, "concentration": k} for k in (1e-3, 24.9, 1e3, 1e8)),
            *({"loc": [0.0] * 9 + [-1.0], "concentration": k} for k in (1.0, 30.0, 1e5)),
            *({"loc": [0.0625] * 256, "concentration": k} for k in (0.0, 1.0, 500.0, 1e8)),
        ),
        (
            ({"loc": [0.6, 0.9], "concentration": 1.0}, ("loc", "Sphere()")),
            ({"loc": [[0.6, 0.8], [nan, 1.0]], "concentration": 1.0}, ("loc", "(1,)")),
            ({"loc": [0.6, 0.8], "concentration": -1.0}, ("concentration", "-1.0")),
            ({"loc": [0.6, 0.8], "concentration": inf}, ("concentration", "inf")),
            ({"loc": [1.0], "concentration": 1.0}, ("loc", "two numbers", "(1,)")),
            ({"loc": 1.0, "concentration": 1.0}, ("loc", "needs at least")),
        ),
        von_mises_fisher,
        lambda loc, concentration: stats.vonmises_fisher(loc, concentration) if concentration else None,
        implicit=("loc", "concentration"),
    ),
    matrix_case(Wishart, "covariance_matrix", wishart, stats.wishart),
    matrix_case(Wishart, "precision_matrix", wishart, stats.wishart),
    matrix_case(Wishart, "scale_tril", wishart, stats.wishart),
    matrix_case(InverseWishart, "scale_matrix", inverse_wishart, stats.invwishart, **inverted_case),
    matrix_case(InverseWishart, "scale_tril", inverse_wishart, stats.invwishart, **inverted_case),
    Factors(
        LKJCholesky, CORRELATIONS, FAR_CORRELATIONS, REFUSED_CORRELATIONS, lkj_cholesky, fixed={"dim": 3}, values=near
    ),
    Factors(LKJCholesky, CORRELATIONS, (), (), lkj_cholesky, fixed={"dim": 7}),
    Correlations(LKJ, CORRELATIONS, FAR_CORRELATIONS, REFUSED_CORRELATIONS, lkj, fixed={"dim": 3}, values=near),
    Correlations(LKJ, CORRELATIONS, (), (), lkj, fixed={"dim": 7}),
)
