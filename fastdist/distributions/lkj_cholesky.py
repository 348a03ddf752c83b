"""LKJ distribution of the Cholesky factor of a correlation matrix."""

from __future__ import annotations

import functools
from math import exp, expm1, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.chain_rule import argument, implicit, with_value
from fastdist.distribution import Distribution
from fastdist.distributions.beta import slope_of_share
from fastdist.engine import rows
from fastdist.engine.bits import float_bits, fma
from fastdist.engine.elementwise import elementwise
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.rows import Table
from fastdist.engine.seed import key_from
from fastdist.forward.dual import without_tangent
from fastdist.forward.kernels import by_slopes
from fastdist.kl import Whole, register_kl
from fastdist.parameter import Parameter, shown
from fastdist.random.gamma import gamma_constants
from fastdist.random.gamma_rows import GammaRows, boosted_root
from fastdist.random.rows import NORMAL, RowSampler, draw
from fastdist.special.beta import digamma_rise, gammaln_rise
from fastdist.special.beta_rows import CONSTANTS, fill_constants, unpack
from fastdist.special.binet import binet_curvature, binet_divergence
from fastdist.special.gamma import deviance_series
from fastdist.special.incomplete_beta import beta_sample_grad_prepared
from fastdist.special.matrices import dot
from fastdist.vector import Rows, VectorDistribution

INF = float("inf")
LOG_PI = 1.1447298858494002
ZERO, ONE, TWO = np.uint64(0), np.uint64(1), np.uint64(2)

# The square of a row's norm, which may be off 1 by 1e-6.
SHORTEST, LONGEST = 0.999998000001, 1.000002000001
# A product from here on has not lost digits to underflow.
SMALL = 1e-250
# Steps by which the argument of a Gamma function is raised before its series.
RAISE = 16

# The constants are the concentration, the log of the normaliser, its derivative, and rows: for each row k of the factor
# the shape b of the beta variate that the square of its diagonal entry is, whose other shape is k / 2, and what
# proposals of a gamma variate of shape b take.


@kernel
def prepare(concentration, shapes, centres, spreads, boosts):
    d = len(shapes)
    log_norm, slope = 0.25 * d * (d - 1.0) * LOG_PI, 0.0
    for k in range(d):
        shapes[k] = concentration + 0.5 * (d - 1.0 - k)
        centres[k], spreads[k], boosts[k] = gamma_constants(shapes[k])
        if k > 0:
            log_norm -= gammaln_rise(shapes[k], 0.5 * k)
            slope += digamma_rise(shapes[k], 0.5 * k)
    return concentration, log_norm, slope


@kernel
def off_length(square, last):
    """Whether no row of a factor has this square of its length, or this number on the diagonal."""
    return (not square > SHORTEST) | (not square < LONGEST) | (not last > 0.0)


@kernel
def inside(x, c):
    """Rows of length 1 with a positive number on the diagonal and zeros behind it: two rows at a time.

    Indices are unsigned, so that none can count from the end, which would be asked for each.
    """
    wrong, behind = 0, 0
    i, size = ZERO, np.uint64(len(x))
    while i + ONE < size:
        upper, lower = x[i], x[i + ONE]
        first, second = 0.0, 0.0
        for j in range(i + ONE):
            first = fma(upper[j], upper[j], first)
            second = fma(lower[j], lower[j], second)
        second = fma(lower[i + ONE], lower[i + ONE], second)
        behind |= float_bits(upper[i + ONE])
        for j in range(i + TWO, size):
            behind |= float_bits(upper[j]) | float_bits(lower[j])
        wrong += off_length(first, upper[i]) + off_length(second, lower[i + ONE])
        i += TWO
    if i < size:
        wrong += off_length(dot(x[i], x[i]), x[i][i])
    return wrong == 0 and behind << 1 == 0


@kernel
def log_prob(x, c, w):
    """The power 2 eta - 2 + d - k of entry k by two logarithms: of the product, and of that of all products before it.

    Each entry is in them as many times as its power says, so that their rounding is that of the entries themselves.
    """
    n = len(x)
    whole, nested = 1.0, 1.0
    for k in range(1, n):
        whole *= x[k, k]
        nested *= whole if k < n - 1 else 1.0
    if whole > SMALL and nested > SMALL:
        return fma(2.0 * (c[0] - 1.0), log(whole), log(nested)) - c[1]
    value = 0.0
    for k in range(1, n):
        value += (c[3][k] - 1.0) * log(x[k, k])
    return 2.0 * value - c[1]


