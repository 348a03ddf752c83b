"""Kumaraswamy distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.beta import Beta
from fastdist.distributions.images import image
from fastdist.distributions.uniform import Uniform
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import filled, kernel
from fastdist.kernels import Kernels
from fastdist.kl import register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.beta import beta_log_kernel, betaln, digamma_rise, gammaln_rise
from fastdist.special.gamma import deviance, log_gamma1p
from fastdist.special.logs import exp_excess, log1mexp, log_quotient
from fastdist.transforms.affine import AffineTransform
from fastdist.transforms.exponential import PowerTransform

LOG_2 = 0.69314718055994530942

# log(1 - x**a) is -x**a to the last digit from this log(x**a) down, and log(p) that of -log(1 - p) from this p down.
NEGLIGIBLE, SMALL = -40.0, 1e-20
# The trapezoidal rule over the logarithm of an exponential variate: exact to 1e-17 with this step, between ends
# where its density is below that, beside the smallest fourth power as well.
STEP, ABOVE, BELOW = 1.0 / 24.0, 6.75, -54.0
# Of divergences the integrand is singular at about pi / 2 over this logarithm, and the step is a part of that distance.
CLOSE, NARROW = 6.283185307179586, 0.25
# Below this divergence p log(p / q) + q - p is integrated, of which nothing is negative; no further down than this.
NEAR, DEEPEST = 0.05, -650.0
# From this sum of the shapes on a beta density is taken in the form that does not cancel, unless log(x) is FAR.
LARGE, FAR = 16.0, -600.0
# From this -log(1 - x**a) on log(x**a) / (1 / x**a - 1) is -1, and -log(x) is (1 - x**a) / a.
LEAN = 40.0
# From this log E[X**2] / E[X]**2 on, raw moments do not cancel.
APART = 2.0

# With L = log(x) and log(1 - x**a) = log1mexp(a L), the tail is exp(b log1mexp(a L)).
INF = float("inf")


@kernel
def prepare(concentration1, concentration0):
    a, b = concentration1, concentration0
    return a, b, log(b), log(a) + log(b), 1.0 / a, 1.0 / b


@kernel
def log_prob(x, c):
    a, b = c[0], c[1]
    log_x = log(x)
    log_rest = log1mexp(a * log_x)
    low = (a - 1.0) * log_x if a != 1.0 or x > 0.0 else 0.0
    high = (b - 1.0) * log_rest if b != 1.0 or log_rest > -INF else 0.0
    return c[3] + low + high


@kernel
def log_prob_and_grad(x, c):
    a, b = c[0], c[1]
    log_x = log(x)
    power = a * log_x
    log_rest = log1mexp(power)
    odds = 1.0 / abs(expm1(-power))  # at x = 1 of -0
    low = (a - 1.0) * log_x if a != 1.0 or x > 0.0 else 0.0
    high = (b - 1.0) * log_rest if b != 1.0 or log_rest > -INF else 0.0
    pull = (b - 1.0) * odds if b != 1.0 or odds < INF else 0.0
    lean = pull * log_x if log_x < 0.0 else (1.0 - b) * c[4]
    in_a = c[4] + (log_x - lean if pull != 0.0 or x > 0.0 else log_x)
    in_x = ((a - 1.0) - a * pull) / x if a != 1.0 or x > 0.0 else 1.0 - b
    return c[3] + low + high, in_x, in_a, c[5] + log_rest


@kernel
def log_tail(x, c):
    """log(1 - F), also where x**a underflows and b x**a does not."""
    power = c[0] * log(x)
    return c[1] * log1mexp(power) if power > NEGLIGIBLE else -exp(power + c[2])


@kernel
def cdf(x, c):
    return -expm1(log_tail(x, c))


@kernel
def sf(x, c):
    return exp(log_tail(x, c))


@kernel
def log_cdf(x, c):
    power = c[0] * log(x)
    far = power <= NEGLIGIBLE
    log_sf = -exp(power + c[2]) if far else c[1] * log1mexp(power)
    return power + c[2] if far and log_sf > -SMALL else log1mexp(log_sf)


@kernel
def log_sf(x, c):
    return log_tail(x, c)


@kernel
def quantile(log_sf, c):
    """The x where log(1 - F) is given."""
    # Divided by b it may be below float64.
    small = log_sf > -SMALL
    power = log1mexp(log_sf if small else log_sf * c[5]) - (c[2] if small else 0.0)
    return exp(power * c[4])


@kernel
def icdf(p, c):
    return quantile(log1p(-p), c)


@kernel
def isf(q, c):
    return quantile(log(q), c)


@kernel
def cdf_and_grad(x, c):
    log_x = log(x)
    power = c[0] * log_x
    far = power <= NEGLIGIBLE
    log_rest = -exp(power) if far else log1mexp(power)
    log_sf = -exp(power + c[2]) if far else c[1] * log_rest
    log_density = log_prob(x, c)
    # x times the density in one exponential: either may leave float64 where the product does not.
    in_a = exp(log_density + log_x) * (log_x * c[4])
    return -expm1(log_sf), exp(log_density), in_a, -exp(log_sf) * log_rest


@kernel
def draw(noise, c):
    return quantile(log_of_uniform(noise[0]), c)


@kernel
def draw_plain(noise, c):
    """For shapes of 1 and more, which leave no digits of a draw to the care of :func:`quantile`."""
    return exp(log(-expm1(log_of_uniform(noise[0]) * c[5])) * c[4])


@kernel
def sample_grad(x, c):
    log_x = log(x)
    power = c[0] * log_x
    near = power > NEGLIGIBLE
    # (1 - x**a) log(1 - x**a) / x**a; at the ends the draw does not move
    lean = log1mexp(power) * expm1(-power) if near else -1.0
    lean = lean if power < 0.0 else 0.0
    return (-x * log_x * c[4] if x > 0.0 else 0.0), x * (c[4] * c[5]) * lean


@kernel(heavy=True)
def log_raw_moment(n, a, b):
    """log E[X**n] = log(b B(1 + n / a, b)), in the form that is relative to the smaller of n / a and b."""
    m = n / a
    return log_gamma1p(b) - gammaln_rise(1.0 + m, b) if b <= m else log_gamma1p(m) - gammaln_rise(1.0 + b, m)


@kernel
def mean(concentration1, concentration0):
    return exp(log_raw_moment(1.0, concentration1, concentration0))


@kernel(heavy=True)
def central_moments(a, b):
    """(second, third, fourth) central moments of X over the mean, and log E[X**2] / E[X]**2.

    X = (1 - exp(-E / b))**(1 / a) for an exponential variate E.
    """
    log_mean = log_raw_moment(1.0, a, b)
    log2 = log_raw_moment(2.0, a, b) - 2.0 * log_mean
    if log2 > APART or not b > 0.0:
        raw3 = exp(log_raw_moment(3.0, a, b) - 3.0 * log_mean)
        raw4 = exp(log_raw_moment(4.0, a, b) - 4.0 * log_mean)
        raw2 = exp(log2)
        return raw2 - 1.0, raw3 - 3.0 * raw2 + 2.0, raw4 - 4.0 * raw3 + 6.0 * raw2 - 3.0, log2
    log_b = log(b)
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    w = ABOVE
    bottom = BELOW + (log_b if log_b < 0.0 else 0.0)
    while w > bottom:
        e = exp(w)
        log_x = (log1mexp(-e / b) if w - log_b > NEGLIGIBLE else w - log_b) / a
        gap = expm1(log_x - log_mean)
        weight = STEP * exp(w - e)
        square = gap * gap
        first += weight * gap
        second += weight * square
        third += weight * gap * square
        fourth += weight * square * square
        w -= STEP
    # what the rounding of the mean has left
    fourth += first * (first * 6.0 * second - 4.0 * third)
    third -= 3.0 * first * second
    return second - first * first, third, fourth, log2


@kernel
def variance(concentration1, concentration0):
    second, _, _, log2 = central_moments(concentration1, concentration0)
    twice = 2.0 * log_raw_moment(1.0, concentration1, concentration0)
    return exp(twice + log2) - exp(twice) if log2 > APART else exp(twice) * second


@kernel
def skewness(concentration1, concentration0):
    second, third, _, log2 = central_moments(concentration1, concentration0)
    if log2 > 100.0:
        # All but the leading terms vanish, and these may overflow before their ratio does.
        log_mean = log_raw_moment(1.0, concentration1, concentration0)
        return exp(log_raw_moment(3.0, concentration1, concentration0) - 3.0 * log_mean - 1.5 * log2)
    return third / (second * sqrt(second))


@kernel
def kurtosis(concentration1, concentration0):
    second, _, fourth, log2 = central_moments(concentration1, concentration0)
    if log2 > 100.0:
        log_mean = log_raw_moment(1.0, concentration1, concentration0)
        return exp(log_raw_moment(4.0, concentration1, concentration0) - 4.0 * log_mean - 2.0 * log2) - 3.0
    return fourth / (second * second) - 3.0


@kernel
def median(concentration1, concentration0):
    return quantile(-LOG_2, prepare(concentration1, concentration0))


@kernel
def mode(concentration1, concentration0):
    a, b = concentration1 - 1.0, concentration0 - 1.0
    if a >= 0.0 and b >= 0.0:
        # a b + a + b is the product of the concentrations less 1.
        return exp(log(a / (a * b + a + b)) / concentration1) if a > 0.0 else 0.0
    if a < 0.0 and b < 0.0:
        return 0.0 if a <= b else 1.0
    return 0.0 if a < 0.0 else 1.0


@kernel
def entropy(concentration1, concentration0):
    a, b = concentration1, concentration0
    harmonic = digamma_rise(1.0, b)
    return (1.0 - 1.0 / b) + (1.0 - 1.0 / a) * harmonic - log(a) - log(b)


class Kumaraswamy(Distribution):
    r"""Kumaraswamy distribution: close to the beta distribution, with a closed cdf.

    .. math:: p(x) = a b\, x^{a-1} (1 - x^a)^{b-1}, \quad 0 \le x \le 1

    Parameters
    ----------
    concentration1 : array_like of positive
        First shape :math:`a`: large values move the mass to 1.
    concentration0 : array_like of positive
        Second shape :math:`b`: large values move the mass to 0.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy has no such distribution. The cdf is :math:`1 - (1 - x^a)^b`: it, its inverse and the density are
    formed in logarithms, so that neither end of the interval loses digits. Draws are quantiles of uniform
    variates; one is 1 only where the exact variate rounds to it. Central moments are those of
    :math:`(1 - e^{-E/b})^{1/a}` for an exponential variate E, by the trapezoidal rule in its logarithm,
    or ratios of gamma functions where these do not cancel. P. Kumaraswamy, J. Hydrology 46 (1980) 79-88,
    doi:10.1016/0022-1694(80)90036-0.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Kumaraswamy(concentration1=3.0, concentration0=5.0)
    >>> d.cdf([0.0, 0.25, 1.0])
    array([0.        , 0.07572144, 1.        ])
    >>> round(float(d.mode()), 6)
    0.52276
    """

    concentration1 = Parameter(constraints.positive)
    concentration0 = Parameter(constraints.positive)
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
        median=median,
        mode=mode,
        entropy=entropy,
    )

    base_dist, transforms = image(
        lambda d: Uniform(0.0, 1.0),
        lambda d: PowerTransform(1.0 / d.concentration0),
        lambda d: AffineTransform(1.0, -1.0),
        lambda d: PowerTransform(1.0 / d.concentration1),
    )

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, concentration1=concentration1, concentration0=concentration0)

    def _sampler(self) -> Sampler:
        """Without the care for shapes below 1 where there is none."""
        return _PLAIN if np.all(np.minimum(self.concentration1, self.concentration0) >= 1.0) else self.kernels.sampler


_PLAIN = Sampler(draw_plain, uniforms=1)


# Divergences are integrals over the logarithm of the exponential variate of which a variate is made, as moments are.


@kernel
def over_beta(log_x, log_power, t, a, b, c, d, log_norm, norm):
    """log(p / q), and the derivatives of log q in its shapes but for the norm's. With x**a comes -log(1 - x**a) = t."""
    # -log(x), where x is all but 1.
    log_gap = -t - log(a) if t > LEAN else 0.0
    close = log_gap < NEGLIGIBLE
    log_y = log_gap if close else log1mexp(log_x)
    plain = c + d < LARGE or log_x < FAR or close
    power = c * log_x + d * log_y - norm if plain else beta_log_kernel(c, d, exp(log_x), -expm1(log_x))
    return log_norm + log_power - (b - 1.0) * t - (power - log_y), log_x, log_y


