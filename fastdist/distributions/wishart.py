"""Wishart distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastdist import constraints, linear
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
    fill_in_precision,
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

INF, NAN = float("inf"), float("nan")


def MATRIX_SLOPE(x, c, triangle, slope):
    """In the place of what fills the derivative in the scale, and may change the triangle."""
    raise NotImplementedError


def MATRIX_JACOBIAN(factor, beside, square, jacobian, product, phi, moved):
    """In the place of what fills the derivatives of a draw in the scale."""
    raise NotImplementedError


@kernel
def prepare(df, factor, shapes, gaps, centres, spreads, boosts):
    n = float(len(factor))
    fill_shapes(df, False, shapes, gaps, centres, spreads, boosts)
    power = 0.5 * (df - n - 1.0)
    log_norm = log_gammas(power, shapes) - (n + 1.0) * (log_diagonal(factor) + 0.5 * n * LOG_2)
    return df, power, log_norm - 0.25 * n * (n - 1.0) * LOG_PI


@kernel
def triangle_of(x, factor, w):
    """Fill the scratch with the Cholesky factor of an event and its triangle; False if it is not positive definite."""
    n = len(x)
    own, triangle = w[0].reshape((n, n)), w[1].reshape((n, n))
    definite = cholesky(x, own) == 0
    for i in range(n):
        for j in range(n):
            triangle[i, j] = own[i, j]
    solve_lower_rows(factor, triangle)
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
    triangle, inverse = w[1].reshape((n, n)), w[2].reshape((n, n))
    value = log_density(triangle, c)
    in_df[0] = slope_in_df(triangle, c)
    invert_lower(w[0].reshape((n, n)), inverse)
    fill_gram_of_columns(inverse, in_x)
    for i in range(n):
        for j in range(n):
            in_x[i, j] = c[POWER] * in_x[i, j] - 0.5 * c[BESIDE][i, j]
    MATRIX_SLOPE(x, c, triangle, in_matrix)
    return value


@kernel
def in_scale_tril(x, c, triangle, slope):
    """``L^-T A A^T``, less df / L on the diagonal."""
    fill_gram(triangle, slope)
    solve_lower_transposed_rows(c[FACTOR], slope)
    for i in range(len(x)):
        slope[i, i] -= c[DF] / c[FACTOR][i, i]
        for j in range(i + 1, len(x)):
            slope[i, j] = 0.0


@kernel
def in_covariance(x, c, triangle, slope):
    """``(V^-1 X V^-1 - df V^-1) / 2``, the first as the square of ``L^-T A``."""
    solve_lower_transposed_rows(c[FACTOR], triangle)
    for i in range(len(x)):
        for j in range(i + 1):
            total = 0.0
            for k in range(len(x)):
                total = fma(triangle[i, k], triangle[j, k], total)
            slope[i, j] = slope[j, i] = 0.5 * (total - c[DF] * c[BESIDE][i, j])


@kernel
def in_precision(x, c, triangle, slope):
    """``(df V - X) / 2``."""
    fill_gram(c[FACTOR], slope)
    for i in range(len(x)):
        for j in range(len(x)):
            slope[i, j] = 0.5 * (c[DF] * slope[i, j] - x[i, j])


@kernel
def draw_triangle(noise, c, out):
    fill_triangle(noise, out)


@kernel
def draw(noise, c, out):
    n = len(out)
    triangle = noise[2].reshape((n, n))
    fill_triangle(noise, triangle)
    multiply_lower_rows(c[FACTOR], triangle)
    fill_gram(triangle, out)


@kernel
def draw_and_grad(noise, c, out, in_df, jacobian):
    n = len(out)
    factor = c[FACTOR]
    triangle, square, product = noise[2].reshape((n, n)), noise[3].reshape((n, n)), noise[4].reshape((n, n))
    fill_triangle(noise, triangle)
    fill_gram(triangle, square)
    MATRIX_JACOBIAN(factor, c[BESIDE], square, jacobian, product, noise[5].reshape((n, n)), noise[6].reshape((n, n)))
    for i in range(n):
        for j in range(n):
            product[i, j] = factor[i, j] * slope_of_root(triangle[j, j], c[SHAPES][j])
    multiply_lower_rows(factor, triangle)
    fill_gram(triangle, out)
    # The diagonal moves, and with it L A, and that times its transpose.
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(j + 1):
                total = fma(product[i, k], triangle[j, k], fma(triangle[i, k], product[j, k], total))
            in_df[i, j] = total
            in_df[j, i] = total


@kernel
def not_negative(df, least):
    """``df - least``, or NaN where that is negative."""
    return df - least if df >= least else NAN


MEAN = expression("df * scale", "df, scale")
COVARIANCE = expression("df * (ik * jl + il * jk)", "df, ik, jl, il, jk")


def form(inverse: bool, slope: Any, jacobian: Any) -> Form:
    """The formulas where the scale is given in one form."""
    formulas = Rows(
        prepare=None,
        inside=inside,
        log_prob=log_prob,
        log_prob_and_grad=filled(log_prob_and_grad, MATRIX_SLOPE=slope),
        sampler=bartlett.sampler(draw, 1),
        scratch=3,
    )
    return Form(inverse, formulas, bartlett.sampler(filled(draw_and_grad, MATRIX_JACOBIAN=jacobian), 5, (2, 2, 4)))


class Wishart(Bartlett):
    r"""Wishart distribution of symmetric positive definite matrices.

    .. math:: p(X) = \frac{|X|^{(\nu-p-1)/2} \, e^{-\mathrm{tr}(V^{-1} X) / 2}}
       {2^{\nu p/2} \, |V|^{\nu/2} \, \Gamma_p(\nu/2)}

    Parameters
    ----------
    df : array_like
        Degrees of freedom :math:`\nu > p - 1`, any real number.
    covariance_matrix : array_like, shape (..., p, p)
        Symmetric positive definite scale :math:`V`: the mean of X over :math:`\nu`.
    precision_matrix : array_like, shape (..., p, p)
        Symmetric positive definite :math:`V^{-1}`.
    scale_tril : array_like, shape (..., p, p)
        Lower triangular with a positive diagonal, :math:`V = L L^T`. Give exactly one of the three.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``wishart(df, scale)`` is the same distribution, which refuses `df` between p - 1 and p. The parameters and
    their order are torch's. The density is with respect to the entries on and below the diagonal; it is -inf for a
    matrix that is not symmetric or not positive definite.

    Densities and draws go through Bartlett's decomposition: see :mod:`fastdist.distributions.bartlett`. The density of
    many degrees of freedom is a sum of Loader's deviances (2000), which cancels no digits. A draw is never rejected;
    with `df` close to p - 1 it may be singular to the rounding of float64.

    Derivatives in a symmetric matrix, the value included, are symmetric: the change of the result with a symmetric
    change of the matrix is the sum over all entries of the product of the two, as in torch. That in `scale_tril` is 0
    above the diagonal.

    Raises
    ------
    ValueError
        If not exactly one matrix is given, if `df` is not greater than p - 1, or if a matrix is not positive definite:
        the error names its index in the batch and the first leading minor that is not positive.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Wishart(df=4.0, covariance_matrix=[[2.0, 1.0], [1.0, 3.0]])
    >>> d.mean()
    array([[ 8.,  4.], [ 4., 12.]])
    >>> d.log_prob([[8.0, 4.0], [4.0, 12.0]])
    np.float64(-8.252033935060)
    >>> d.sample(3, rng=1).shape
    (3, 2, 2)
    """

    covariance_matrix = Definite(constraints.positive_definite, derived=lambda d: d._of_scale(False))
    precision_matrix = Definite(constraints.positive_definite, derived=lambda d: d._of_scale(True))
    scale_tril = Factor(constraints.lower_cholesky, derived=lambda d: d._triangle())

    rows = Rows(prepare=None, inside=inside, log_prob=log_prob)
    _forms: ClassVar = {
        "covariance_matrix": form(False, in_covariance, fill_in_covariance),
        "precision_matrix": form(True, in_precision, fill_in_precision),
        "scale_tril": form(False, in_scale_tril, fill_in_scale_tril),
    }
    _prepare = staticmethod(prepare)
    _triangles = bartlett.sampler(draw_triangle, 0)
    _inverted = False

    def __init__(
        self,
        df: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool = True,
    ) -> None:
        matrices = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        self._freeze_scale(validate_args, df, matrices)

    def mean(self) -> Any:
        """The scale times the degrees of freedom."""
        return self._moment(MEAN, self.df, self._scale())

    def mode(self) -> Any:
        """The scale times df - p - 1; NaN where that is negative, because the density is unbounded."""
        least = np.float64(self.event_shape[0] + 1)
        (excess,) = linear.of_sets(not_negative, [(self.df, 0), (least, 0)], self.batch_shape, 1, ())
        return self._moment(MEAN, excess, self._scale())

    def variance(self) -> Any:
        """Variance of each entry."""
        scale = self._scale()
        return self._moment(COVARIANCE, self.df, scale, scale, *self._diagonals())

    def covariance(self) -> Any:
        """Covariance of entry (i, j) with entry (k, l), along four last axes."""
        return self._moment(COVARIANCE, self.df, *self._pairs((0, 2), (1, 3), (0, 3), (1, 2)))


register_kl(Wishart, Wishart)(bartlett.pair(swapped=False, crossed=False))
register_kl(Wishart, "InverseWishart")(bartlett.pair(swapped=True, crossed=True))