@kernel
def log_prob_and_grad(x, c, w, in_x, in_concentration):
    in_x[:, :] = 0.0
    slope = c[2]
    for k in range(1, len(x)):
        in_x[k, k] = 2.0 * (c[3][k] - 1.0) / x[k, k]
        slope += 2.0 * log(x[k, k])
    in_concentration[0] = slope
    return log_prob(x, c, w)


# Draws. A row is a vector of standard normals below the diagonal, and on it the root of a chi-square variate, over its
# length. The noise is what stands on the diagonal, then the normals below it row by row.

NOISE = GammaRows(4, boosted_root), NORMAL


@kernel
def inverse_length(row, last):
    """1 over the norm of a row and one number more, whose squares are summed as if in twice the precision.

    So a row times it has a squared norm that is off 1 by no more than six roundings, however long it is.
    """
    total = last * last
    lost = fma(last, last, -total)
    for v in row:
        product = v * v
        high = total + product
        back = high - total
        lost += (total - (high - back)) + (product - back) + fma(v, v, -product)
        total = high
    return 1.0 / sqrt(total + lost)


@kernel
def fill_factor(noise, factor):
    roots, below = noise[0], noise[1]
    factor[0, 0] = 1.0
    for j in range(1, len(factor)):
        factor[0, j] = 0.0
    start = 0
    for k in range(1, len(factor)):
        row = below[start : start + k]
        inverse = inverse_length(row, roots[k])
        for j in range(k):
            factor[k, j] = row[j] * inverse
        factor[k, k] = roots[k] * inverse
        for j in range(k + 1, len(factor)):
            factor[k, j] = 0.0
        start += k


@kernel
def draw_factor(noise, c, out):
    fill_factor(noise, out)


FACTORS = RowSampler(draw_factor, NOISE, results=(2,))


@kernel
def fill_slopes(factor, table, slopes):
    """The derivative of a factor: the squares on the diagonal move as the beta variates that they are."""
    for k in range(len(factor)):
        slopes[k, :] = 0.0
        if k > 0 and factor[k, k] > 0.0:
            rest = 0.0
            for j in range(k):
                rest = fma(factor[k, j], factor[k, j], rest)
            square = factor[k, k] * factor[k, k]
            slope, _ = beta_sample_grad_prepared(square, rest, unpack(table[k]))
            slopes[k, k] = 0.5 * slope / factor[k, k]
            loss = 0.5 * slope / rest if rest > 0.0 else 0.0
            for j in range(k):
                slopes[k, j] = -loss * factor[k, j]


@kernel
def draw_factor_and_grad(noise, c, out, slopes):
    n = len(out)
    factor = noise[2].reshape((n, n))
    fill_factor(noise, factor)
    fill_slopes(factor, c[7], slopes)
    for i in range(n):
        for j in range(n):
            out[i, j] = factor[i, j]


@kernel
def prepare_slopes(concentration, shapes, table):
    """What the derivatives take; shapes are the rows of `prepare`."""
    for k in range(1, len(shapes)):
        fill_constants(shapes[k], 0.5 * k, table[k])


# Summaries.


