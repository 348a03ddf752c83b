"""Exponential distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions import gamma
from fastdist.distributions.gamma import Gamma, kl_gamma, kl_gamma_log_normal, kl_gamma_weibull
from fastdist.distributions.gumbel import Gumbel
from fastdist.distributions.laplace import Laplace
from fastdist.distributions.normal import Normal, kl_normal
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import As, infinite, register_kl, through
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.excess import ratio_excess
from fastdist.special.logs import exp_excess, log1mexp

LOG_2 = 0.69314718055994530942
# How far the normal distribution of the same mean and variance is.
NEGENTROPY = 0.41893853320467274178
GOLDEN, GOLDEN_SQUARE, NEAREST_GUMBEL = 1.61803398874989484820, 2.61803398874989484820, 0.17439851357108450571


@kernel
def prepare(rate):
    return rate, log(rate), 1.0 / rate


@kernel(single=True)
def log_prob(x, c):
    return c[1] - c[0] * x


@kernel
def log_prob_and_grad(x, c):
    return c[1] - c[0] * x, -c[0], c[2] - x


@kernel
def cdf(x, c):
    return -expm1(-c[0] * x)


@kernel
def sf(x, c):
    return exp(-c[0] * x)


@kernel
def log_cdf(x, c):
    return log1mexp(-c[0] * x)


@kernel
def log_sf(x, c):
    return -c[0] * x


@kernel
def icdf(p, c):
    return -log1p(-p) / c[0]


@kernel
def isf(q, c):
    return -log(q) / c[0]


@kernel
def cdf_and_grad(x, c):
    tail = exp(-c[0] * x)
    return -expm1(-c[0] * x), c[0] * tail, x * tail


@kernel
def draw(noise, c):
    return -log_of_uniform(noise[0]) * c[2]


@kernel
def sample_grad(x, c):
    return -x * c[2]


@kernel
def mean(rate):
    return 1.0 / rate


@kernel
def variance(rate):
    return 1.0 / (rate * rate)


@kernel
def stddev(rate):
    return 1.0 / rate


@kernel
def skewness(rate):
    return 2.0


@kernel
def kurtosis(rate):
    return 6.0


@kernel
def median(rate):
    return LOG_2 / rate


@kernel
def mode(rate):
    return 0.0


@kernel
def entropy(rate):
    return 1.0 - log(rate)


class Exponential(Distribution):
    r"""Exponential distribution.

    .. math:: p(x) = \lambda e^{-\lambda x}, \quad x \ge 0

    Parameters
    ----------
    rate : array_like of positive
        Rate :math:`\lambda`, the reciprocal of the mean.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``expon(scale=s)`` has ``rate = 1 / s``. Draws are ``-log(u) / rate``.

    Raises
    ------
    ValueError
        If `rate` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Exponential(rate=2.0)
    >>> d.cdf([0.0, 1e-20, 1.0])
    array([0.00000000e+00, 2.00000000e-20, 8.64664717e-01])
    """

    rate = Parameter(constraints.positive)
    support = constraints.nonnegative
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
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        median=median,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, rate: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, rate=rate)


@register_kl(Exponential, Exponential)
@kernel
def kl_exponential(rate, other):
    slower = (rate - other) / rate
    return ratio_excess(other, rate), slower / rate, -slower / other


AS_GAMMA = As("rate", "1.0, rate", "g[1]")
register_kl(Exponential, Gamma)(through(kl_gamma, AS_GAMMA, gamma.AS_GAMMA, 2))
register_kl(Gamma, Exponential)(through(kl_gamma, gamma.AS_GAMMA, AS_GAMMA, 2))


infinite(Exponential, "Beta", "ContinuousBernoulli", "Pareto", "Uniform")


# These have two parameters, and stay as they are.
ITSELF = As("x, y", "x, y", "g[0], g[1]")
register_kl(Exponential, "Weibull")(through(kl_gamma_weibull, AS_GAMMA, ITSELF, 2))
register_kl(Exponential, "LogNormal")(through(kl_gamma_log_normal, AS_GAMMA, ITSELF, 2))


@register_kl(Exponential, Gumbel)
@kernel
def kl_exponential_gumbel(rate, loc, scale):
    # r - log(r (1 + r)) of r = 1 / (rate scale) is least where that is the golden ratio.
    r = 1.0 / (rate * scale)
    place = loc / scale
    u = place - log1p(r)
    pull = expm1(u)
    kl = exp_excess(u) + (((r - GOLDEN) - log(r / GOLDEN) - log((1.0 + r) / GOLDEN_SQUARE)) + NEAREST_GUMBEL)
    share = r / (1.0 + r)
    own = r * share - 1.0
    return kl, (pull * share - own) / rate, pull / scale, -(own + pull * (place - share)) / scale


@register_kl(Exponential, Normal)
@kernel
def kl_exponential_normal(rate, loc, scale):
    mean = 1.0 / rate
    kl, in_mean, in_spread, in_loc, in_scale = kl_normal(mean, mean, loc, scale)
    return NEGENTROPY + kl, -(in_mean + in_spread) * mean / rate, in_loc, in_scale


@register_kl(Exponential, Laplace)
@kernel
def kl_exponential_laplace(rate, loc, scale):
    y, unit = rate * loc, rate * scale
    inside = y > 0.0
    tail = exp(-y if inside else 0.0)
    # The mean distance from y, which is least at the median; without the rate; and its slope.
    distance = (y - 1.0) + 2.0 * tail if inside else 1.0 - y
    fixed = 2.0 * (1.0 + y) * tail - 1.0 if inside else 1.0
    slope = -expm1(LOG_2 - y) if inside else -1.0
    # At the scale that is the mean distance, and how far that scale is from it.
    kl = log(2.0 * distance) + ratio_excess(distance, unit)
    return kl, (unit - fixed) / unit / rate, slope / scale, (unit - distance) / unit / scale
