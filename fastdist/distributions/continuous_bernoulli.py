"""Continuous Bernoulli distribution."""

from __future__ import annotations

from math import cosh, exp, expm1, factorial, log, log1p, sinh, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.bernoulli import odds_gap
from fastdist.distributions.normal import Normal, kl_normal
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.engine.pairs import derivative
from fastdist.kernels import Kernels
from fastdist.kl import Formula, infinite, register_kl
from fastdist.odds import finite_logits, inner_probs, log_odds, log_odds_slope
from fastdist.random.sampling import Sampler
from fastdist.special.excess import ratio_excess
from fastdist.special.gamma import deviance
from fastdist.special.logs import exp_excess, expit, log1mexp
from fastdist.special.quadrature import NODES_8, WEIGHTS_8

INF, NAN = float("inf"), float("nan")
PI = 3.14159265358979323846
HALF_LOG_2PI_E = 1.4189385332046727

# Below this size of the log odds the density is 1 to the last digit.
UNIFORM = 1e-17
# Above it exp(logits) overflows, or soon will.
STEEP = 700.0
# From this half of the size of the log odds on the variance is that of an exponential distribution.
STEEP_HALF = 25.0
# Up to it the cumulants are integrated: their closed forms cancel.
FLAT = 10.0
# The double-exponential rule on [0, 1]: exact to 1e-17 for exponentials that vary by exp(FLAT).
LEFT, STEP, STEPS = -3.4, 0.068, 101


# The mean is 1/2 and a series in odd powers of the log odds, B_2n / (2n)! (DLMF 24.2.1); its derivatives are the
# cumulants.
MEAN = (0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07, 2.08767569878681e-08,
        -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13, 8.586062056277845e-15,
        -2.174868698558062e-16, 5.5090028283602295e-18, -1.3954464685812522e-19)  # fmt: skip
SECOND = tuple(b * (2 * i + 1) for i, b in enumerate(MEAN))
THIRD = tuple(b * 2 * i for i, b in enumerate(SECOND))[1:]
SINHC = tuple(1.0 / factorial(k) for k in range(23, 1, -2))
FOURTH = tuple(b * (2 * i + 1) for i, b in enumerate(THIRD))


@kernel
def tilted_mean(u):
    """The mean for log odds u, 1 / (1 - exp(-u)) - 1 / u."""
    v = u * u
    odd = fma(v, fma(v, -2.174868698558062e-16, 8.586062056277845e-15), -3.3896802963225827e-13)
    odd = fma(v, fma(v, fma(v, odd, 1.3382536530684679e-11), -5.284190138687493e-10), 2.08767569878681e-08)
    odd = fma(v, fma(v, fma(v, odd, -8.267195767195768e-07), 3.306878306878307e-05), -0.001388888888888889)
    near = fma(u, fma(v, odd, 0.08333333333333333), 0.5)
    size = abs(u)
    far = 1.0 / size - 1.0 / expm1(size)
    return near if size < 1.0 else (far if u < 0.0 else 1.0 - far)


@kernel
def tilted_share(t):
    """(1 - exp(-t)) / t for t >= 0."""
    return 1.0 if t <= 1e-300 else -expm1(-t) / t


@derivative(tilted_share)
@kernel
def tilted_share_slope(result, t):
    return -result * tilted_mean(-t)


@kernel
def prepare(weight, by_logits):
    """The log odds, the log density at a point, the mean's distance from the higher end; the size of the log odds.

    The point is the higher end, or the middle of a flat density, the log of which is small everywhere.
    """
    logits = log_odds(weight, by_logits)
    size = abs(logits)
    share = -expm1(-size)
    top = 1.0 / tilted_share(size)
    flat = size < 1.0
    log_density = -log1p(sinhc_excess(0.5 * size if flat else 0.0)) if flat else log(top)
    point = 0.5 if flat else (0.0 if logits < 0.0 else 1.0)
    return logits, log_density, tilted_mean(-size), log_odds_slope(weight, by_logits), size, share, top, point


@kernel
def log_prob(x, c):
    return c[1] + c[0] * (x - c[7])


@kernel
def log_prob_and_grad(x, c):
    logits, mean_distance = c[0], c[2]
    score = x - mean_distance if logits < 0.0 else (x - 1.0) + mean_distance
    return log_prob(x, c), logits, score * c[3]


