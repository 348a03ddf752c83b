"""Fisher and Snedecor's F distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, interpolate
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants, propose_gamma, propose_log_gamma
from fastdist.random.sampling import Sampler
from fastdist.special.beta import beta_log_kernel, betaln, digamma_gap_fall, digamma_rise, saddle_offset
from fastdist.special.beta_tail import near_tail
from fastdist.special.fisher import fisher_constants, fisher_falls, fisher_log_slope, fisher_slopes
from fastdist.special.gamma import log_minus_digamma, stirling_error
from fastdist.special.incomplete_beta import (
    betainc_constants,
    betainc_prepared,
    betaincc_prepared,
    betainccinv_prepared,
    betaincinv_prepared,
    log_betainc_prepared,
    log_betaincc_prepared,
)
from fastdist.special.logs import log1mexp

INF, NAN = float("inf"), float("nan")
HALF_LOG_2PI = 0.91893853320467274178

# Half degrees of freedom up to which the terms of the log density, each as large as the larger one, cancel little.
MODERATE = 15.0
# A ratio beyond which log(1 + ratio) is log(ratio), and the ratio may overflow.
FAR = 1e300
# Between these the ratio of the two chi-squared variates has all its digits; beyond, a tail is its leading term.
LOWEST, HIGHEST, SMALLEST = 1e-290, 1e290, 5e-324
# Derivative of the cdf by the logarithm of the value from which a rounding of the value moves the cdf noticeably.
STEEP = 30.0


@kernel
def prepare(df1, df2):
    a, b, k = 0.5 * df1, 0.5 * df2, df1 / df2
    # In the ratio of the two chi-squared variates or in its reciprocal, whichever is small in the bulk.
    flip = 1.0 if k > 1.0 else 0.0
    ratio = df2 / df1 if k > 1.0 else k
    exponent = -b - 1.0 if k > 1.0 else a - 1.0
    log_norm = (b if k > 1.0 else a) * log(ratio) - betaln(a, b)
    return a, b, k, flip, ratio, log(ratio), exponent, log_norm, a + b


@kernel
def log_prob_moderate(x, c):
    flipped = c[3] == 1.0
    ratio = c[4] / x if flipped else c[4] * x
    log_x = log(x)
    log_sum = log1p(ratio) if ratio < FAR else c[5] + (-log_x if flipped else log_x)
    inside = c[7] + (c[6] * log_x if c[6] != 0.0 or x > 0.0 else 0.0) - c[8] * log_sum
    return inside if x > 0.0 else (INF if c[0] < 1.0 else (0.0 if c[0] == 1.0 else -INF))


@kernel
def shares(x, k):
    """The first and the second chi-squared variate as shares of their sum: positive, be they below float64."""
    ratio = k * x
    above = ratio > 1.0
    small = 1.0 / k / x if above else ratio
    large = 1.0 / (1.0 + small)
    small = small * large
    small = small if small > 0.0 else SMALLEST
    return (large if above else small), (small if above else large)


@kernel
def offset_at(x, a, b, u, v):
    """a v - b u of the shares at x: relative to its size also next to 1, where that of rounded shares is not."""
    return a * v * (1.0 - x) if x < 2.0 else b * u * (1.0 / x - 1.0)


@kernel
def is_inside(x, k):
    """Whether neither share is below float64."""
    ratio = k * x
    return ratio > LOWEST and ratio < HIGHEST


@kernel
def log_prob(x, c):
    if (c[0] > MODERATE or c[1] > MODERATE) and is_inside(x, c[2]):
        u, v = shares(x, c[2])
        return beta_log_kernel(c[0], c[1], u, v) - log(x)
    return log_prob_moderate(x, c)


@kernel
def prepare_grad(df1, df2):
    return (*prepare(df1, df2), *fisher_falls(0.5 * df1, 0.5 * df2))


@kernel
def slopes(x, c):
    a, b = c[0], c[1]
    u, v = shares(x, c[2])
    offset = offset_at(x, a, b, u, v)
    in_a = fisher_log_slope(a, u, -offset / a, (c[9], c[10]))
    in_b = fisher_log_slope(b, v, offset / b, (c[11], c[12]))
    in_x = (offset - 1.0) / x if x > 0.0 or a != 1.0 else -1.0 - 1.0 / b
    return in_x, 0.5 * in_a, 0.5 * in_b


@kernel
def log_prob_and_grad_moderate(x, c):
    return (log_prob_moderate(x, c), *slopes(x, c))


@kernel
def log_prob_and_grad(x, c):
    return (log_prob(x, c), *slopes(x, c))


@kernel
def prepare_cdf(df1, df2):
    return (df1 / df2, *betainc_constants(0.5 * df1, 0.5 * df2))


@kernel
def end_tail(x, c):
    """Log of the lower tail next to 0 and of the upper one far out: a power of the ratio over a B(a, b)."""
    log_ratio = log(x) + log(c[0])
    a = c[1] if log_ratio < 0.0 else c[2]
    return -a * abs(log_ratio) - log(a) + (c[13] + c[14])


@kernel
def cdf(x, c):
    if is_inside(x, c[0]):
        u, v = shares(x, c[0])
        return betainc_prepared(u, v, c[1:])
    return exp(end_tail(x, c)) if c[0] * x < 1.0 else -expm1(end_tail(x, c))


@kernel
def sf(x, c):
    if is_inside(x, c[0]):
        u, v = shares(x, c[0])
        return betaincc_prepared(u, v, c[1:])
    return -expm1(end_tail(x, c)) if c[0] * x < 1.0 else exp(end_tail(x, c))


@kernel
def log_cdf(x, c):
    if is_inside(x, c[0]):
        u, v = shares(x, c[0])
        return log_betainc_prepared(u, v, c[1:])
    return end_tail(x, c) if c[0] * x < 1.0 else log1mexp(end_tail(x, c))


@kernel
def log_sf(x, c):
    if is_inside(x, c[0]):
        u, v = shares(x, c[0])
        return log_betaincc_prepared(u, v, c[1:])
    return log1mexp(end_tail(x, c)) if c[0] * x < 1.0 else end_tail(x, c)


@kernel(heavy=True)
def polished(x, u, v, log_p, log_q, c):
    """x less what the rounding of x, u and v moved the tail by, in one step of Newton's from the tail at u and v."""
    power, factor, rate, lower = near_tail(u, v, c[1:])
    gap = power + log(factor) - (log_p if lower == 1.0 else log_q)
    step = (gap if lower == 1.0 else -gap) / rate
    a, b = c[1], c[2]
    return x + x * ((offset_at(x, a, b, u, v) - saddle_offset(a, b, u, v)) / ((a + b) * u * v) - step)


