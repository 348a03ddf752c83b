"""Continuous uniform distribution."""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.beta import Beta, kl_beta_value
from fastdist.distributions.continuous_bernoulli import (
    ContinuousBernoulli,
    falling_log_norm,
    sinhc_excess,
    tilted_mean,
)
from fastdist.distributions.normal import Normal, kl_normal
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import Formula, register_kl
from fastdist.odds import log_odds, log_odds_slope
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.binet import binet_slope
from fastdist.special.dirichlet import LOSS
from fastdist.special.excess import ratio_excess
from fastdist.special.gamma import deviance, stirling_error
from fastdist.special.logs import exp_excess, log_quotient

LOG_2 = 0.69314718055994530942
INF, NAN = float("inf"), float("nan")


@kernel
def prepare(low, high):
    width = high - low
    return low, high, width, -log(width)


@kernel
def bounds(c):
    return c[0], c[1]


@kernel(single=True)
def log_prob(x, c):
    return c[3]


@kernel
def log_prob_and_grad(x, c):
    inv_width = 1.0 / c[2]
    return c[3], 0.0, inv_width, -inv_width


@kernel
def cdf(x, c):
    return (x - c[0]) / c[2]


@kernel
def sf(x, c):
    return (c[1] - x) / c[2]


@kernel
def log_cdf(x, c):
    low, high, width, _ = c
    p = (x - low) / width
    return log(p) if p < 0.5 else log1p(-(high - x) / width)


@kernel
def log_sf(x, c):
    low, high, width, _ = c
    q = (high - x) / width
    return log(q) if q < 0.5 else log1p(-(x - low) / width)


@kernel
def icdf(p, c):
    low, high, width, _ = c
    return low + width * p if p < 0.5 else high - width * (1.0 - p)


@kernel
def isf(q, c):
    low, high, width, _ = c
    return high - width * q if q < 0.5 else low + width * (1.0 - q)


@kernel
def cdf_and_grad(x, c):
    low, high, width, _ = c
    inv_width = 1.0 / width
    p, q = (x - low) / width, (high - x) * inv_width
    return p, inv_width, -q * inv_width, -p * inv_width


@kernel
def draw(noise, c):
    return c[0] + c[2] * noise[0]


@kernel
def sample_grad(x, c):
    low, high, width, _ = c
    return (high - x) / width, (x - low) / width


@kernel
def mean(low, high):
    return 0.5 * low + 0.5 * high


@kernel
def variance(low, high):
    width = high - low
    return width * width / 12.0


@kernel
def stddev(low, high):
    return (high - low) * SPREAD


@kernel
def skewness(low, high):
    return 0.0


@kernel
def kurtosis(low, high):
    return -1.2


@kernel
def mode(low, high):
    return low


@kernel
def entropy(low, high):
    return log(high - low)


@kernel
def wide(low, high):
    """Whether the ends are a finite distance above 0 apart."""
    return (low < high) & (high - low < inf)


class Uniform(Distribution):
    r"""Uniform distribution on an interval.

    .. math:: p(x) = \frac{1}{b - a}, \quad a \le x \le b

    Parameters
    ----------
    low : array_like of real
        Lower end :math:`a`.
    high : array_like of real
        Upper end :math:`b`, above `low`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``uniform(loc, scale)`` has ``loc = low`` and ``scale = high - low``. Both ends belong to
    the support, as there. The mode is every point of the interval; `low` is given. A float64 draw
    is ``low + (high - low) * u`` with 52 random bits and u strictly between 0 and 1.

    Raises
    ------
    ValueError
        If `low` is not below `high`, or an end is not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Uniform(low=-1.0, high=3.0)
    >>> d.cdf([-2.0, 0.0, 5.0])
    array([0.  , 0.25, 1.  ])
    """

    low = Parameter(constraints.real)
    high = Parameter(constraints.real)
    has_rsample = True
    _relations = (("low must be below high, by a finite difference", wide),)
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, uniforms=1),
        sample_grad=sample_grad,
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        median=mean,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, low: Any, high: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, low=low, high=high)

    @constraints.dependent_property()
    def support(self) -> Any:
        """The closed interval between the ends."""
        return constraints.interval(self.low, self.high)


@kernel
def kl_uniform(low, high, other_low, other_high):
    inner, outer = 1.0 / (high - low), 1.0 / (other_high - other_low)
    inside = other_low <= low and high <= other_high
    # By what one is wider, which keeps its digits where they are close.
    width, more = high - low, (other_high - high) + (low - other_low)
    kl = log1p(more / width) if more < 1e300 * width else log_quotient(other_high - other_low, width)
    return (kl, inner, -inner, -outer, outer) if inside else (INF, NAN, NAN, NAN, NAN)