@kernel
def beta_constants(c, d):
    """The logarithm of the beta function, and its derivatives."""
    return betaln(c, d), -digamma_rise(c, d), -digamma_rise(d, c)


@kernel
def over_own(log_x, log_power, t, a, b, c, d, log_norm, norm):
    """The same: by the differences of the shapes."""
    steep, power = t > LEAN, c * log_x
    # By how much (1 - x**c) / (1 - x**a) exceeds 1.
    beyond = (c - a) / a if steep else -exp(log_power + t) * expm1((c - a) * log_x)
    apart = log_quotient(c, a) if steep else log1mexp(power) + t
    rise = log1p(beyond) if abs(beyond) < 0.5 else apart
    lean = -1.0 / c if steep else log_x / expm1(-power)
    ratio = log_quotient(a, c) + log_quotient(b, d) + (a - c) * log_x - (b - d) * t - (d - 1.0) * rise
    return ratio, log_x - (d - 1.0) * lean, rise - t


@kernel
def own_constants(c, d):
    return -log(c) - log(d), -1.0 / c, -1.0 / d


RATIO, CONSTANTS = over_own, own_constants


@kernel(heavy=True)
def _divergence(a, b, c, d):
    norm, in_c, in_d = CONSTANTS(c, d)
    log_b = log(b)
    log_norm = log(a) + log_b
    # Where x, or x**c, is 1 again off the real axis the integrand is singular: of small shapes close to it.
    near = -log((a / c if c > 1.0 else a) * CLOSE)
    step = STEP if near < NARROW / STEP else NARROW / near
    total, excess, in_a, in_b = 0.0, 0.0, 0.0, 0.0
    w, shift = ABOVE, log_b if log_b < 0.0 else 0.0
    bottom, deepest = BELOW + shift, (BELOW * (a / c) if BELOW * a > DEEPEST * c else DEEPEST) + shift
    # Of alike ones q has mass further down, if its first shape is the smaller one.
    while w > bottom or (total < NEAR and w > deepest):
        e = exp(w)
        weight = step * exp(w - e)
        t = e / b
        log_power = log1mexp(-t) if w - log_b > NEGLIGIBLE else w - log_b
        log_x = log_power / a
        ratio, rise_c, rise_d = RATIO(log_x, log_power, t, a, b, c, d, log_norm, norm)
        lean = log_power * expm1(t) if t < LEAN else -1.0
        total += weight * ratio
        excess += weight * exp_excess(-ratio)
        in_a += weight * ratio * (1.0 + log_power - (b - 1.0) * lean)
        in_b += weight * ratio * (1.0 - e)
        in_c -= weight * rise_c
        in_d -= weight * rise_d
        w -= step
    return total if total > NEAR else excess, in_a / a, in_b / b, in_c, in_d


kl_kumaraswamy_beta = filled(_divergence, RATIO=over_beta, CONSTANTS=beta_constants)
register_kl(Kumaraswamy, Beta)(kl_kumaraswamy_beta)


@register_kl(Kumaraswamy, Kumaraswamy)
@kernel(heavy=True)
def kl_kumaraswamy(a, b, c, d):
    # Where the first shapes are one, -log(1 - x**a) is exponential on both sides.
    value, in_a, in_b, in_c, in_d = _divergence(a, b, c, d)
    return deviance(b, d) / b if a == c else value, in_a, in_b, in_c, in_d
