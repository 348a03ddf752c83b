"""Gamma distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, interpolate
from fastdist.distribution import Distribution
from fastdist.distributions.gumbel import Gumbel
from fastdist.distributions.laplace import Laplace
from fastdist.distributions.normal import NEAREST_GUMBEL, NEAREST_LAPLACE, Normal, kl_normal
from fastdist.engine.bits import LARGEST, fma
from fastdist.engine.kernel import kernel, together
from fastdist.kernels import Kernels
from fastdist.kl import As, Formula, infinite, register_kl
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants, propose_gamma, propose_log_gamma
from fastdist.random.sampling import Sampler
from fastdist.special.beta import inverse_curvature, log_beyond, log_curvature
from fastdist.special.binet import (
    binet_curvature,
    binet_divergence,
    binet_parts,
    binet_slope,
    gamma_negentropy,
    gammaln_divergence,
    moderate_binet_divergence,
    tetragamma,
)
from fastdist.special.distance import gamma_distance
from fastdist.special.excess import moderate_ratio_excesses, ratio_excess
from fastdist.special.gamma import deviance, digamma, gammaln, log_minus_digamma, stirling_error, trigamma
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
from fastdist.special.logs import exp_excess, log1mexp, log_quotient

HALF_LOG_2PI = 0.91893853320467274178
ROOT_HALF_PI = 1.25331413731550025121
INF, NAN = float("inf"), float("nan")

# Above this shape log Gamma is large enough to cancel digits: the saddle-point form has none to lose.
SADDLE_POINT = 15.0
# Between this and the largest float a scaled value has all its digits.
SMALLEST = 1e-290


@kernel
def prepare(concentration, rate):
    a = concentration - 1.0
    log_norm = -stirling_error(a) - 0.5 * log(a) - HALF_LOG_2PI if a > SADDLE_POINT else -gammaln(concentration)
    return rate, a, log(rate) + log_norm, log(rate)


@kernel
def log_scaled(x, rate, log_rate):
    """log(rate * x), also where the product leaves float64."""
    y = rate * x
    inside = y > SMALLEST and y <= LARGEST
    return log(y if inside else x) + (0.0 if inside else log_rate)


@kernel
def log_prob_moderate(x, c):
    rate, a, log_norm = c[0], c[1], c[2]
    return log_norm - rate * x + (a * log_scaled(x, rate, c[3]) if a != 0.0 or x > 0.0 else 0.0)


@kernel
def log_prob(x, c):
    a = c[1]
    if a > SADDLE_POINT:
        y = c[0] * x
        return c[2] - (deviance(a, y) if y > SMALLEST else a * (log(a) - 1.0 - log_scaled(x, c[0], c[3])))
    return log_prob_moderate(x, c)


@kernel
def prepare_grad(concentration, rate):
    return (*prepare(concentration, rate), concentration, log_minus_digamma(concentration), digamma(concentration))


@kernel
def log_prob_and_grad_moderate(x, c):
    rate, a = c[0], c[1]
    # The product is exact here: close to the mode all of the difference is its last digits.
    gap = fma(-rate, x, a)
    log_y = log_scaled(x, rate, c[3])
    log_density = c[2] - rate * x + (a * log_y if a != 0.0 or x > 0.0 else 0.0)
    in_x = gap / x if a != 0.0 else (a / x if x > 0.0 else 0.0) - rate
    return log_density, in_x, log_y - c[6], (gap + 1.0) / rate


@kernel
def log_prob_and_grad(x, c):
    rate, a, concentration = c[0], c[1], c[4]
    if a <= SADDLE_POINT:
        return log_prob_and_grad_moderate(x, c)
    gap = fma(-rate, x, a)
    excess = -(gap + 1.0) / concentration
    log_ratio = log1p(excess) if abs(excess) < 0.5 else log_scaled(x, rate, c[3]) - log(concentration)
    return log_prob(x, c), gap / x, log_ratio + c[5], (gap + 1.0) / rate


@kernel
def prepare_cdf(concentration, rate):
    return (rate, *gammainc_constants(concentration))


@kernel
def log_power(x, c):
    """log of y**a / Gamma(a + 1) for y = rate * x: that of the cdf where y is below float64."""
    return c[1] * (log(x) + log(c[0])) - c[5]


@kernel
def cdf(x, c):
    y = c[0] * x
    return gammainc_prepared(y, c[1:]) if y > SMALLEST else exp(log_power(x, c))


@kernel
def sf(x, c):
    y = c[0] * x
    return gammaincc_prepared(y, c[1:]) if y > SMALLEST else -expm1(log_power(x, c))


@kernel
def log_cdf(x, c):
    y = c[0] * x
    return log_gammainc_prepared(y, c[1:]) if y > SMALLEST else log_power(x, c)


@kernel
def log_sf(x, c):
    y = c[0] * x
    return log_gammaincc_prepared(y, c[1:]) if y > SMALLEST else log1mexp(log_power(x, c))


@kernel
def _quantile(y, log_p, c):
    """y / rate, from the logarithm where y is below float64."""
    return y / c[0] if y > SMALLEST else exp((log_p + c[5]) / c[1] - log(c[0]))


@kernel
def icdf(p, c):
    return _quantile(gammaincinv_prepared(p, c[1:]), log(p), c)


@kernel
def isf(q, c):
    return _quantile(gammainccinv_prepared(q, c[1:]), log1p(-q), c)


@kernel
def prepare_cdf_grad(concentration, rate):
    return (*prepare(concentration, rate), *gammainc_constants(concentration))


@kernel
def cdf_and_grad(x, c):
    p, _, slope = gammainc_da_prepared(c[0] * x, c[4:])
    if not c[0] * x > SMALLEST:
        log_y = log_scaled(x, c[0], c[3])
        p = exp(c[4] * log_y - c[8])
        slope = p * (log_y - digamma(c[4] + 1.0))
    log_density = log_prob(x, c)
    # x times the density in one exponential: either may leave float64 where the product does not.
    return p, exp(log_density), slope, exp(log_density + log(x)) / c[0]


@kernel
def shape_slope(x, c):
    y = c[0] * x
    if y > SMALLEST or not x > 0.0:
        return gamma_sample_grad_prepared(y, c[1:]) / c[0]
    return (digamma(c[1] + 1.0) - log(x) - log(c[0])) * (x * c[2])


@kernel
def rate_slope(x, c):
    return -x / c[0]


@kernel
def prepare_draw(concentration, rate):
    return (rate, *gamma_constants(concentration))


@kernel
def draw(noise, c):
    return propose_gamma(noise[0], noise[1], c[1], c[2]) / c[0]


@kernel
def draw_any(noise, c):
    if c[3] == 0.0:
        return propose_gamma(noise[0], noise[1], c[1], c[2]) / c[0]
    return exp(propose_log_gamma(noise[0], noise[1], noise[2], c[1], c[2], c[3]) - log(c[0]))


@kernel
def mean(concentration, rate):
    return concentration / rate


@kernel
def variance(concentration, rate):
    return concentration / rate / rate


@kernel
def stddev(concentration, rate):
    return sqrt(concentration) / rate


@kernel
def skewness(concentration, rate):
    return 2.0 / sqrt(concentration)


@kernel
def kurtosis(concentration, rate):
    return 6.0 / concentration


@kernel
def mode(concentration, rate):
    return (concentration - 1.0) / rate if concentration > 1.0 else 0.0


@kernel
def entropy(concentration, rate):
    a = concentration
    if a > SADDLE_POINT:
        # log Gamma(a) by Stirling's series, so that its terms in a log(a) cancel on paper.
        shape_part = HALF_LOG_2PI + 0.5 * log(a) + stirling_error(a) + (a - 1.0) * log_minus_digamma(a)
    else:
        shape_part = a + gammaln(a) + (1.0 - a) * digamma(a)
    return shape_part - log(rate)


class Gamma(Distribution):
    r"""Gamma distribution.

    .. math:: p(x) = \frac{\beta^\alpha}{\Gamma(\alpha)} x^{\alpha-1} e^{-\beta x}, \quad x \ge 0

    Parameters
    ----------
    concentration : array_like of positive
        Shape :math:`\alpha`.
    rate : array_like of positive
        Rate :math:`\beta`, the reciprocal of the scale.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``gamma(a, scale=s)`` has ``concentration = a`` and ``rate = 1 / s``. The log density of
    a large shape is the saddle-point form of Loader (2000), which cancels no digits. Draws are made
    by Marsaglia and Tsang's method (2000, doi:10.1145/358407.358414), below shape 1 in the log: a
    draw is 0 only where the exact variate is below the smallest float. Their derivative in the
    shape is implicit: Figurnov, Mohamed, Mnih (2018), arXiv:1805.08498.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Gamma(concentration=2.5, rate=[1.0, 2.0])
    >>> d.mean()
    array([2.5 , 1.25])
    >>> d.cdf(3.0)
    array([0.69378108, 0.96521222])
    """

    concentration = Parameter(constraints.positive)
    rate = Parameter(constraints.positive)
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

    def __init__(self, concentration: Any, rate: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, concentration=concentration, rate=rate)

    def _in_regime(self) -> bool:
        """No shape is large enough for the saddle-point form."""
        return bool(np.all(self.concentration - 1.0 <= SADDLE_POINT))

    def _sampler(self) -> Sampler:
        """Without the boost where no shape needs it: the draws are the same, one noise fewer."""
        return UNBOOSTED if np.all(np.greater_equal(self.concentration, 1.0)) else self.kernels.sampler


UNBOOSTED = Sampler(draw, normals=1, uniforms=1, rejects=True, prepare=prepare_draw)


@kernel
def kl_gamma(a, b, c, d):
    # Where q's shape c would have p's mean and q's rate: the divergence is a Poisson one, and that of the shapes.
    m = a * (d / b)
    beyond, slope, excess = binet_parts(c, a)
    own = c * ratio_excess(m, c)
    # A quotient that overflows is all there is.
    kl = (own if own < INF else m) + (0.5 * excess + beyond)
    in_shape = log_quotient(c, m) + 0.5 * ((c - a) / a) / c + slope
    in_own = (m - c) / a + ((a - c) / a) * ((0.5 + binet_curvature(a)) / a)
    return kl, in_own, (c - m) / b, in_shape, (m - c) / d


@kernel
def kl_gamma_from_one(a, b, c, d):
    """The divergence of shapes from 1 on, else NaN."""
    own, excess = moderate_ratio_excesses(a * (d / b), c, c, a)
    kl = c * own + (0.5 * excess + moderate_binet_divergence(c, a))
    return kl if a >= 1.0 and c >= 1.0 else NAN


register_kl(Gamma, Gamma)(Formula(kl_gamma, quick=(kl_gamma_from_one,)))

AS_GAMMA = As("concentration, rate", "concentration, rate", "g[0], g[1]")


infinite(Gamma, "Beta", "ContinuousBernoulli", "Pareto", "Uniform")


@register_kl(Gamma, Normal)
@kernel
def kl_gamma_normal(a, rate, loc, scale):
    # How far the normal distribution of the same mean and variance is, and how far that is from the other.
    mean, spread = a / rate, sqrt(a) / rate
    beyond, slope = gamma_negentropy(a)
    kl, in_mean, in_spread, in_loc, in_scale = kl_normal(mean, spread, loc, scale)
    in_shape = slope + (in_mean + 0.5 * in_spread / sqrt(a)) / rate
    return beyond + kl, in_shape, -(mean * in_mean + spread * in_spread) / rate, in_loc, in_scale


@register_kl(Gamma, Laplace)
@kernel
def kl_gamma_laplace(a, rate, loc, scale):
    distance, in_shape, share, twice = gamma_distance(a, rate * loc)
    mean, unit = distance / rate, rate * scale
    beyond, slope = gamma_negentropy(a)
    # At the scale that is the mean distance, and how far that scale is from it.
    kl = beyond + (NEAREST_LAPLACE + log(ROOT_HALF_PI * (distance / sqrt(a)))) + deviance(scale, mean) / scale
    in_shape = slope + (in_shape / unit - 0.5 / a)
    return kl, in_shape, (unit - (twice - a * share)) / unit / rate, share / scale, (scale - mean) / scale / scale


@register_kl(Gamma, Gumbel)
@kernel
def kl_gamma_gumbel(a, rate, loc, scale):
    r = 1.0 / (rate * scale)
    beyond, slope = gamma_negentropy(a)
    curvature = log_curvature(r)
    # 2 a (r - log(1 + r)) stands for the square of the ratio of the scales, which it is for large shapes.
    square = a * r * (r * curvature)
    u = loc / scale - a * log1p(r)
    pull = expm1(u)
    kl = exp_excess(u) + (beyond + NEAREST_GUMBEL + 0.5 * (deviance(1.0, square) + log(curvature)))
    in_shape = slope + 0.5 * (square - 1.0) / a - pull * log1p(r)
    share = a * (r / (1.0 + r))
    own = r * share - 1.0
    return kl, in_shape, (pull * share - own) / rate, pull / scale, -(own + pull * (loc / scale - share)) / scale


@register_kl(Gamma, "Weibull")
@kernel(heavy=True)
def kl_gamma_weibull(a, rate, scale, concentration):
    k, mean = concentration, rate * scale
    beyond, rise = gammaln_divergence(a + k, a)
    curvature = binet_curvature(a)
    # What rounding takes off the sum, and the trigamma function.
    lost, bent = k - ((a + k) - a), (1.0 + (0.5 + curvature) / a) / a
    beyond, rise = beyond + lost * (rise + 0.5 * lost * bent), rise + lost * bent
    offset = log_quotient(a, mean) - log_minus_digamma(a)
    # Of a small shape the terms of the first would cancel for a concentration that is not as small.
    large = a > 1.0 or k < a
    u = beyond + k * offset if large else gammaln(a + k) - gammaln(a) - k * log(mean)
    drift = offset + rise if large else digamma(a + k) - log(mean)
    pull = expm1(u)
    if 0.4 < a < 2.5 and 0.4 < k < 2.5:
        # About shapes of 1, of which both are exponential distributions.
        near = gammaln_divergence(a + k, a + 1.0)[0] + deviance(1.0, k) + (k - 1.0) * ((1.0 - a) / a)
        rest = near + 0.5 * deviance(a, 1.0) / a + binet_divergence(1.0, a)[0]
    else:
        # In a large shape and a concentration of about its root the first is the square of a ratio of scales.
        w = 2.0 * beyond
        # It may be 0 where the concentration is below the rounding of the shape.
        narrow = w - 1.0 + (log_quotient(a, k) - log(k))
        rest = 0.5 * (narrow if w < 0.5 else deviance(1.0, w) + log(w / k * (a / k))) + NEAREST_GUMBEL
        rest = rest - (stirling_error(a) - a * binet_slope(a))
    r = k / a
    bend = -0.5 * r * r * (log_curvature(r) + 1.0 / (a + k))
    rise_beyond = bend + (binet_divergence(a + k, a)[1] - r * curvature / a)
    in_shape = pull * rise + rise_beyond + (0.5 + curvature) / a
    in_other = pull * drift + rise - 1.0 / k
    return exp_excess(u) + rest, in_shape, -k * pull / rate, -k * pull / scale, in_other


@register_kl(Gamma, "LogNormal")
@kernel
def kl_gamma_log_normal(a, rate, loc, scale):
    # The logarithm of a gamma variate, how far the normal distribution of its mean and variance is, and as above.
    curvature, variance = binet_curvature(a), trigamma(a)
    spread = sqrt(variance)
    beyond = 0.5 * log1p((0.5 + curvature) / a) + a * binet_slope(a) - stirling_error(a)
    gap = log_beyond(a, rate, loc) - log_minus_digamma(a)
    kl, in_mean, in_spread, in_loc, in_scale = kl_normal(gap, spread, 0.0, scale)
    bend = tetragamma(a)
    own = 0.5 * bend / variance + (0.5 + curvature) / a
    return beyond + kl, own + in_mean * variance + 0.5 * in_spread * bend / spread, -in_mean / rate, in_loc, in_scale


@register_kl(Gamma, "InverseGamma")
@kernel
def kl_gamma_inverse(a, b, c, d):
    """The divergence of an inverse gamma distribution from a gamma one, or of a gamma one from an inverse one."""
    finite = a > 1.0
    a = a if finite else 2.0
    curvature, slope, bend = inverse_curvature(a), binet_slope(a), binet_curvature(a)
    r = 1.0 / a
    y = b * d / (a - 1.0)
    # digamma(a) - log(a - 1)
    excess = 0.5 * r * (1.0 + r * curvature) + slope
    w = 2.0 * c * excess
    kl = deviance(c, y) + stirling_error(c) + 0.5 * deviance(1.0, w)
    kl = kl + 0.5 * log1p(r * curvature + 2.0 * a * slope) + (a * slope - stirling_error(a))
    in_shape = r * ((0.5 + bend) * (1.0 + c * r) + c) - y / (a - 1.0)
    in_other = log_quotient(c, y) - log_minus_digamma(c) + excess
    return (kl, in_shape, (y - c) / b, in_other, (y - c) / d) if finite else (INF, NAN, NAN, NAN, NAN)