@kernel
def falling_part(x, size, share, top):
    """The probability of [0, x] if the density falls by exp(size) from top, and share is 1 - exp(-size)."""
    product = size * x
    return -expm1(-product) / share if product > UNIFORM else x * top


@derivative(falling_part)
@kernel
def falling_part_slopes(result, x, size, share, top):
    # The last two follow the size.
    return exp(-size * x) * top, result * (tilted_mean(-size) - x * tilted_mean(-size * x)), 0.0, 0.0


@kernel
def falling_mass(x, c):
    return falling_part(x, c[4], c[5], c[6])


@kernel
def mass(x, rest, rising, c):
    """The probability of [0, x], with rest = 1 - x."""
    return falling_mass(x, c) * (exp(-c[4] * rest) if rising else 1.0)


@kernel
def log_mass(x, rest, rising, c):
    return log(falling_mass(x, c)) - (c[4] * rest if rising else 0.0)


@kernel
def cdf(x, c):
    return mass(x, 1.0 - x, c[0] >= 0.0, c)


@kernel
def sf(x, c):
    return mass(1.0 - x, x, c[0] < 0.0, c)


@kernel
def log_cdf(x, c):
    upper = sf(x, c)
    return log1p(-upper) if upper < 0.5 else log_mass(x, 1.0 - x, c[0] >= 0.0, c)


@kernel
def log_sf(x, c):
    lower = cdf(x, c)
    return log1p(-lower) if lower < 0.5 else log_mass(1.0 - x, x, c[0] < 0.0, c)


@kernel
def falling_quantile(p, q, c):
    """The x with cdf p = 1 - q of a density that falls by exp(size)."""
    size, part = c[4], p * c[5]
    if part < UNIFORM:
        return p / c[6]
    return -(log1p(-part) if part < 0.5 else log(q + p * exp(-size))) / size


@kernel
def quantile(p, q, c):
    """The x with cdf p = 1 - q."""
    size = c[4]
    if c[0] < 0.0:
        return falling_quantile(p, q, c)
    if q < 0.5:
        return 1.0 - falling_quantile(q, p, c)
    if size > STEEP:
        return 1.0 + log(p + q * exp(-size)) / size
    part = p * expm1(size)
    return log1p(part) / size if part > UNIFORM else p / c[6] * exp(size)


@kernel
def icdf(p, c):
    return quantile(p, 1.0 - p, c)


@kernel
def isf(q, c):
    return quantile(1.0 - q, q, c)


@kernel
def falling_slope(x, y, c):
    """Derivative in the log odds of the cdf at x = 1 - y, over the density, if that falls by exp(size)."""
    size, share = c[4], c[5]
    if size > 1.0:
        return (falling_mass(x, c) * exp(-size * y) - x if x < 0.5 else y + expm1(-size * y) / share) / size
    if x < 0.5:
        tail, far, tilt = falling_mass(x, c), x, -size
    else:
        tail, far, tilt = falling_mass(y, c) * exp(-size * x), y, size
    return tail * (far * tilted_mean(tilt * far) - tilted_mean(tilt)) / (c[6] * exp(-size * x))


@kernel
def sample_grad(x, c):
    falling = c[0] < 0.0
    return -falling_slope(x if falling else 1.0 - x, 1.0 - x if falling else x, c) * c[3]


@kernel
def cdf_and_grad(x, c):
    density = exp(log_prob(x, c))
    return cdf(x, c), density, -sample_grad(x, c) * density


@kernel
def draw(noise, c):
    return icdf(noise[0], c)


@kernel(heavy=True)
def moments(size):
    """Mean and second to fourth central moments for log odds of -size."""
    mean, rest = tilted_mean(-size), exp(-size)
    if size > FLAT:
        share, unit = 1.0 - rest, 1.0 / size
        second = unit * unit - rest / (share * share)
        third = 2.0 * unit * unit * unit - rest * (1.0 + rest) / (share * share * share)
        square = unit * unit
        fourth = 6.0 * square * square - rest * (1.0 + rest * (4.0 + rest)) / (share * share * share * share)
        return mean, second, third, fourth + 3.0 * second * second
    second, third, fourth = 0.0, 0.0, 0.0
    if size < 1.0:  # derivatives of the mean's series
        square, power = size * size, 1.0
        for i in range(11):
            second += SECOND[i] * power
            third -= THIRD[i] * power * size
            fourth += FOURTH[i] * power
            power *= square
        return mean, second, third, fourth + 3.0 * second * second
    top = size / -expm1(-size)
    for i in range(STEPS):
        t = LEFT + STEP * i
        x = expit(PI * sinh(t))
        weight = STEP * PI * cosh(t) * x * (1.0 - x) * top * exp(-size * x)
        distance = x - mean
        square = distance * distance
        second += weight * square
        third += weight * square * distance
        fourth += weight * square * square
    return mean, second, third, fourth


