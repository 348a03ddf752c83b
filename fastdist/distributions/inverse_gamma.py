"""Inverse gamma distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, interpolate
from fastdist.distribution import Distribution
from fastdist.distributions.gamma import (
    HALF_LOG_2PI,
    SADDLE_POINT,
    SMALLEST,
    Gamma,
    kl_gamma,
    kl_gamma_inverse,
    kl_gamma_log_normal,
    prepare_draw,
)
from fastdist.distributions.images import image
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel, together
from fastdist.kernels import Kernels
from fastdist.kl import As, register_kl, through
from fastdist.parameter import Parameter
from fastdist.random.gamma import propose_gamma, propose_log_gamma
from fastdist.random.sampling import Sampler
from fastdist.special.gamma import deviance, digamma, gammaln, log_minus_digamma, stirling_error
from fastdist.special.incomplete_gamma import (
    gamma_sample_grad_prepared,
    gammainc_constants,
    gammainc_da_prepared,
    gammainc_prepared,
    gammaincc_prepared,
    gammainccinv_prepared,
    gammaincinv_prepared,
    log_gammainc_prepared,
    log_gammaincc_prepared,
)
from fastdist.special.logs import log1mexp, log_ratio
from fastdist.transforms.exponential import PowerTransform

INF, NAN = float("inf"), float("nan")

# All formulas are in y = rate / x, a gamma variate of rate 1: its tails are swapped.


@kernel
def prepare(concentration, rate):
    a = concentration
    if a > SADDLE_POINT:
        log_norm = 0.5 * log(a) - HALF_LOG_2PI - stirling_error(a)
    else:
        log_norm = a * log(rate) - gammaln(a)
    return a, rate, log_norm


@kernel
def log_prob_moderate(x, c):
    return c[2] - (c[0] + 1.0) * log(x) - c[1] / x


@kernel
def log_prob(x, c):
    a, rate = c[0], c[1]
    if a > SADDLE_POINT:
        y = rate / x
        # The shape times the logarithm of a quotient that is below float64.
        return c[2] - log(x) - (deviance(a, y) if y > SMALLEST else a * (log(a) - 1.0 - log_ratio(rate, x)))
    return log_prob_moderate(x, c)


@kernel
def prepare_grad(concentration, rate):
    return (*prepare(concentration, rate), log_minus_digamma(concentration), digamma(concentration))


@kernel
def log_prob_and_grad_moderate(x, c):
    a, rate = c[0], c[1]
    # The products are exact here: close to the mode all of the difference is its last digits.
    in_x = (fma(-a, x, rate) - x) / x / x
    return log_prob_moderate(x, c), in_x, log_ratio(rate, x) - c[4], fma(a, x, -rate) / rate / x


@kernel
def log_prob_and_grad(x, c):
    a, rate = c[0], c[1]
    if a <= SADDLE_POINT:
        return log_prob_and_grad_moderate(x, c)
    gap = fma(-a, x, rate)
    excess = gap / (a * x)
    in_shape = log1p(excess) if abs(excess) < 0.5 else log_ratio(rate, x) - log(a)
    return log_prob(x, c), (gap - x) / x / x, in_shape + c[3], -gap / rate / x


@kernel
def prepare_cdf(concentration, rate):
    return (rate, *gammainc_constants(concentration))


@kernel
def log_power(x, c):
    """log of y**a / Gamma(a + 1): that of the tail where y is below float64."""
    return c[1] * log_ratio(c[0], x) - c[5]


@kernel
def cdf(x, c):
    y = c[0] / x
    return gammaincc_prepared(y, c[1:]) if y > SMALLEST else -expm1(log_power(x, c))


@kernel
def sf(x, c):
    y = c[0] / x
    return gammainc_prepared(y, c[1:]) if y > SMALLEST else exp(log_power(x, c))


@kernel
def log_cdf(x, c):
    y = c[0] / x
    return log_gammaincc_prepared(y, c[1:]) if y > SMALLEST else log1mexp(log_power(x, c))


@kernel
def log_sf(x, c):
    y = c[0] / x
    return log_gammainc_prepared(y, c[1:]) if y > SMALLEST else log_power(x, c)


@kernel
def _quantile(y, log_sf, c):
    """rate / y, from the logarithm where y is below float64."""
    return c[0] / y if y > SMALLEST else exp(log(c[0]) - (log_sf + c[5]) / c[1])


@kernel
def icdf(p, c):
    return _quantile(gammainccinv_prepared(p, c[1:]), log1p(-p), c)


@kernel
def isf(q, c):
    return _quantile(gammaincinv_prepared(q, c[1:]), log(q), c)


@kernel
def prepare_cdf_grad(concentration, rate):
    return (*prepare(concentration, rate), *gammainc_constants(concentration))


@kernel
def cdf_and_grad(x, c):
    a, rate = c[0], c[1]
    y = rate / x
    _, p, slope = gammainc_da_prepared(y, c[3:])
    if not y > SMALLEST:
        log_y = log_ratio(rate, x)
        log_tail = a * log_y - c[7]
        p = -expm1(log_tail)
        slope = exp(log_tail) * (log_y - digamma(a + 1.0))
    log_density = log_prob(x, c)
    # x times the density in one exponential: either may leave float64 where the product does not.
    return p, exp(log_density), -slope, -exp(log_density + log(x)) / rate


@kernel
def shape_slope(x, c):
    y = c[0] / x
    if not y > SMALLEST:
        relative = (digamma(c[1] + 1.0) - log_ratio(c[0], x)) * c[2]
    else:
        relative = gamma_sample_grad_prepared(y, c[1:]) / y
    return -x * relative if y < INF else 0.0


@kernel
def rate_slope(x, c):
    return x / c[0]


@kernel
def draw(noise, c):
    return c[0] / propose_gamma(noise[0], noise[1], c[1], c[2])


@kernel
def draw_any(noise, c):
    if c[3] == 0.0:
        return draw(noise, c)
    return exp(log(c[0]) - propose_log_gamma(noise[0], noise[1], noise[2], c[1], c[2], c[3]))


@kernel
def mean(concentration, rate):
    return INF if concentration <= 1.0 else rate / (concentration - 1.0)


@kernel
def variance(concentration, rate):
    a = concentration
    return INF if a <= 2.0 else rate / (a - 1.0) * (rate / (a - 1.0)) / (a - 2.0)


@kernel
def stddev(concentration, rate):
    a = concentration
    return INF if a <= 2.0 else rate / (a - 1.0) / sqrt(a - 2.0)


@kernel
def skewness(concentration, rate):
    a = concentration
    if a > 3.0:
        return 4.0 * sqrt(a - 2.0) / (a - 3.0)
    return INF if a > 2.0 else NAN


@kernel
def kurtosis(concentration, rate):
    a = concentration
    if a > 4.0:
        return 6.0 * (5.0 * a - 11.0) / (a - 3.0) / (a - 4.0)
    return INF if a > 2.0 else NAN


@kernel
def mode(concentration, rate):
    return rate / (concentration + 1.0)


@kernel
def entropy(concentration, rate):
    a = concentration
    if a > SADDLE_POINT:
        # log Gamma(a) by Stirling's series, so that its terms in a log(a) cancel on paper.
        rest = HALF_LOG_2PI + stirling_error(a) + (a + 1.0) * log_minus_digamma(a)
        return rest + (log(rate) - 1.5 * log(a))
    return a + gammaln(a) - (a + 1.0) * digamma(a) + log(rate)


class InverseGamma(Distribution):
    r"""Inverse gamma distribution: that of the reciprocal of a gamma variate.

    .. math:: p(x) = \frac{\beta^\alpha}{\Gamma(\alpha)} x^{-\alpha-1} e^{-\beta / x}, \quad x > 0

    Parameters
    ----------
    concentration : array_like of positive
        Shape :math:`\alpha`: the upper tail falls like :math:`x^{-\alpha}`.
    rate : array_like of positive
        Rate :math:`\beta` of the gamma variate, which is a scale here.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``invgamma(a, scale=s)`` has ``concentration = a`` and ``rate = s``. The log density of a
    large shape is the saddle-point form of Loader (2000), which cancels no digits. Moments of order
    `concentration` and above are infinite; standardised ones are NaN where the variance is not finite.
    Draws are ``rate`` over a gamma variate (Marsaglia and Tsang 2000, doi:10.1145/358407.358414), below
    shape 1 in the log. Their derivative in the shape is implicit: Figurnov, Mohamed, Mnih (2018),
    arXiv:1805.08498.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.InverseGamma(concentration=[0.5, 2.5], rate=1.0)
    >>> d.mean()
    array([       inf, 0.66666667])
    >>> d.sf(1e10)
    array([1.12837917e-05, 3.00901111e-26])
    """

    concentration = Parameter(constraints.positive)
    rate = Parameter(constraints.positive)
    support = constraints.positive
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
        cdf_and_grad=(prepare_cdf_grad, cdf_and_grad),
        sampler=Sampler(draw_any, normals=1, uniforms=2, rejects=True, prepare=prepare_draw),
        sample_grad=(prepare_cdf, together(shape_slope, rate_slope)),
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    base_dist, transforms = image(lambda d: Gamma(d.concentration, d.rate), lambda d: PowerTransform(-1.0))

    def __init__(self, concentration: Any, rate: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, concentration=concentration, rate=rate)

    def _in_regime(self) -> bool:
        """No shape is large enough for the saddle-point form."""
        return bool(np.all(self.concentration <= SADDLE_POINT))

    def _sampler(self) -> Sampler:
        """Without the boost where no shape needs it."""
        return _UNBOOSTED if np.all(np.greater_equal(self.concentration, 1.0)) else self.kernels.sampler


_UNBOOSTED = Sampler(draw, normals=1, uniforms=1, rejects=True, prepare=prepare_draw)


register_kl(InverseGamma, InverseGamma)(kl_gamma)
register_kl(InverseGamma, Gamma)(kl_gamma_inverse)
# The reciprocal of a log-normal variate is one.
AS_GAMMA = As("concentration, rate", "concentration, rate", "g[0], g[1]")
RECIPROCAL = As("loc, scale", "-loc, scale", "-g[0], g[1]")
register_kl(InverseGamma, "LogNormal")(through(kl_gamma_log_normal, AS_GAMMA, RECIPROCAL, 2))