@kernel
def kl_uniform_of_moderate_widths(low, high, other_low, other_high):
    """The divergence alone where the quotient of the widths does not overflow; else NaN."""
    width, more = high - low, (other_high - high) + (low - other_low)
    inside = other_low <= low and high <= other_high
    kl = log1p(more / width) if more < 1e300 * width else NAN
    return kl if inside else INF


register_kl(Uniform, Uniform)(Formula(kl_uniform, quick=(kl_uniform_of_moderate_widths,)))


# Other divergences. The slopes in the ends are those of the mean of h, the negative log density of q, less log(width):
# (h(high) - mean - 1) / width and (1 + mean - h(low)) / width.


@kernel
def log_gap(share):
    """How far the mean of the logarithm is below that of the mean, for a half width that is this share of the mean.

    It is the sum of share**(2 k) / (2 k (2 k + 1)).
    """
    square = share * share
    near = 0.0
    for c in GAP:
        near = fma(near, square, c)
    far = 0.5 * (deviance(1.0 - share, 1.0) - deviance(1.0 + share, 1.0)) / (share if share > 0.0 else 1.0)
    return square * near if share < 0.25 else far


GAP = tuple(1.0 / (2 * k * (2 * k + 1)) for k in range(13, 0, -1))


@kernel
def log_width(low, high):
    """The logarithm of the width of a part of the unit interval, also where it is almost all."""
    width = high - low
    return log1p((high - 1.0) - low) if width > 0.5 else log(width)


@kernel
def log_beyond_mean(part, other, gap):
    """log(part / other), of which `gap` is the difference."""
    relative = gap / other
    return log1p(relative) if abs(relative) < 0.5 else log_quotient(part, other)


@kernel
def lower_log(low, high, width, mean, gap):
    """The logarithm of the lower end less the mean of the logarithm."""
    return (log(low / mean) if low < 0.5 * high else log1p(-0.5 * width / mean)) + gap


@kernel
def upper_slope(power, low, high, width, mean, gap):
    """(1 - power) times how far the logarithm of the upper end is above the mean of the logarithm, less 1."""
    if low < 0.5 * high:
        part = low * (log(high / low) / width) if low > 0.0 else 0.0
        return -power - (1.0 - power) * part
    return (1.0 - power) * (log1p(0.5 * width / mean) + gap) - 1.0


@kernel
def times(power, infinite):
    """The product of a power and a logarithm that may be infinite: 0 if the power is."""
    return power * infinite if power != 0.0 else 0.0


@kernel
def kl_uniform_normal(low, high, loc, scale):
    value, in_mean, in_spread, in_loc, in_scale = kl_normal(0.5 * low + 0.5 * high, (high - low) * SPREAD, loc, scale)
    # What of this is the derivative of -log(width) is there already.
    return value + NEGENTROPY, 0.5 * in_mean - SPREAD * in_spread, 0.5 * in_mean + SPREAD * in_spread, in_loc, in_scale


# The standard deviation for width 1, and the divergence from the normal distribution of that.
SPREAD, NEGENTROPY = 0.28867513459481287, 0.17648520831067258


@kernel
def kl_uniform_gamma(low, high, c, rate):
    width, mean = high - low, 0.5 * low + 0.5 * high
    share = 0.5 * width / mean
    gap = log_gap(share)
    scaled = rate * mean
    value = deviance(c, scaled) + (stirling_error(c) - log(share * sqrt(c))) + (c - 1.0) * gap + HALF_LOG_HALF_PI
    in_c = log_quotient(c, scaled) + gap - (0.5 / c - binet_slope(c))
    steep = 0.5 * rate * width
    in_low = (1.0 + steep + times(c - 1.0, lower_log(low, high, width, mean, gap))) / width
    in_high = (steep + upper_slope(c, low, high, width, mean, gap)) / width
    inside = low >= 0.0
    return (value, in_low, in_high, in_c, (scaled - c) / rate) if inside else (INF, NAN, NAN, NAN, NAN)


HALF_LOG_2PI = 0.9189385332046728
HALF_LOG_HALF_PI = 0.22579135264472744


