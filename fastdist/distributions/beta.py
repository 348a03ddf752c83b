"""Beta distribution."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, interpolate
from fastdist.chain_rule import slopes_of_draws
from fastdist.distribution import Distribution
from fastdist.distributions.continuous_bernoulli import ContinuousBernoulli, sinhc_excess, tilted_mean
from fastdist.distributions.normal import NEAREST_LAPLACE, Normal, kl_normal
from fastdist.engine.kernel import kernel
from fastdist.forward.dual import without_tangent
from fastdist.kernels import Kernels
from fastdist.kl import Formula, infinite, register_kl
from fastdist.odds import log_odds, log_odds_slope
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants, propose_gamma, propose_log_gamma
from fastdist.random.sampling import Sampler
from fastdist.special.beta import betaln, digamma_rise, log_curvature
from fastdist.special.binet import (
    beyond_deviance,
    binet_divergence,
    binet_slope,
    gamma_negentropy,
    moderate_binet_divergence,
)
from fastdist.special.dirichlet import (
    LOSS,
    SQUARED_ULP,
    binet_bend,
    binet_rises,
    curvature_fall,
    part_divergence,
    part_slopes,
    share_divergence,
    share_slopes,
    total_slopes,
)
from fastdist.special.excess import log_excess, moderate_ratio_excess, moderate_ratio_excesses, ratio_excess
from fastdist.special.gamma import deviance, deviance_of_gap, log_minus_digamma, stirling_error
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
from fastdist.special.logs import expit, log1mexp, log_quotient

ROOT_HALF_PI = 1.25331413731550025121
INF, NAN = float("inf"), float("nan")
HALF_LOG_2PI = 0.91893853320467274178

# Where both exponents exceed this the terms of the log density cancel: use the saddle-point form.
SADDLE_POINT = 15.0

# The coefficients of Stirling's series from the second on, B(2k) / (2k (2k - 1)), for shapes from LARGE on.
STIRLING = (-1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360360.0, 1.0 / 156.0, -3617.0 / 122400.0)
LARGE = 16.0


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
    near, far = x > 0.0, x < 1.0
    return log_norm + (a * log(x) if a != 0.0 or near else 0.0) + (b * log1p(-x) if b != 0.0 or far else 0.0)


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
    return (a / x if a != 0.0 or x > 0.0 else 0.0) - (b / y if b != 0.0 or y > 0.0 else 0.0)


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


def slope_of_share(own: Any, other: Any, share: Any, rest: Any) -> Any:
    """The derivative of a beta variate in its own concentration; all may carry tangents.

    It is taken of the lesser of the variate and what it leaves, which has more digits.
    """
    less = without_tangent(share) < without_tangent(rest)
    d = Beta(np.where(less, own, other), np.where(less, other, own), validate_args=False)
    slopes = slopes_of_draws(d, np.where(less, share, rest))
    return np.where(less, slopes["concentration1"], -slopes["concentration0"])


_UNBOOSTED = Sampler(draw, normals=2, uniforms=2, rejects=True, prepare=prepare_draw)


@kernel
def kl_beta_from_one(a, b, c, d):
    """:func:`kl_beta_rough` of concentrations from 1 on, with fewer divisions; else NaN."""
    scale = (c + d) / (a + b)
    own, rest = moderate_ratio_excesses(a * scale, c, b * scale, d)
    first, second = moderate_ratio_excesses(c, a, d, b)
    parts = 0.5 * (first + second) + (moderate_binet_divergence(c, a) + moderate_binet_divergence(d, b))
    taken = 0.5 * moderate_ratio_excess(c + d, a + b) + moderate_binet_divergence(c + d, a + b)
    value = _rough_sum(c, d, own, rest, parts, taken)
    return value if a >= 1.0 and b >= 1.0 and c >= 1.0 and d >= 1.0 else NAN


@kernel
def kl_beta_rough(a, b, c, d):
    """The divergence where its parts hardly cancel, else NaN."""
    scale = (c + d) / (a + b)
    parts = beyond_deviance(c, a) + beyond_deviance(d, b)
    own, rest = ratio_excess(a * scale, c), ratio_excess(b * scale, d)
    return _rough_sum(c, d, own, rest, parts, beyond_deviance(c + d, a + b))


@kernel
def _rough_sum(c, d, own, rest, parts, taken):
    value = c * own + d * rest + (parts - taken)
    return value if parts + taken + SQUARED_ULP * (c + d) <= LOSS * value and value < INF else NAN


@kernel(heavy=True)
def kl_beta_value(concentration1, concentration0, other1, other0):
    a, b, c, d = concentration1, concentration0, other1, other0
    scale = (c + d) / (a + b)
    if a >= b:
        return share_divergence(c, d, a, b) + part_divergence(d, b, scale)
    return share_divergence(d, c, b, a) + part_divergence(c, a, scale)


@kernel(heavy=True)
def kl_beta(concentration1, concentration0, other1, other0):
    a, b, c, d = concentration1, concentration0, other1, other0
    scale = (c + d) / (a + b)
    totals = total_slopes(c + d, a + b)
    if a >= b:
        in_c, in_a = share_slopes(c, d, a, b)
        in_d, in_b = part_slopes(d, b, scale, *totals)
    else:
        in_d, in_b = share_slopes(d, c, b, a)
        in_c, in_a = part_slopes(c, a, scale, *totals)
    return kl_beta_value(a, b, c, d), in_a, in_b, in_c, in_d


register_kl(Beta, Beta)(Formula(kl_beta, value=kl_beta_value, quick=(kl_beta_from_one, kl_beta_rough)))


@kernel
def kl_beta_uniform_rough(concentration1, concentration0, low, high):
    value = kl_beta_rough(concentration1, concentration0, 1.0, 1.0) + log1p((high - 1.0) - low)
    return value if low <= 0.0 and high >= 1.0 else INF


@kernel
def kl_beta_uniform_value(concentration1, concentration0, low, high):
    value = kl_beta_value(concentration1, concentration0, 1.0, 1.0) + log1p((high - 1.0) - low)
    return value if low <= 0.0 and high >= 1.0 else INF


@kernel
def kl_beta_uniform(concentration1, concentration0, low, high):
    value, in_one, in_zero, _, _ = kl_beta(concentration1, concentration0, 1.0, 1.0)
    inverse = 1.0 / (high - low)
    value += log1p((high - 1.0) - low)
    inside = low <= 0.0 and high >= 1.0
    return (value, in_one, in_zero, -inverse, inverse) if inside else (INF, NAN, NAN, NAN, NAN)


@kernel(heavy=True)
def kl_beta_gamma(a, b, c, rate):
    """The deviances of the means and of the squares of the relative deviations, and what the Binet function adds."""
    total = a + b
    mean, rest, ratio = a / total, b / total, a / b
    # By how much the first exceed the second: differences of what is given, where there are such.
    mean_gap = (c - rate) + rate * rest if ratio > 1.0 else c - rate * mean
    square = c / a * rest
    square_gap = square - 1.0 if ratio > 1.0 else (c - a) / a - c / total
    if abs(square_gap) < 0.5:
        excess = log_excess(1.0 + square_gap, square_gap)
    else:
        excess = (square - 1.0) - (log_quotient(c, a) + log_quotient(b, total))
    beyond, slope = binet_divergence(c, a)
    if ratio < 0.25:
        rise, turn = binet_rises(b, a)
    else:
        rise, turn = stirling_error(total) - stirling_error(b), binet_slope(total) - binet_slope(b)
    if ratio > 4.0:
        # Both shapes are about the total.
        near, moved = binet_rises(a, b)
        beyond = stirling_error(c) - stirling_error(b) + (near + (c - a) * moved) - (b - 1.0) * turn
    else:
        beyond = beyond + (c - a) * binet_slope(total) + (rise - (b - 1.0) * turn)
    value = deviance_of_gap(c, rate * mean, mean_gap) + 0.5 * (excess + ratio / total) + beyond
    gap, bend = 0.5 / total - binet_slope(total), binet_bend(total)
    fall = rest / a * (1.0 + 0.5 * (1.0 / a + 1.0 / total)) + curvature_fall(a, b)  # of the trigamma function
    in_a = 0.5 / a + a * binet_bend(a) + 0.5 * (1.0 / total + 1.0 / total / total) - (total - 1.0) * bend
    in_a += rate * rest / total - c * fall
    in_b = mean_gap / total + c * (0.5 / total / total + bend)
    in_b += ((b - 1.0) * curvature_fall(b, a) - a * bend) - 0.5 * (ratio / total) * (1.0 + 1.0 / b + 1.0 / total)
    in_c = log_quotient(c, rate * mean) + (0.5 * ((c - a) / a) / c + slope - gap)
    return value, in_a, in_b, in_c, -mean_gap / rate


@kernel
def kl_beta_gamma_rough(a, b, c, rate):
    """The divergence where its parts hardly cancel, else NaN."""
    total = a + b
    mean, ratio = a / total, a / b
    above, below = stirling_error(total), stirling_error(b)
    steep, flat = binet_slope(total), binet_slope(b)
    moved = (b - 1.0) * (steep - flat)
    rise, gap = log1p(ratio), (a - c) * (0.5 / total - steep)
    value = deviance(c, rate * mean) + beyond_deviance(c, a)
    size = value + abs(gap) + rise + mean + above + below + abs(b - 1.0) * abs(steep + flat) + SQUARED_ULP * c
    value += gap + 0.5 * (rise - mean + ratio / total) + (above - below - moved)
    return value if size <= LOSS * value else NAN


@kernel
def kl_beta_exponential_rough(concentration1, concentration0, rate):
    return kl_beta_gamma_rough(concentration1, concentration0, 1.0, rate)


@kernel
def kl_beta_continuous_bernoulli_rough(concentration1, concentration0, weight, by_logits):
    u = log_odds(weight, by_logits)
    size = abs(u)
    a = concentration0 if u > 0.0 else concentration1
    b = concentration1 if u > 0.0 else concentration0
    steep = kl_beta_gamma_rough(a, b, 1.0, size)
    cut = log1mexp(-size)
    steep = steep + cut if steep > -2.0 * cut else NAN
    known, shape, tilt = (
        kl_beta_rough(a, b, 1.0, 1.0),
        log1p(sinhc_excess(0.5 * size)),
        0.5 * size * ((a - b) / (a + b)),
    )
    flat = known + shape + tilt
    flat = flat if known + shape + abs(tilt) <= LOSS * flat else NAN
    return steep if size > 1.0 else flat


@kernel
def kl_beta_exponential(concentration1, concentration0, rate):
    value, in_one, in_zero, _, in_rate = kl_beta_gamma(concentration1, concentration0, 1.0, rate)
    return value, in_one, in_zero, in_rate


@kernel(heavy=True)
def kl_beta_continuous_bernoulli(concentration1, concentration0, weight, by_logits):
    """As from the exponential distribution that is cut at 1, from the end where the other density is larger."""
    u = log_odds(weight, by_logits)
    rising, size = u > 0.0, abs(u)
    a = concentration0 if rising else concentration1
    b = concentration1 if rising else concentration0
    total = a + b
    if size > 1.0:
        value, in_a, in_b, _, _ = kl_beta_gamma(a, b, 1.0, size)
        value += log1mexp(-size)
    else:
        value, in_a, in_b, _, _ = kl_beta(a, b, 1.0, 1.0)
        value += log1p(sinhc_excess(0.5 * size)) + 0.5 * size * ((a - b) / total)
        in_a, in_b = in_a + size * (b / total) / total, in_b - size * (a / total) / total
    in_size = a / total - tilted_mean(-size)
    in_weight = (in_size if rising else -in_size) * log_odds_slope(weight, by_logits)
    return (value, in_b, in_a, in_weight) if rising else (value, in_a, in_b, in_weight)


@kernel(heavy=True)
def beta_negentropy(a, b):
    """The divergence from the normal distribution of the same mean and variance.

    Where both shapes are large its leading terms are joined, which cancel for equal ones.
    """
    n = a + b
    if a < LARGE or b < LARGE:
        excess = gamma_negentropy(a)[0] + gamma_negentropy(b)[0] - gamma_negentropy(n)[0]
        return excess - 0.5 / n + binet_slope(n) - 0.5 * log1p(1.0 / n)
    r, s, t = 1.0 / a, 1.0 / b, 1.0 / n
    skew = (a - b) / n
    value = skew * skew * (n * r * s) / 3.0 + (r * r + s * s - 2.0 * t * t) / 12.0 + 0.25 * t * t * log_curvature(t)
    u, v, w = r * r * r, s * s * s, t * t * t
    power = 2.0
    for c in STIRLING:
        power += 2.0
        value += c * ((power - 1.0) * (u * r + v * s - 2.0 * w * t) - power * (u + v - w))
        u, v, w = u * r * r, v * s * s, w * t * t
    return value


@kernel
def kl_beta_normal(concentration1, concentration0, loc, scale):
    a, b = concentration1, concentration0
    n = a + b
    mean, variance = a / n, (a / n) * (b / n) / (n + 1.0)
    spread = sqrt(variance)
    value, in_mean, in_spread, in_loc, in_scale = kl_normal(mean, spread, loc, scale)
    shared = 0.5 / n * (1.0 / n + 1.0 / (n + 1.0)) + binet_bend(n) - gamma_negentropy(n)[1]
    fall = 2.0 / n + 1.0 / (n + 1.0)
    in_a = gamma_negentropy(a)[1] + shared + in_mean * (b / n) / n + 0.5 * in_spread * spread * (1.0 / a - fall)
    in_b = gamma_negentropy(b)[1] + shared - in_mean * (a / n) / n + 0.5 * in_spread * spread * (1.0 / b - fall)
    return beta_negentropy(a, b) + value, in_a, in_b, in_loc, in_scale


register_kl(Beta, ContinuousBernoulli)(
    Formula(kl_beta_continuous_bernoulli, quick=(kl_beta_continuous_bernoulli_rough,))
)
register_kl(Beta, "Exponential")(Formula(kl_beta_exponential, quick=(kl_beta_exponential_rough,)))
register_kl(Beta, "Gamma")(Formula(kl_beta_gamma, quick=(kl_beta_gamma_rough,)))
register_kl(Beta, Normal)(kl_beta_normal)
register_kl(Beta, "Uniform")(Formula(kl_beta_uniform, value=kl_beta_uniform_value, quick=(kl_beta_uniform_rough,)))
infinite(Beta, "Pareto")


@register_kl(Beta, "Laplace")
@kernel(heavy=True)
def kl_beta_laplace(concentration1, concentration0, loc, scale):
    a, b = concentration1, concentration0
    n = a + b
    mean, rest = a / n, b / n
    spread = sqrt(mean * rest / (n + 1.0))
    gap = loc - mean if mean < 0.5 else (loc - 1.0) + rest
    if loc <= 0.0 or loc >= 1.0:
        share, pulled, in_a, in_b = (1.0 if loc > 0.5 else -1.0), 0.0, 0.0, 0.0
    else:
        log_norm = prepare(a, b)
        constants = betainc_constants(a, b)
        below, above, slope1, slope0 = betainc_grad_prepared(loc, 1.0 - loc, constants)
        share = below - above
        # The density times x (1 - x) is what the terms beside the cdf have in common.
        pulled = 2.0 / n * exp(log_prob(loc, log_norm) + log(loc) + log1p(-loc))
        offset = log_minus_digamma(n)
        log_mean = log(mean) if mean < 0.5 else -log1p(b / a)
        log_rest = log(rest) if rest < 0.5 else -log1p(a / b)
        fall1 = log(loc) - log_mean + (log_minus_digamma(a) - offset)
        fall0 = log1p(-loc) - log_rest + (log_minus_digamma(b) - offset)
        in_a = 2.0 * gap * slope1 + pulled * (fall1 - 1.0 / n)
        in_b = 2.0 * gap * slope0 + pulled * (fall0 - 1.0 / n)
    distance = gap * share + pulled
    in_a, in_b = in_a - share * rest / n, in_b + share * mean / n
    # The normal distribution of the same mean and variance, the nearest scale, and how far that is from the other.
    beyond, slope_a, slope_b, _, _ = kl_beta_normal(a, b, mean, spread)
    kl = beyond + (NEAREST_LAPLACE + log(ROOT_HALF_PI * (distance / spread))) + ratio_excess(distance, scale)
    fall = 2.0 / n + 1.0 / (n + 1.0)
    slopes = slope_a + (in_a / scale - 0.5 * (1.0 / a - fall)), slope_b + (in_b / scale - 0.5 * (1.0 / b - fall))
    return kl, *slopes, share / scale, (scale - distance) / scale / scale