@kernel(heavy=True)
def log_root_deficit(b, a):
    """log of the squared mean of the root of a beta variate of shapes b and a, over its mean: below 0.

    With f(x) = log(Gamma(x + 1/2) / (Gamma(x) sqrt(x))) that is 2 (f(b) - f(a + b)). From the recurrence
    f(x) - f(x + 1) = log(x (x + 1) / (x + 1/2)**2) / 2 and the asymptotic series of f, each as a difference that holds
    the factor a.
    """
    c = a + b
    total = 0.0
    for m in range(RAISE):
        p, q = b + (m + 0.5), c + (m + 0.5)
        rest = 0.25 / (q * q)
        change = -rest * (a / p) * ((p + q) / p) / (1.0 - rest)
        if change < -0.5:
            total += log((b + m) / (c + m)) + log((b + m + 1.0) / (c + m + 1.0)) + 2.0 * log(q / p)
        else:
            total += log1p(change)
    u, v = 1.0 / (b + RAISE), 1.0 / (c + RAISE)
    gap = a * u * v
    s, t, m = u * u, v * v, u * v
    third = s + m + t
    fifth = s * (s + m) + t * (m + t) + m * m
    seventh = s * s * (s + m) + t * t * (m + t) + m * m * (s + m + t)
    ninth = s * s * s * (s + m) + t * t * t * (t + m) + m * m * (s * s + s * m + m * m + m * t + t * t)
    series = -0.125 + third / 192.0 - fifth / 640.0 + seventh * (17.0 / 14336.0) - ninth * (31.0 / 18432.0)
    return total + 2.0 * gap * series


@kernel
def roots(c, mean, variance):
    """Means and variances of the entries of a factor."""
    d = len(c[3])
    whole = c[0] + 0.5 * (d - 1.0)
    mean[:, :] = 0.0
    variance[:, :] = 0.0
    mean[0, 0] = 1.0
    for k in range(1, d):
        share = c[3][k] / whole
        deficit = log_root_deficit(c[3][k], 0.5 * k)
        mean[k, k] = sqrt(share) * exp(0.5 * deficit)
        variance[k, k] = -share * expm1(deficit)
        for j in range(k):
            variance[k, j] = 0.5 / whole


@kernel
def entropy(c, out):
    value = c[1]
    for k in range(1, len(c[3])):
        value += (c[3][k] - 1.0) * digamma_rise(c[3][k], 0.5 * k)
    out[0] = value


def _moved_factors(factors: Any, concentration: Any, along: Any) -> Any:
    """How factors that may carry tangents move: as :func:`fill_slopes` has it."""
    size = factors.shape[-1]
    below, order = np.tril(factors, -1)[..., 1:, :], np.arange(1, size)
    last = np.diagonal(factors, axis1=-2, axis2=-1)[..., 1:]
    square, rest = np.square(last), np.sum(np.square(below), axis=-1)
    own, other = concentration[..., np.newaxis] + 0.5 * (size - 1 - order), 0.5 * order
    slope = 0.5 * slope_of_share(own, other, square, rest) * along[..., np.newaxis]
    gains, losses = (
        np.where(there, slope / np.where(there, part, 1.0), 0.0)
        for part, there in ((last, without_tangent(last) > 0.0), (rest, without_tangent(rest) > 0.0))
    )
    moved = gains[..., np.newaxis] * np.eye(size)[1:] - losses[..., np.newaxis] * below
    return np.concatenate([np.zeros((*factors.shape[:-2], 1, size)), moved], axis=-2)


