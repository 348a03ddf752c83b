"""Inverse Wishart distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastdist import constraints
from fastdist.distributions import bartlett
from fastdist.distributions.bartlett import (
    BESIDE,
    DF,
    FACTOR,
    LOG_2,
    LOG_PI,
    POWER,
    SHAPES,
    Bartlett,
    Form,
    fill_gram,
    fill_gram_of_columns,
    fill_in_covariance,
    fill_in_scale_tril,
    fill_nothing,
    fill_shapes,
    fill_triangle,
    inside,
    log_density,
    log_gammas,
    slope_in_df,
    slope_of_root,
)
from fastdist.engine.bits import fma
from fastdist.engine.kernel import expression, filled, kernel
from fastdist.kl import register_kl
from fastdist.linear import Definite, Factor
from fastdist.special.matrices import (
    cholesky,
    invert_lower,
    log_diagonal,
    multiply_lower_rows,
    solve_lower_rows,
    solve_lower_transposed_rows,
)
from fastdist.vector import Rows

INF = float("inf")

# Numbers on a triangle's diagonal are kept from here on, so that draws stay below 1e280.
SMALLEST = 1e-140


def MATRIX_SLOPE(c, pull, slope):
    """In the place of what fills the derivative in the scale."""
    raise NotImplementedError


def MATRIX_JACOBIAN(factor, beside, square, jacobian, product, phi, moved):
    """In the place of what fills the derivatives of a draw in the scale."""
    raise NotImplementedError


@kernel
def prepare(df, factor, shapes, gaps, centres, spreads, boosts):
    n = float(len(factor))
    fill_shapes(df, True, shapes, gaps, centres, spreads, boosts)
    power = 0.5 * (df + n + 1.0)
    log_norm = log_gammas(power, shapes) - (n + 1.0) * (log_diagonal(factor) - 0.5 * n * LOG_2)
    return df, power, log_norm - 0.25 * n * (n - 1.0) * LOG_PI


@kernel
def triangle_of(x, factor, w):
    """Fill the scratch with the Cholesky factor of an event and its triangle; False if it is not positive definite."""
    n = len(x)
    own, triangle = w[0].reshape((n, n)), w[1].reshape((n, n))
    definite = cholesky(x, own) == 0
    for i in range(n):
        for j in range(n):
            triangle[i, j] = factor[i, j]
    solve_lower_rows(own, triangle)
    return definite


@kernel
def log_prob(x, c, w):
    n = len(x)
    return log_density(w[1].reshape((n, n)), c) if triangle_of(x, c[FACTOR], w) else -INF


@kernel
def log_prob_and_grad(x, c, w, in_x, in_df, in_matrix):
    n = len(x)
    if not triangle_of(x, c[FACTOR], w):
        fill_nothing(x, in_x, in_df, in_matrix)
        return -INF
    own, triangle, inverse = w[0].reshape((n, n)), w[1].reshape((n, n)), w[2].reshape((n, n))
    value = log_density(triangle, c)
    in_df[0] = slope_in_df(triangle, c)
    # (X^-1 S X^-1 - (df + p + 1) X^-1) / 2, the first as the square of C^-T T.
    solve_lower_transposed_rows(own, triangle)
    invert_lower(own, inverse)
    fill_gram_of_columns(inverse, in_matrix)
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(n):
                total = fma(triangle[i, k], triangle[j, k], total)
            in_x[i, j] = in_x[j, i] = 0.5 * total - c[POWER] * in_matrix[i, j]
    MATRIX_SLOPE(c, triangle, in_matrix)
    return value


@kernel
def in_scale_tril(c, pull, slope):
    """df / L on the diagonal, less ``X^-1 L``."""
    for i in range(len(slope)):
        for j in range(len(slope)):
            slope[i, j] = -pull[i, j] if j <= i else 0.0
        slope[i, i] += c[DF] / c[FACTOR][i, i]


@kernel
def in_scale_matrix(c, pull, slope):
    """``(df S^-1 - X^-1) / 2``."""
    for i in range(len(slope)):
        for j in range(len(slope)):
            slope[i, j] = 0.5 * (c[DF] * c[BESIDE][i, j] - slope[i, j])


@kernel
def fill_regular(noise, triangle):
    """A triangle of which the inverse has a square."""
    fill_triangle(noise, triangle)
    for i in range(len(triangle)):
        triangle[i, i] = triangle[i, i] if triangle[i, i] > SMALLEST else SMALLEST


@kernel
def draw_triangle(noise, c, out):
    fill_regular(noise, out)


@kernel
def draw(noise, c, out):
    n = len(out)
    triangle, inverse = noise[2].reshape((n, n)), noise[3].reshape((n, n))
    fill_regular(noise, triangle)
    invert_lower(triangle, inverse)
    multiply_lower_rows(c[FACTOR], inverse)
    fill_gram(inverse, out)


@kernel
def draw_and_grad(noise, c, out, in_df, jacobian):
    n = len(out)
    factor = c[FACTOR]
    triangle, inverse = noise[2].reshape((n, n)), noise[3].reshape((n, n))
    square, product = noise[4].reshape((n, n)), noise[5].reshape((n, n))
    phi, moved = noise[6].reshape((n, n)), noise[7].reshape((n, n))
    fill_regular(noise, triangle)
    invert_lower(triangle, inverse)
    fill_gram(inverse, square)
    MATRIX_JACOBIAN(factor, c[BESIDE], square, jacobian, product, phi, moved)
    for i in range(n):
        for j in range(n):
            product[i, j] = inverse[i, j]
    multiply_lower_rows(factor, product)
    fill_gram(product, out)
    # With K = T^-1, a change of the diagonal moves L K by -L K dT K.
    for i in range(n):
        for j in range(n):
            moved[i, j] = -product[i, j] * slope_of_root(triangle[j, j], c[SHAPES][j])
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(j, i + 1):
                total = fma(moved[i, k], inverse[k, j], total)
            phi[i, j] = total
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(j + 1):
                total = fma(phi[i, k], product[j, k], fma(product[i, k], phi[j, k], total))
            in_df[i, j] = total
            in_df[j, i] = total


# By how much df exceeds p + 3, where these are finite.
RATIO = expression("scale / excess", "excess, scale")
VARIANCE = expression(
    "((excess + 4.0) * (scale * scale) + (excess + 2.0) * (row * column))"
    " / ((excess + 3.0) * ((excess + 2.0) * (excess + 2.0)) * excess)",
    "excess, scale, row, column",
)
COVARIANCE = expression(
    "(2.0 * (ij * kl) + (excess + 2.0) * (ik * jl + il * jk))"
    " / ((excess + 3.0) * ((excess + 2.0) * (excess + 2.0)) * excess)",
    "excess, ik, jl, il, jk, ij, kl",
)


def form(slope: Any, jacobian: Any) -> Form:
    """The formulas where the scale is given in one form."""
    formulas = Rows(
        prepare=None,
        inside=inside,
        log_prob=log_prob,
        log_prob_and_grad=filled(log_prob_and_grad, MATRIX_SLOPE=slope),
        sampler=bartlett.sampler(draw, 2),
        scratch=3,
    )
    return Form(False, formulas, bartlett.sampler(filled(draw_and_grad, MATRIX_JACOBIAN=jacobian), 6, (2, 2, 4)))


class InverseWishart(Bartlett):
    r"""Inverse Wishart distribution of symmetric positive definite matrices.

    .. math:: p(X) = \frac{|\Psi|^{\nu/2} \, |X|^{-(\nu+p+1)/2} \, e^{-\mathrm{tr}(\Psi X^{-1}) / 2}}
       {2^{\nu p/2} \, \Gamma_p(\nu/2)}

    Parameters
    ----------
    df : array_like
        Degrees of freedom :math:`\nu > p - 1`, any real number.
    scale_matrix : array_like, shape (..., p, p)
        Symmetric positive definite :math:`\Psi`.
    scale_tril : array_like, shape (..., p, p)
        Lower triangular with a positive diagonal, :math:`\Psi = L L^T`. Give exactly one of the two.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``invwishart(df, scale)`` is the same distribution, which refuses `df` between p - 1 and p; torch has none.
    Its inverse has the :class:`Wishart` distribution with scale :math:`\Psi^{-1}`. The density is with respect to the
    entries on and below the diagonal; it is -inf for a matrix that is not symmetric or not positive definite.

    Densities and draws go through Bartlett's decomposition: see :mod:`fastdist.distributions.bartlett`. The density of
    many degrees of freedom is a sum of Loader's deviances (2000), which cancels no digits. A draw is never rejected;
    with `df` close to p - 1, where hardly any is within float64, those beyond 1e280 are put there.

    Derivatives in a symmetric matrix, the value included, are symmetric: the change of the result with a symmetric
    change of the matrix is the sum over all entries of the product of the two. That in `scale_tril` is 0 above the
    diagonal.

    Raises
    ------
    ValueError
        If not exactly one matrix is given, if `df` is not greater than p - 1, or if a matrix is not positive definite:
        the error names its index in the batch and the first leading minor that is not positive.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.InverseWishart(df=5.0, scale_matrix=[[2.0, 1.0], [1.0, 3.0]])
    >>> d.mean()
    array([[1. , 0.5], [0.5, 1.5]])
    >>> d.log_prob([[1.0, 0.5], [0.5, 1.5]])
    np.float64(-3.191763140369)
    >>> d.sample(3, rng=1).shape
    (3, 2, 2)
    """

    scale_matrix = Definite(constraints.positive_definite, derived=lambda d: d._of_scale(False))
    scale_tril = Factor(constraints.lower_cholesky, derived=lambda d: d._triangle())

    rows = Rows(prepare=None, inside=inside, log_prob=log_prob)
    _forms: ClassVar = {
        "scale_matrix": form(in_scale_matrix, fill_in_covariance),
        "scale_tril": form(in_scale_tril, fill_in_scale_tril),
    }
    _prepare = staticmethod(prepare)
    _triangles = bartlett.sampler(draw_triangle, 0)
    _inverted = True

    def __init__(self, df: Any, scale_matrix: Any = None, scale_tril: Any = None, validate_args: bool = True) -> None:
        self._freeze_scale(validate_args, df, {"scale_matrix": scale_matrix, "scale_tril": scale_tril})

    def mean(self) -> Any:
        """The scale over df - p - 1; where that is not positive inf on the diagonal, and beside it NaN: there is none.

        On a device it is NaN on the diagonal, too.
        """
        mean, size = self._moment(RATIO, self._excess(self.event_shape[0] + 1.0), self._scale()), self.event_shape[0]
        if isinstance(mean, np.ndarray):
            diverges = np.less_equal(self.df, size + 1.0)[..., np.newaxis, np.newaxis]
            mean[diverges & np.eye(size, dtype=bool)] = INF
        return mean

    def mode(self) -> Any:
        """The scale over df + p + 1."""
        return self._moment(RATIO, self._excess(-(self.event_shape[0] + 1.0)), self._scale())

    def variance(self) -> Any:
        """Variance of each entry; NaN where df is not greater than p + 3."""
        scale = self._scale()
        return self._moment(VARIANCE, self._excess(self.event_shape[0] + 3.0), scale, *self._diagonals())

    def covariance(self) -> Any:
        """Covariance of entry (i, j) with entry (k, l), along four last axes; NaN where df is not above p + 3."""
        pairs = self._pairs((0, 2), (1, 3), (0, 3), (1, 2), (0, 1), (2, 3))
        return self._moment(COVARIANCE, self._excess(self.event_shape[0] + 3.0), *pairs)


# The inverses of the variates are of Wishart distributions with the inverse scales.
register_kl(InverseWishart, InverseWishart)(bartlett.pair(swapped=True, crossed=False))
register_kl(InverseWishart, "Wishart")(bartlett.pair(swapped=False, crossed=True))