@kernel
def kl_uniform_exponential(low, high, rate):
    width, mean = high - low, 0.5 * low + 0.5 * high
    scaled = rate * mean
    value = deviance(1.0, scaled) + (1.0 + log(mean / width))
    in_low, in_high = 0.5 * rate + 1.0 / width, 0.5 * rate - 1.0 / width
    return (value, in_low, in_high, (scaled - 1.0) / rate) if low >= 0.0 else (INF, NAN, NAN, NAN)


@kernel
def kl_uniform_pareto_value(low, high, scale, alpha):
    mean = 0.5 * low + 0.5 * high
    gap = log_gap(0.5 * (high - low) / mean)
    rise = log_quotient(mean, scale) - gap  # the mean of log(x / scale)
    value = deviance(1.0, alpha * rise) + (1.0 + log(rise * (mean / (high - low))) - gap)
    return value if low >= scale else INF


@kernel
def kl_uniform_pareto(low, high, scale, alpha):
    width, mean = high - low, 0.5 * low + 0.5 * high
    gap = log_gap(0.5 * width / mean)
    rise = log_quotient(mean, scale) - gap
    value = kl_uniform_pareto_value(low, high, scale, alpha)
    in_low = (1.0 - (alpha + 1.0) * lower_log(low, high, width, mean, gap)) / width
    in_high = upper_slope(-alpha, low, high, width, mean, gap) / width
    inside = low >= scale
    return (value, in_low, in_high, -alpha / scale, rise - 1.0 / alpha) if inside else (INF, NAN, NAN, NAN, NAN)


@kernel(heavy=True)
def kl_uniform_gumbel(low, high, loc, scale):
    # The mean of exp(-z) is exp(-middle) sinh(half) / half, if z is within half of middle.
    half, middle = 0.5 * (high - low) / scale, (0.5 * low + 0.5 * high - loc) / scale
    if half < 1.0:
        excess = sinhc_excess(half)
        log_sinhc = log1p(excess)
        part = sinhc_excess(0.5 * half) + 1.0
        turn = middle - (0.5 * half * half * part * part - excess) / (1.0 + excess)
        over, under = (expm1(half) - excess) / (1.0 + excess), (expm1(-half) - excess) / (1.0 + excess)
    else:
        ends = falling_log_norm(2.0 * half)
        log_sinhc = half + ends
        turn = (low - loc) / scale + 1.0 - 2.0 * half / expm1(2.0 * half)
        over, under = expm1(-ends), expm1(-2.0 * half - ends)
    u = falling_log_norm(2.0 * half) - (low - loc) / scale if half > 1.0 else log_sinhc - middle
    mean = exp(u)
    value = exp_excess(u) + (1.0 + log_sinhc - log(2.0 * half))
    width = high - low
    in_low, in_high = (1.0 + half - mean * over) / width, (half + mean * under - 1.0) / width
    return value, in_low, in_high, expm1(u) / scale, (1.0 - middle + mean * turn) / scale


@kernel
def kl_uniform_gumbel_value(low, high, loc, scale):
    half, middle = 0.5 * (high - low) / scale, (0.5 * low + 0.5 * high - loc) / scale
    wide, ends = half > 1.0, falling_log_norm(2.0 * half)
    log_sinhc = half + ends if wide else log1p(sinhc_excess(half))
    u = ends - (low - loc) / scale if wide else log_sinhc - middle
    return exp_excess(u) + (1.0 + log_sinhc - log(2.0 * half))


@kernel
def kl_uniform_beta_rough(low, high, a, b):
    """The divergence where its parts hardly cancel, else NaN."""
    width, mean, rest, total = high - low, 0.5 * low + 0.5 * high, 0.5 * (1.0 - low) + 0.5 * (1.0 - high), a + b
    high_part = (a - 1.0) * log_gap(0.5 * width / mean)
    low_part = (b - 1.0) * log_gap(0.5 * width / rest)
    off = deviance(a, total * mean) + deviance(b, total * rest)
    added, taken = stirling_error(a) + stirling_error(b), stirling_error(total)
    share, spread = log(mean * (rest / width)), 0.5 * log(a / total * b)
    value = high_part + low_part + off + (added - taken) + (HALF_LOG_2PI + share - spread)
    size = abs(high_part) + abs(low_part) + off + added + taken + abs(share) + abs(spread) + 1.0
    value = value if size <= LOSS * value else NAN
    return value if low >= 0.0 and high <= 1.0 else INF