@kernel
def quantile(u, v, log_p, log_q, c):
    """u / v over the ratio of the degrees of freedom, from the logarithm of the tail where one is below float64."""
    if u > LOWEST and v > LOWEST:
        x = u / v / c[0]
        return polished(x, u, v, log_p, log_q, c) if c[11] > STEEP else x
    a = c[1] if u < v else c[2]
    log_ratio = ((log_p if u < v else log_q) + log(a) - (c[13] + c[14])) / a
    return exp((log_ratio if u < v else -log_ratio) - log(c[0]))


@kernel
def icdf(p, c):
    u, v = betaincinv_prepared(p, c[1:])
    return quantile(u, v, log(p), log1p(-p), c)


@kernel
def isf(q, c):
    u, v = betainccinv_prepared(q, c[1:])
    return quantile(u, v, log1p(-q), log(q), c)


@kernel
def prepare_slopes(df1, df2):
    return (*prepare(df1, df2), *fisher_constants(0.5 * df1, 0.5 * df2))


@kernel
def cdf_and_grad(x, c):
    u, v = shares(x, c[2])
    in_a, in_b = fisher_slopes(u, v, offset_at(x, c[0], c[1], u, v), c[9:])
    log_density = log_prob(x, c)
    # x times the density in one exponential: either may leave float64 where the product does not.
    half = 0.5 * exp(log_density + log(x))
    return betainc_prepared(u, v, c[9:]), exp(log_density), half * in_a, half * in_b


@kernel
def sample_grad(x, c):
    if not (x > 0.0 and x < INF):
        return 0.0, 0.0
    u, v = shares(x, c[2])
    in_a, in_b = fisher_slopes(u, v, offset_at(x, c[0], c[1], u, v), c[9:])
    return -0.5 * x * in_a, -0.5 * x * in_b


@kernel
def prepare_draw(df1, df2):
    return (df1 / df2, *gamma_constants(0.5 * df1), *gamma_constants(0.5 * df2))


@kernel
def draw(noise, c):
    x = propose_gamma(noise[0], noise[2], c[1], c[2])
    y = propose_gamma(noise[1], noise[3], c[4], c[5])
    return x / y / c[0]


@kernel
def draw_any(noise, c):
    if c[3] == 0.0 and c[6] == 0.0:
        return draw(noise, c)
    log_x = propose_log_gamma(noise[0], noise[2], noise[4], c[1], c[2], c[3])
    log_y = propose_log_gamma(noise[1], noise[3], noise[5], c[4], c[5], c[6])
    return exp(log_x - log_y - log(c[0]))


@kernel
def mean(df1, df2):
    return INF if df2 <= 2.0 else df2 / (df2 - 2.0)