@kernel
def mean(weight, by_logits):
    return tilted_mean(log_odds(weight, by_logits))


@kernel
def variance(weight, by_logits):
    return moments(abs(log_odds(weight, by_logits)))[1]


@kernel
def skewness(weight, by_logits):
    logits = log_odds(weight, by_logits)
    _, second, third, _ = moments(abs(logits))
    y = third / (second * sqrt(second))
    return y if logits < 0.0 else 0.0 - y


@kernel
def kurtosis(weight, by_logits):
    _, second, _, fourth = moments(abs(log_odds(weight, by_logits)))
    return fourth / second / second - 3.0


@kernel
def mode(weight, by_logits):
    logits = log_odds(weight, by_logits)
    return 1.0 if logits > 0.0 else (0.0 if logits <= 0.0 else logits)


@kernel
def entropy(weight, by_logits):
    u = log_odds(weight, by_logits)
    if abs(u) < 1.0:  # the divergence from the uniform distribution, taken away: elsewhere two terms would cancel
        return 0.0 - tilt_divergence(u, 0.0, -u)[0]
    _, log_top, mean_distance, _, size, _, _, _ = prepare(weight, by_logits)
    return size * mean_distance - log_top


class ContinuousBernoulli(Distribution):
    r"""Continuous Bernoulli distribution: an exponential curve over the unit interval.

    .. math::

        p(x) = C\, \lambda^x (1 - \lambda)^{1-x}, \quad C = \frac{\operatorname{logit} \lambda}{2\lambda - 1},
        \quad 0 \le x \le 1

    Parameters
    ----------
    probs : array_like of (0, 1)
        Parameter :math:`\lambda`, which is not the mean. Exactly one of `probs` and `logits` is given.
    logits : array_like of real
        Log odds of `probs`, the slope of the log density.
    lims : tuple of float, optional
        Taken and not used, so that arguments stand where torch has them.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``truncexpon(b, scale=1 / b)`` has ``logits = -b``. torch takes a Taylor series between `lims`;
    here every formula holds at and near ``probs = 1/2``. The mode is
    every point of the interval at ``probs = 1/2``; 0 is given. Draws are quantiles of uniform noise.
    Source: Loaiza-Ganem, Cunningham (2019), arXiv:1907.06845.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, or a parameter is outside its set.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.ContinuousBernoulli(probs=[0.25, 0.5, 0.5000001])
    >>> d.mean()
    array([0.41023923, 0.5       , 0.50000003])
    """

    probs = inner_probs()
    logits = finite_logits()
    support = constraints.unit_interval
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
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
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, probs: Any = None, logits: Any = None, lims: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits})


# Divergences. The log normaliser is A(u) = log((exp(u) - 1) / u), with the mean and the variance as derivatives.


@kernel
def sinhc_bend(x):
    """(sinh(x) / x - 1) / x**2 for x >= 0: 1/6 at 0."""
    square = x * x
    near = 0.0
    for c in SINHC:
        near = fma(near, square, c)
    return near if x < 1.5 else (sinh(x) / x - 1.0) / square


@kernel
def sinhc_excess(x):
    """sinh(x) / x - 1 for x >= 0."""
    return x * x * sinhc_bend(x)


@kernel
def tilted_variance(u):
    """The variance for log odds u, 1 / u**2 - 1 / (2 sinh(u / 2))**2."""
    half = 0.5 * abs(u)
    bend = sinhc_bend(half if half < STEEP_HALF else 1.0)
    whole = 1.0 + half * half * bend
    far = 1.0 / u / u if half > 0.0 else 0.0
    return 0.25 * bend * (1.0 + whole) / whole / whole if half < STEEP_HALF else far


@derivative(tilted_mean)
@kernel
def tilted_mean_slope(result, u):
    return tilted_variance(u)


@kernel
def falling_log_norm(size):
    """A(-size)."""
    return log(-expm1(-size) / size) if size > UNIFORM else 0.0