class Correlation(VectorDistribution):
    """A family of correlation matrices of some dimension, or of what stands for one."""

    concentration = Parameter(constraints.positive)
    has_rsample = True

    dim: int

    _with_slopes: RowSampler
    _scratch: int

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool = True) -> None:
        if isinstance(dim, bool) or not hasattr(dim, "__index__"):
            raise TypeError(f"{type(self).__name__}: dim must be an integer; got {dim!r}")
        if dim.__index__() < 2:
            raise ValueError(f"{type(self).__name__}: dim must be an integer from 2 on; got {dim!r}")
        self.__dict__["dim"] = dim.__index__()
        self._freeze(validate_args, concentration=concentration)

    def _event(self) -> tuple[int, ...]:
        return (self.dim, self.dim)

    def __reduce__(self) -> Any:
        value = self._parameters["concentration"]
        make = functools.partial(type(self), validate_args=False)
        return make, (self.dim, float(value) if self._weak else value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Correlation) or self.dim != other.dim:
            return NotImplemented
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.dim))

    def __repr__(self) -> str:
        value = shown(self._parameters["concentration"], self._weak)
        return f"{type(self).__name__}(dim={self.dim}, concentration={value})"

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its concentration broadcast to `batch_shape`."""
        shape = self._shape(batch_shape, "batch_shape")
        try:
            concentration = np.broadcast_to(self._parameters["concentration"], shape)
        except ValueError:
            raise ValueError(
                f"{type(self).__name__}: batch_shape {self.batch_shape} does not expand to {shape}"
            ) from None
        return type(self)(self.dim, concentration, validate_args=False)

    def _row_sampling(self) -> tuple[RowSampler, Table, int | tuple[int, ...] | None]:
        sampler = self.rows.sampler
        assert sampler is not None
        return sampler, self._table(), self._widths(sampler)

    def _widths(self, sampler: RowSampler) -> tuple[int, ...]:
        d = self.dim
        return (d, d * (d - 1) // 2, *(d * d,) * sampler.scratch)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with the derivative of each entry in the concentration.

        The squares of the factor's diagonal are beta variates and move as such, at a fixed direction of the rest of a
        row: the derivative is a function of the draw alone.
        """
        key = key_from(rng, self)
        full = self._shape(shape, "shape") + self.batch_shape + self.event_shape
        outs = np.empty(full, self.dtype), np.empty(full, self.dtype)
        if "slopes" not in self._tables:
            table = self._table()
            given = self._arguments[0], table.batched()[3]
            more = rows.prepare(prepare_slopes, given, self.batch_shape, 0, ((self.dim, CONSTANTS),))
            self._tables["slopes"] = Table((*table.arrays, *more.arrays), self.batch_shape)
        draw(self._with_slopes, self._tables["slopes"], outs, 2, key, self._widths(self._with_slopes))
        return outs[0], {"concentration": outs[1]}

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        key = key_from(rng, self)
        full = self._shape(shape, "shape") + self.batch_shape + self.event_shape
        draws, factors = np.empty(full, self.dtype), np.empty(full)
        self._fill(draws, key)
        draw(FACTORS, self._table(), (factors,), 2, key, self._widths(FACTORS))
        factors = implicit(factors, argument(d, "concentration", None), _moved_factors)
        return with_value(draws, self._of_factors(factors))

    def _of_factors(self, factors: Any) -> Any:
        """Draws of their Cholesky factors."""
        return factors

    def mode(self) -> Any:
        """The identity; NaN where the concentration is below 1, because the density is unbounded."""
        bounded = np.where(np.asarray(self.concentration) >= 1.0, 1.0, np.nan)
        return self._rounded(bounded[..., np.newaxis, np.newaxis] * np.eye(self.dim))

    def covariance(self) -> Any:
        """Covariance of entry (i, j) with entry (k, l), along four last axes."""
        raise NotImplementedError


class LKJCholesky(Correlation):
    r"""LKJ distribution of the Cholesky factor L of a correlation matrix.

    .. math:: p(L) \propto \prod_{k=2}^{d} L_{kk}^{\,2 \eta - 2 + d - k}

    Parameters
    ----------
    dim : int
        Dimension :math:`d \ge 2` of the matrix.
    concentration : array_like of positive
        :math:`\eta`: 1 makes the correlation matrices uniform, large values draw them to the identity.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy has no such distribution; the parameters, their order and the density are torch's: with respect to the entries
    below the diagonal. It is -inf for what is not lower triangular with a positive diagonal and rows of length 1, to
    1e-6. :class:`LKJ` is the distribution of the correlation matrix L L^T.

    Draws are made by the onion method of Lewandowski, Kurowicka and Joe (2009, doi:10.1016/j.jmva.2009.04.008): a
    row has a uniform direction, and the square of its diagonal entry is a beta variate. Both come of one vector of
    normals with the root of a chi-square variate behind it, over its length. Derivatives in the value are those of the
    formula above in each entry.

    Raises
    ------
    ValueError
        If `dim` is below 2, or if the concentration is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.LKJCholesky(dim=3, concentration=1.0)
    >>> d.log_prob([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.6, 0.8]])
    np.float64(-1.8)
    >>> (d.sample(rng=1) ** 2).sum(axis=-1)
    array([1., 1., 1.])
    """

    support = constraints.corr_cholesky
    rows = Rows(
        prepare=prepare,
        inside=inside,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        sampler=FACTORS,
        numbers=3,
        rows=4,
    )
    _with_slopes = RowSampler(draw_factor_and_grad, NOISE, scratch=1, results=(2, 2))

    def _moments(self) -> tuple[np.ndarray, np.ndarray]:
        mean, variance = rows.of_sets(roots, self._table(), (self.event_shape, self.event_shape))
        return mean, variance

    def mean(self) -> Any:
        """Mean of each entry: 0 below the diagonal."""
        return self._rounded(self._moments()[0])

    def variance(self) -> Any:
        """Variance of each entry."""
        return self._rounded(self._moments()[1])

    def covariance(self) -> Any:
        return self._rounded(uncorrelated(self._moments()[1]))

    covariance.__doc__ = Correlation.covariance.__doc__

    def entropy(self) -> Any:
        """Entropy in nats, with respect to the entries below the diagonal."""
        return self._rounded(rows.of_sets(entropy, self._table(), ((),))[0])


