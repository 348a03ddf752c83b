"""Beta distribution."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, interpolate
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants, propose_gamma, propose_log_gamma
from fastdist.random.sampling import Sampler
from fastdist.special.beta import betaln, digamma_rise
from fastdist.special.gamma import deviance, log_minus_digamma, stirling_error
from fastdist.special.incomplete_beta import (
    beta_sample_grad_prepared,
    betainc_constants,
    betainc_grad_prepared,
    betainc_prepared,
    betaincc_prepared,
    betainccinv_prepared,
    betaincinv_prepared,
    log_betainc_prepared,
    log_betaincc_prepared,
)
from fastdist.special.logs import expit

HALF_LOG_2PI = 0.91893853320467274178

# Where both exponents exceed this the terms of the log density cancel: use the saddle-point form.
SADDLE_POINT = 15.0


@kernel
def prepare(concentration1, concentration0):
    a, b = concentration1 - 1.0, concentration0 - 1.0
    n = a + b
    if a > SADDLE_POINT and b > SADDLE_POINT:
        log_norm = stirling_error(n) - stirling_error(a) - stirling_error(b)
        log_norm += log1p(n) - HALF_LOG_2PI - 0.5 * (log(a) + log(b / n))
    else:
        log_norm = -betaln(concentration1, concentration0)
    return a, b, n, log_norm


@kernel
def log_prob_moderate(x, c):
    a, b, log_norm = c[0], c[1], c[3]
    return log_norm + (a * log(x) if a != 0.0 else 0.0) + (b * log1p(-x) if b != 0.0 else 0.0)


@kernel
def log_prob(x, c):
    a, b, n = c[0], c[1], c[2]
    if a > SADDLE_POINT and b > SADDLE_POINT:
        return c[3] - deviance(a, n * x) - deviance(b, n * (1.0 - x))
    return log_prob_moderate(x, c)


@kernel
def prepare_grad(concentration1, concentration0):
    rest = prepare(concentration1, concentration0)
    if rest[0] > SADDLE_POINT and rest[1] > SADDLE_POINT:
        total = concentration1 + concentration0
        gap = log_minus_digamma(total)
        gap1, gap0 = log_minus_digamma(concentration1) - gap, log_minus_digamma(concentration0) - gap
        return (*rest, concentration1 / total, concentration0 / total, gap1, gap0)
    rise1 = digamma_rise(concentration1, concentration0)
    rise0 = digamma_rise(concentration0, concentration1)
    return (*rest, 1.0, 1.0, rise1, rise0)


@kernel
def _log_ratio(x, m):
    """log(x / m), relative also where x is close to m."""
    excess = (x - m) / m
    return log1p(excess) if abs(excess) < 0.5 else log(x) - log(m)


@kernel
def _slope(x, y, a, b):
    return (a / x if a != 0.0 else 0.0) - (b / y if b != 0.0 else 0.0)


@kernel
def log_prob_and_grad_moderate(x, c):
    return log_prob_moderate(x, c), _slope(x, 1.0 - x, c[0], c[1]), log(x) + c[6], log1p(-x) + c[7]


@kernel
def log_prob_and_grad(x, c):
    a, b = c[0], c[1]
    if not (a > SADDLE_POINT and b > SADDLE_POINT):
        return log_prob_and_grad_moderate(x, c)
    y = 1.0 - x
    return log_prob(x, c), _slope(x, y, a, b), _log_ratio(x, c[4]) + c[6], _log_ratio(y, c[5]) + c[7]


@kernel
def prepare_cdf(concentration1, concentration0):
    return betainc_constants(concentration1, concentration0)


@kernel
def cdf(x, c):
    return betainc_prepared(x, 1.0 - x, c)


@kernel
def sf(x, c):
    return betaincc_prepared(x, 1.0 - x, c)


@kernel
def log_cdf(x, c):
    return log_betainc_prepared(x, 1.0 - x, c)


@kernel
def log_sf(x, c):
    return log_betaincc_prepared(x, 1.0 - x, c)


@kernel
def icdf(p, c):
    return betaincinv_prepared(p, c)[0]


@kernel
def isf(q, c):
    return betainccinv_prepared(q, c)[0]


@kernel
def prepare_cdf_grad(concentration1, concentration0):
    return (*prepare(concentration1, concentration0), *betainc_constants(concentration1, concentration0))


@kernel
def cdf_and_grad(x, c):
    p, _, slope1, slope0 = betainc_grad_prepared(x, 1.0 - x, c[4:])
    return p, exp(log_prob(x, c)), slope1, slope0


@kernel
def sample_grad(x, c):
    return beta_sample_grad_prepared(x, 1.0 - x, c)


@kernel
def prepare_draw(concentration1, concentration0):
    return (*gamma_constants(concentration1), *gamma_constants(concentration0))


@kernel
def draw(noise, c):
    x = propose_gamma(noise[0], noise[2], c[0], c[1])
    y = propose_gamma(noise[1], noise[3], c[3], c[4])
    return x / (x + y)


@kernel
def draw_any(noise, c):
    if c[2] == 0.0 and c[5] == 0.0:
        return draw(noise, c)
    log_x = propose_log_gamma(noise[0], noise[2], noise[4], c[0], c[1], c[2])
    log_y = propose_log_gamma(noise[1], noise[3], noise[5], c[3], c[4], c[5])
    return expit(log_x - log_y)


@kernel
def mean(concentration1, concentration0):
    return concentration1 / (concentration1 + concentration0)


@kernel
def variance(concentration1, concentration0):
    total = concentration1 + concentration0
    return (concentration1 / total) * (concentration0 / total) / (total + 1.0)


@kernel
def skewness(concentration1, concentration0):
    a, b = concentration1, concentration0
    total = a + b
    return 2.0 * (b - a) / (total + 2.0) * sqrt(total + 1.0) / (sqrt(a) * sqrt(b))


@kernel
def kurtosis(concentration1, concentration0):
    low = concentration1 if concentration1 < concentration0 else concentration0
    high = concentration0 if concentration1 < concentration0 else concentration1
    total = concentration1 + concentration0
    gap = high - low
    return 6.0 * (gap / (total + 2.0) * (gap / high) * ((total + 1.0) / (total + 3.0)) / low - 1.0 / (total + 3.0))


@kernel
def mode(concentration1, concentration0):
    a, b = concentration1 - 1.0, concentration0 - 1.0
    if a > 0.0 and b > 0.0:
        return a / (a + b)
    if a <= 0.0 and b <= 0.0:
        return 0.0 if a <= b else 1.0
    return 0.0 if a <= 0.0 else 1.0


@kernel
def entropy(concentration1, concentration0):
    a, b = concentration1 - 1.0, concentration0 - 1.0
    total = concentration1 + concentration0
    if a > SADDLE_POINT and b > SADDLE_POINT:
        _, _, n, log_norm = prepare(concentration1, concentration0)
        gap = log_minus_digamma(total)
        skew = (concentration1 - concentration0) / n
        part1 = a * (log_minus_digamma(concentration1) - gap + log1p(skew / concentration1))
        part0 = b * (log_minus_digamma(concentration0) - gap + log1p(-skew / concentration0))
        return part1 + part0 - log_norm
    rise1 = digamma_rise(concentration1, concentration0)
    rise0 = digamma_rise(concentration0, concentration1)
    return betaln(concentration1, concentration0) + a * rise1 + b * rise0


class Beta(Distribution):
    r"""Beta distribution.

    .. math:: p(x) = \frac{x^{\alpha-1} (1-x)^{\beta-1}}{B(\alpha, \beta)}, \quad 0 \le x \le 1

    Parameters
    ----------
    concentration1 : array_like of positive
        First shape :math:`\alpha`: large values move the mass to 1.
    concentration0 : array_like of positive
        Second shape :math:`\beta`: large values move the mass to 0.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``beta(a, b)`` is the same distribution. Draws are ratios of two gamma variates, formed
    in the log where a shape is below 1, so that small shapes put their mass at both ends as they
    should. Their derivatives are implicit: Figurnov, Mohamed, Mnih (2018), arXiv:1805.08498.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Beta(concentration1=2.0, concentration0=3.0)
    >>> d.cdf([0.0, 0.25, 1.0])
    array([0.       , 0.26171875, 1.        ])
    """

    concentration1 = Parameter(constraints.positive)
    concentration0 = Parameter(constraints.positive)
    support = constraints.unit_interval
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
        sampler=Sampler(draw_any, normals=2, uniforms=4, rejects=True, prepare=prepare_draw),
        sample_grad=(prepare_cdf, sample_grad),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, concentration1=concentration1, concentration0=concentration0)

    def _in_regime(self) -> bool:
        """No pair of shapes is large enough for the saddle-point form."""
        smaller = np.minimum(self.concentration1, self.concentration0)
        return bool(np.all(smaller - 1.0 <= SADDLE_POINT))

    def _sampler(self) -> Sampler:
        """Without the boost where no shape needs it."""
        ones = np.minimum(self.concentration1, self.concentration0)
        return _UNBOOSTED if np.all(ones >= 1.0) else self.kernels.sampler


_UNBOOSTED = Sampler(draw, normals=2, uniforms=2, rejects=True, prepare=prepare_draw)