@kernel(heavy=True)
def tilt_divergence(u, v, gap):
    """The divergence of log odds v = u + gap from u, and the difference of the means.

    A Bregman divergence of A: close to each other by Gauss's rule over the variance. Other log odds are turned so that
    the first density falls.
    """
    size, step = abs(u), -gap if u >= 0.0 else gap
    if abs(step) < 2.0 or abs(step) < 0.3 * size:
        value, moved = 0.0, 0.0
        for i in range(4):
            for node in (NODES_8[i], 1.0 - NODES_8[i]):
                variance = WEIGHTS_8[i] * tilted_variance(step * node - size)
                value += (1.0 - node) * variance
                moved += variance
        return step * step * value, gap * moved
    other, mean = -v if u >= 0.0 else v, tilted_mean(-size)
    value = falling_log_norm(abs(other)) - falling_log_norm(size)
    value += other * (1.0 - mean) - size * mean if other > 0.0 else -step * mean
    moved = tilted_mean(other) - mean
    return value, -moved if u >= 0.0 else moved


@kernel
def rough_tilt(u, v):
    """The divergence of log odds v from u where its parts hardly cancel, else NaN; by A(u) - u / 2, which is even."""
    gap = v - u
    taken, added = log1p(sinhc_excess(0.5 * abs(u))), log1p(sinhc_excess(0.5 * abs(v)))
    value = added - taken - gap * (tilted_mean(u) - 0.5)
    return value if taken + added + 0.5 * abs(gap) <= LOSS * value else NAN


# Log odds beyond are turned, for densities that fall.
STEEP_ROUGH = 30.0
LOSS = 32.0


@kernel
def kl_continuous_bernoulli_rough(weight, by_logits, other, other_by_logits):
    u, v = log_odds(weight, by_logits), log_odds(other, other_by_logits)
    value = rough_tilt(u if abs(u) < STEEP_ROUGH else 0.0, v if abs(v) < STEEP_ROUGH else 0.0)
    return value if abs(u) < STEEP_ROUGH and abs(v) < STEEP_ROUGH else NAN


@kernel
def kl_continuous_bernoulli_uniform_rough(weight, by_logits, low, high):
    u = log_odds(weight, by_logits)
    value = rough_tilt(u if abs(u) < STEEP_ROUGH else 0.0, 0.0) + log1p((high - 1.0) - low)
    return (value if abs(u) < STEEP_ROUGH else NAN) if low <= 0.0 and high >= 1.0 else INF


@kernel
def kl_continuous_bernoulli_exponential_rough(weight, by_logits, rate):
    u = log_odds(weight, by_logits)
    mean = tilted_mean(u)
    value = deviance(1.0, rate * mean) + (1.0 + log(mean))
    value += rough_tilt(u if abs(u) < STEEP_ROUGH else 0.0, 0.0)
    return value if abs(u) < STEEP_ROUGH and value > 0.125 else NAN


@kernel(heavy=True)
def kl_continuous_bernoulli(weight, by_logits, other, other_by_logits):
    u, v = log_odds(weight, by_logits), log_odds(other, other_by_logits)
    gap = odds_gap(other, other_by_logits, weight, by_logits)
    value, moved = tilt_divergence(u, v, gap)
    in_weight = -gap * tilted_variance(u) * log_odds_slope(weight, by_logits)
    return value, in_weight, moved * log_odds_slope(other, other_by_logits)


@kernel(heavy=True)
def kl_continuous_bernoulli_exponential(weight, by_logits, rate):
    u = log_odds(weight, by_logits)
    size, mean = abs(u), tilted_mean(u)
    if u < -1.0:  # an exponential distribution that is cut at 1
        value = deviance(size, rate) / size - log1mexp(-size) - (rate - size) / expm1(size)
    else:
        value = deviance(1.0, rate * mean) + (1.0 + log(mean)) + tilt_divergence(u, 0.0, -u)[0]
    in_weight = (rate + u) * tilted_variance(u) * log_odds_slope(weight, by_logits)
    return value, in_weight, (rate * mean - 1.0) / rate


@kernel(heavy=True)
def tilted_negentropy(u):
    """The divergence from the normal distribution of the same mean and variance."""
    size = abs(u)
    if size < 1.0:
        return HALF_LOG_2PI_E + 0.5 * log(tilted_variance(u)) + tilt_divergence(u, 0.0, -u)[0]
    return HALF_LOG_2PI_E + 0.5 * log(tilted_variance(u) * size * size) - size * tilted_mean(-size) - log1mexp(-size)