@kernel
def variance(df1, df2):
    ratio = df2 / (df2 - 2.0)
    return INF if df2 <= 4.0 else 2.0 * ratio * ratio * ((df1 + df2 - 2.0) / (df1 * (df2 - 4.0)))


@kernel
def skewness(df1, df2):
    if df2 > 6.0:
        total = df1 + df2 - 2.0
        return (df1 + total) / (df2 - 6.0) * sqrt(8.0 * (df2 - 4.0) / df1 / total)
    return INF if df2 > 4.0 else NAN


@kernel
def kurtosis(df1, df2):
    if df2 > 8.0:
        total = df1 + df2 - 2.0
        part = (5.0 * df2 - 22.0) + (df2 - 4.0) / total * ((df2 - 2.0) / df1) * (df2 - 2.0)
        return 12.0 * part / (df2 - 6.0) / (df2 - 8.0)
    return INF if df2 > 4.0 else NAN


@kernel
def mode(df1, df2):
    return (df1 - 2.0) / df1 * (df2 / (df2 + 2.0)) if df1 > 2.0 else 0.0


@kernel
def entropy(df1, df2):
    a, b = 0.5 * df1, 0.5 * df2
    ends = log_minus_digamma(b) - log_minus_digamma(a)
    if a > 1.0 and b > 1.0:
        # Terms of the size of a log(a) cancel on paper.
        n = a + b
        top = 0.5 * log(a / n * b) - HALF_LOG_2PI + ((stirling_error(n) - stirling_error(b)) - stirling_error(a))
        return a * digamma_gap_fall(a, b) + b * digamma_gap_fall(b, a) + ends - top
    return betaln(a, b) + a * digamma_rise(a, b) + b * digamma_rise(b, a) + ends


class FisherSnedecor(Distribution):
    r"""Fisher and Snedecor's F distribution: the ratio of two chi-squared variates, each over its degrees of freedom.

    .. math::

        p(x) = \frac{1}{x\, B\left(\frac{\nu_1}{2}, \frac{\nu_2}{2}\right)}
               \left(\frac{\nu_1 x}{\nu_1 x + \nu_2}\right)^{\nu_1/2}
               \left(\frac{\nu_2}{\nu_1 x + \nu_2}\right)^{\nu_2/2}, \quad x \ge 0

    Parameters
    ----------
    df1 : array_like of positive
        Degrees of freedom :math:`\nu_1` of the numerator.
    df2 : array_like of positive
        Degrees of freedom :math:`\nu_2` of the denominator.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``f(df1, df2)`` is the same distribution. Its tails are those of the beta distribution at
    :math:`\nu_1 x / (\nu_1 x + \nu_2)`, of which both the value and its complement are formed. A moment of
    order ``df2 / 2`` or above is infinite; standardised ones are NaN where the variance is not finite.
    Draws are ratios of gamma variates, formed in the log where a shape is below 1. Their derivatives are
    implicit: Figurnov, Mohamed, Mnih (2018), arXiv:1805.08498.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.FisherSnedecor(df1=3.0, df2=[10.0, 30.0])
    >>> d.sf(5.0)
    array([0.02261392, 0.00625487])
    """

    df1 = Parameter(constraints.positive)
    df2 = Parameter(constraints.positive)
    support = constraints.nonnegative
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        quick=interpolate.METHODS,
        log_prob=log_prob,
        log_prob_and_grad=(prepare_grad, log_prob_and_grad),
        regime={"log_prob": log_prob_moderate, "log_prob_and_grad": (prepare_grad, log_prob_and_grad_moderate)},
        cdf=(prepare_cdf, cdf),
        sf=(prepare_cdf, sf),
        log_cdf=(prepare_cdf, log_cdf),
        log_sf=(prepare_cdf, log_sf),
        icdf=(prepare_cdf, icdf),
        isf=(prepare_cdf, isf),
        cdf_and_grad=(prepare_slopes, cdf_and_grad),
        sampler=Sampler(draw_any, normals=2, uniforms=4, rejects=True, prepare=prepare_draw),
        sample_grad=(prepare_slopes, sample_grad),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, df1: Any, df2: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, df1=df1, df2=df2)

    def _in_regime(self) -> bool:
        """No degrees of freedom are so many that the terms of the log density cancel."""
        return bool(np.all(np.maximum(self.df1, self.df2) <= 2.0 * MODERATE))

    def _sampler(self) -> Sampler:
        """Without the boost where no shape needs it."""
        return _UNBOOSTED if np.all(np.minimum(self.df1, self.df2) >= 2.0) else self.kernels.sampler


_UNBOOSTED = Sampler(draw, normals=2, uniforms=2, rejects=True, prepare=prepare_draw)
