"""LKJ distribution of a correlation matrix."""

from __future__ import annotations

from math import log, log1p
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distributions.bartlett import fill_gram, fill_gram_of_columns
from fastdist.distributions.lkj_cholesky import (
    NOISE,
    Correlation,
    fill_factor,
    fill_slopes,
    kl_correlations,
    prepare,
    uncorrelated,
)
from fastdist.engine import rows
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.kl import register_kl
from fastdist.random.rows import RowSampler
from fastdist.special.matrices import cholesky, invert_lower, sum_of_squares
from fastdist.vector import Rows

INF = float("inf")

# The diagonal may be off 1, and two entries off each other, by as much.
OFF = 1e-6

# The constants are those of the Cholesky factor's distribution.


@kernel
def inside(x, c):
    """Symmetric, with a diagonal of ones: that it is positive definite, its Cholesky factor says."""
    holds = True
    for i in range(len(x)):
        holds = holds and abs(x[i, i] - 1.0) < OFF
        for j in range(i):
            holds = holds and abs(x[i, j] - x[j, i]) < OFF
    return holds


@kernel
def log_determinant(x, factor):
    """Fill the Cholesky factor of a matrix; -inf if it has none.

    The square of a diagonal entry that is close to 1 is what the rest of its row leaves of x, with more digits.
    """
    if cholesky(x, factor) != 0:
        return -INF
    total = 0.0
    for i in range(len(x)):
        taken = sum_of_squares(factor[i, :i]) + (1.0 - x[i, i])
        total += log1p(-taken) if taken < 0.5 else 2.0 * log(factor[i, i])
    return total


@kernel
def log_prob(x, c, w):
    n = len(x)
    value = log_determinant(x, w[0].reshape((n, n)))
    return value if value == -INF else (c[0] - 1.0) * value - c[1]


@kernel
def log_prob_and_grad(x, c, w, in_x, in_concentration):
    n = len(x)
    factor, inverse = w[0].reshape((n, n)), w[1].reshape((n, n))
    value = log_determinant(x, factor)
    in_concentration[0] = 0.0
    in_x[:, :] = 0.0
    if value == -INF:
        return -INF
    in_concentration[0] = value + c[2]
    invert_lower(factor, inverse)
    fill_gram_of_columns(inverse, in_x)
    for i in range(n):
        for j in range(n):
            in_x[i, j] *= c[0] - 1.0
    return (c[0] - 1.0) * value - c[1]


@kernel
def draw_matrix(noise, c, out):
    n = len(out)
    factor = noise[2].reshape((n, n))
    fill_factor(noise, factor)
    fill_gram(factor, out)
    for i in range(n):
        out[i, i] = 1.0


@kernel
def draw_matrix_and_grad(noise, c, out, slopes):
    n = len(out)
    factor, moved = noise[2].reshape((n, n)), noise[3].reshape((n, n))
    fill_factor(noise, factor)
    fill_slopes(factor, c[7], moved)
    fill_gram(factor, out)
    for i in range(n):
        out[i, i] = 1.0
        slopes[i, i] = 0.0
        for j in range(i):
            total = 0.0
            for k in range(j + 1):
                total = fma(moved[i, k], factor[j, k], fma(factor[i, k], moved[j, k], total))
            slopes[i, j] = total
            slopes[j, i] = total


@kernel
def entropy(c, out):
    out[0] = c[1] + (c[0] - 1.0) * c[2]


class LKJ(Correlation):
    r"""LKJ distribution of a correlation matrix.

    .. math:: p(R) \propto |R|^{\eta - 1}

    Parameters
    ----------
    dim : int
        Dimension :math:`d \ge 2` of the matrix.
    concentration : array_like of positive
        :math:`\eta`: 1 is the uniform distribution, large values draw the matrices to the identity.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy and torch have no such distribution; numpyro has it under this name. The density is with respect to the
    entries below the diagonal. It is -inf for what is not symmetric and positive definite with a diagonal of ones, to
    1e-6. The marginal of an entry x is that of a beta variate (1 + x) / 2 with both shapes :math:`\eta - 1 + d/2`.

    A draw is L L^T for a draw L of :class:`LKJCholesky` with the same seed, with a diagonal of exactly 1 (Lewandowski,
    Kurowicka and Joe 2009, doi:10.1016/j.jmva.2009.04.008). The derivative in the value is symmetric: the change of
    the log density with a symmetric change of the matrix is the sum over all entries of the product of the two.

    Raises
    ------
    ValueError
        If `dim` is below 2, or if the concentration is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.LKJ(dim=2, concentration=2.0)
    >>> d.prob([[1.0, 0.5], [0.5, 1.0]])
    np.float64(0.5625)
    >>> d.sample(3, rng=1).shape
    (3, 2, 2)
    """

    support = constraints.corr_matrix
    rows = Rows(
        prepare=prepare,
        inside=inside,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        sampler=RowSampler(draw_matrix, NOISE, scratch=1, results=(2,)),
        numbers=3,
        rows=4,
        scratch=2,
    )
    _with_slopes = RowSampler(draw_matrix_and_grad, NOISE, scratch=2, results=(2, 2))

    def _of_factors(self, factors: Any) -> Any:
        same = np.eye(self.dim)
        return np.matmul(factors, np.swapaxes(factors, -2, -1)) * (1.0 - same) + same

    def mean(self) -> Any:
        """The identity."""
        return self._rounded(np.broadcast_to(np.eye(self.dim), self.batch_shape + self.event_shape))

    def _spread(self) -> np.ndarray:
        """The variance of each entry, in float64."""
        apart = 2.0 * np.asarray(self.concentration, np.float64) + (self.dim - 1.0)
        return (1.0 - np.eye(self.dim)) / apart[..., np.newaxis, np.newaxis]

    def variance(self) -> Any:
        """Variance of each entry."""
        return self._rounded(self._spread())

    def covariance(self) -> Any:
        spread = self._spread()
        # Entry (i, j) is entry (j, i), and no two others are correlated.
        both = uncorrelated(spread)
        return self._rounded(both + np.swapaxes(both, -2, -1))

    covariance.__doc__ = Correlation.covariance.__doc__

    def entropy(self) -> Any:
        """Entropy in nats, with respect to the entries below the diagonal."""
        return self._rounded(rows.of_sets(entropy, self._table(), ((),))[0])


register_kl(LKJ, LKJ)(kl_correlations)