@kernel
def kl_continuous_bernoulli_normal_value(weight, by_logits, loc, scale):
    u = log_odds(weight, by_logits)
    return tilted_negentropy(u) + kl_normal(tilted_mean(u), sqrt(tilted_variance(u)), loc, scale)[0]


@kernel
def kl_continuous_bernoulli_normal(weight, by_logits, loc, scale):
    u = log_odds(weight, by_logits)
    variance, third = tilted_variance(u), moments(abs(u))[2]
    value, in_mean, _, in_loc, in_scale = kl_normal(tilted_mean(u), sqrt(variance), loc, scale)
    in_u = (u + in_mean) * variance + 0.5 * (-third if u >= 0.0 else third) / scale / scale
    return tilted_negentropy(u) + value, in_u * log_odds_slope(weight, by_logits), in_loc, in_scale


@kernel(heavy=True)
def kl_continuous_bernoulli_uniform(weight, by_logits, low, high):
    u, inverse = log_odds(weight, by_logits), 1.0 / (high - low)
    if not (low <= 0.0 and high >= 1.0):
        return INF, NAN, NAN, NAN
    value = tilt_divergence(u, 0.0, -u)[0] + log1p((high - 1.0) - low)
    return value, u * tilted_variance(u) * log_odds_slope(weight, by_logits), -inverse, inverse


register_kl(ContinuousBernoulli, ContinuousBernoulli)(
    Formula(kl_continuous_bernoulli, quick=(kl_continuous_bernoulli_rough,))
)
register_kl(ContinuousBernoulli, "Exponential")(
    Formula(kl_continuous_bernoulli_exponential, quick=(kl_continuous_bernoulli_exponential_rough,))
)
register_kl(ContinuousBernoulli, Normal)(
    Formula(kl_continuous_bernoulli_normal, value=kl_continuous_bernoulli_normal_value)
)
register_kl(ContinuousBernoulli, "Uniform")(
    Formula(kl_continuous_bernoulli_uniform, quick=(kl_continuous_bernoulli_uniform_rough,))
)
infinite(ContinuousBernoulli, "Pareto")


@kernel(heavy=True)
def mean_distance(y, size):
    """The mean distance from y of a density exp(-size x) on the unit interval, and its slopes in y and in the size."""
    mean, variance = tilted_mean(-size), tilted_variance(size)
    if y <= 0.0 or y >= 1.0:
        side = 1.0 if y > 0.5 else -1.0
        return side * (y - mean), side, side * variance
    share = -expm1(-size)
    if size > 1.0:
        over, drop = 1.0 / (size * share), exp_excess(-size * y)
        below = drop * over
        turn = -y * expm1(-size * y) * over - below * (1.0 / size + exp(-size) / share)
        return (mean - y) + 2.0 * below, -2.0 * expm1(-size * y) / share - 1.0, 2.0 * turn - variance
    # The integral of the cdf up to y, and its slope, in which the terms above would cancel.
    below, turn = 0.0, 0.0
    for i in range(4):
        for node in (NODES_8[i], 1.0 - NODES_8[i]):
            x = node * y
            cdf = x * (tilted_share(size * x) / tilted_share(size))
            below += WEIGHTS_8[i] * y * cdf
            turn += WEIGHTS_8[i] * y * cdf * (mean - x * tilted_mean(-size * x))
    return (
        (mean - y) + 2.0 * below,
        2.0 * y * (tilted_share(size * y) / tilted_share(size)) - 1.0,
        2.0 * turn - variance,
    )


@register_kl(ContinuousBernoulli, "Laplace")
@kernel(heavy=True)
def kl_continuous_bernoulli_laplace(weight, by_logits, loc, scale):
    # From the end where the density is larger.
    u = log_odds(weight, by_logits)
    size, rising = abs(u), u >= 0.0
    distance, side, in_size = mean_distance(1.0 - loc if rising else loc, size)
    # At the scale that is the mean distance from the location, and how far that scale is from it.
    share = tilted_share(size)
    kl = log(2.0 * distance / share) + exp(-size) / share + ratio_excess(distance, scale)
    in_size = size * tilted_variance(size) + in_size / scale
    slope = log_odds_slope(weight, by_logits)
    in_loc = -side / scale if rising else side / scale
    return kl, in_size * slope if rising else -in_size * slope, in_loc, (scale - distance) / scale / scale