@kernel(heavy=True)
def kl_uniform_beta(low, high, a, b):
    if not (low >= 0.0 and high <= 1.0):
        return INF, NAN, NAN, NAN, NAN
    width, mean, rest = high - low, 0.5 * low + 0.5 * high, 0.5 * (1.0 - low) + 0.5 * (1.0 - high)
    share1, share0 = 0.5 * width / mean, 0.5 * width / rest
    gap1, gap0 = log_gap(share1), log_gap(share0)
    total = a + b
    if a < FEW and b < FEW:
        # What is beyond the divergence of the whole interval, the logarithms' mean of which is -1.
        lift1 = 1.0 + mean_log(low, high, mean, gap1)
        lift0 = 1.0 + mean_log(1.0 - high, 1.0 - low, rest, gap0)
        value = kl_beta_value(1.0, 1.0, a, b) - log_width(low, high) - (a - 1.0) * lift1 - (b - 1.0) * lift0
    else:
        value = (a - 1.0) * gap1 + (b - 1.0) * gap0 + deviance(a, total * mean) + deviance(b, total * rest)
        value += stirling_error(a) + stirling_error(b) - stirling_error(total)
        value += HALF_LOG_2PI + log(mean * (rest / width)) - 0.5 * log(a / total * b)
    off = 0.5 / total - binet_slope(total)
    lean = a * rest - b * mean
    in_a = log_beyond_mean(a, total * mean, lean) + gap1 - ((0.5 / a - binet_slope(a)) - off)
    in_b = log_beyond_mean(b, total * rest, -lean) + gap0 - ((0.5 / b - binet_slope(b)) - off)
    below, above = 1.0 - high, 1.0 - low
    in_low = times(a - 1.0, lower_log(low, high, width, mean, gap1)) - upper_slope(b, below, above, width, rest, gap0)
    in_high = upper_slope(a, low, high, width, mean, gap1) - times(b - 1.0, lower_log(below, above, width, rest, gap0))
    return value, in_low / width, in_high / width, in_a, in_b


FEW = 4.0


@kernel
def mean_log(low, high, mean, gap):
    """The mean of the logarithm, also next to the interval from 0 to 1."""
    part = low * log(low) if low > 0.0 else 0.0
    return (high * log(high) - part) / (high - low) - 1.0 if low < 0.25 * high else log(mean) - gap


@kernel(heavy=True)
def kl_uniform_continuous_bernoulli(low, high, weight, by_logits):
    u = log_odds(weight, by_logits)
    width, size, rising = high - low, abs(u), u > 0.0
    if not (low >= 0.0 and high <= 1.0):
        return INF, NAN, NAN, NAN
    # From the end where the density is larger.
    mean = 0.5 * (1.0 - low) + 0.5 * (1.0 - high) if rising else 0.5 * low + 0.5 * high
    if size < 1.0:
        value = log1p(sinhc_excess(0.5 * size)) + size * (mean - 0.5)
    else:
        value = falling_log_norm(size) + size * mean
    in_size = mean - tilted_mean(-size)
    in_weight = (in_size if rising else -in_size) * log_odds_slope(weight, by_logits)
    return value - log_width(low, high), 1.0 / width - 0.5 * u, -1.0 / width - 0.5 * u, in_weight


register_kl(Uniform, Beta)(Formula(kl_uniform_beta, quick=(kl_uniform_beta_rough,)))
register_kl(Uniform, ContinuousBernoulli)(kl_uniform_continuous_bernoulli)
register_kl(Uniform, "Exponential")(kl_uniform_exponential)
register_kl(Uniform, "Gamma")(kl_uniform_gamma)
register_kl(Uniform, "Gumbel")(Formula(kl_uniform_gumbel, value=kl_uniform_gumbel_value))
register_kl(Uniform, Normal)(kl_uniform_normal)
register_kl(Uniform, "Pareto")(Formula(kl_uniform_pareto, value=kl_uniform_pareto_value))


@register_kl(Uniform, "Laplace")
@kernel
def kl_uniform_laplace(low, high, loc, scale):
    width, below, above = high - low, loc - low, high - loc
    place = (below - above) / width
    inside = abs(place) <= 1.0
    excess = place * place if inside else 2.0 * abs(place) - 1.0
    distance = 0.25 * width * (1.0 + excess)
    # At the scale that is the mean distance from the location, and how far that scale is from it.
    kl = (1.0 - LOG_2) + log1p(excess) + ratio_excess(distance, scale)
    side = place if inside else (1.0 if place > 0.0 else -1.0)
    in_low = (distance - below) / width if inside else -0.5 * side
    in_high = (above - distance) / width if inside else -0.5 * side
    slopes = in_low / scale + 1.0 / width, in_high / scale - 1.0 / width
    return kl, *slopes, side / scale, (scale - distance) / scale / scale