def uncorrelated(variance: np.ndarray) -> np.ndarray:
    """The covariances of the entries of matrices that are uncorrelated, along four last axes."""
    d = variance.shape[-1]
    same = np.eye(d)
    return variance[..., np.newaxis, np.newaxis] * same[:, np.newaxis, :, np.newaxis] * same[np.newaxis, :, np.newaxis]


# Divergences. The log of the normaliser is a sum over beta variates, of log Gamma(b) - log Gamma(b + h): the divergence
# is one of how far log Gamma lies above its tangent at b less the same at b + h. In the three parts of Stirling's form
# (:mod:`fastdist.special.binet`) the first two are formed as differences, none of which is negative; of the third it is
# the lesser that is taken away.


@kernel
def log_gaps(u, r):
    """log r, u - log r and log r - u / r, which are not negative, for r = 1 + u."""
    v = u / (2.0 + u)
    close = abs(v) < 0.5
    rest = 2.0 * deviance_series(v if close else 0.0)
    log_r = v * (2.0 + rest) if close else log(r)
    return log_r, v * (u - rest) if close else u - log_r, v * (u / r + rest) if close else log_r - u / r


@kernel(heavy=True)
def divergence(concentration, other, dim):
    """The divergence and its derivatives in both concentrations."""
    value, slope, bend = 0.0, 0.0, 0.0
    step, last = other - concentration, dim - 1.0
    # b + h is the same for all.
    top_a, top_x = concentration + 0.5 * last, other + 0.5 * last
    above, slope_above = binet_divergence(top_x, top_a)
    bend_above = binet_curvature(top_a) / top_a / top_a
    for k in range(1, int(dim)):
        h = 0.5 * k
        a, x = concentration + (0.5 * last - h), other + (0.5 * last - h)
        # r = x (a + h) / (a (x + h)) is close to 1 where h is small beside a and x.
        log_r, short, long = log_gaps((h / a) * (step / top_x), (x / top_x) * (top_a / a))
        _, _, whole = log_gaps(-step / top_x, top_a / top_x)
        beyond, moved = binet_divergence(x, a)
        value += x * long + h * whole + 0.5 * (short + (h / a) * (step / top_x) * (step / top_a)) + (beyond - above)
        slope += log_r + 0.5 * (step / a) * (h / x) * (1.0 + a / top_x) / top_a + (moved - slope_above)
        own = binet_curvature(a) / a / a
        bend += (h / a) / top_a * (1.0 + 0.5 * (1.0 / a + 1.0 / top_a)) + (own - bend_above)
    return value, -step * bend, slope


def _divergence(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    given = p.concentration, q.concentration, float(p.dim)
    return elementwise(divergence, given, shape, F64)


def _divergence_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    value, own, other = _divergence(p, q, shape)
    return value, {"concentration": own}, {"concentration": other}


def _moving_divergence(p: Any, q: Any, shape: tuple[int, ...]) -> Any:
    own, other = (argument(d, "concentration", d._plain.concentration) for d in (p, q))
    return by_slopes(divergence, (own, other, float(p.dim)), shape, F64, "kl_divergence")


kl_correlations = Whole(
    lambda p, q, shape: _divergence(p, q, shape)[0], _divergence_and_grad, moving=_moving_divergence
)
register_kl(LKJCholesky, LKJCholesky)(kl_correlations)
