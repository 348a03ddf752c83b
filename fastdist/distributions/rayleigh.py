"""Rayleigh distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kl import register_kl
from fastdist.location_scale import location_scale
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.gamma import deviance
from fastdist.special.logs import log1mexp
from fastdist.special.scaled import over

LOG_2 = 0.69314718055994530942

# Below this the cdf is z**2 / 2 to the last digit, and the square may underflow.
NEAR = 1e-9


@kernel
def log_prob(z):
    # Beyond 1e30 the logarithm is nothing beside the square, and z may be inf.
    return log(z if z < 1e30 else 1e30) - 0.5 * z * z


@kernel
def prob(z, c):
    # By half of it, for a scale so small that the exponential underflows first.
    half = exp(-0.25 * z * z)
    return over(z * half, c[2]) * half if half != 0.0 else 0.0


@kernel
def spread(z, c):
    half = exp(-0.25 * z * z)
    return over(z * half, c[2]) * (z * half) if half != 0.0 else 0.0


@kernel
def slope(z):
    return 1.0 / z - z


@kernel
def growth(z):
    return 1.0 - z * z


@kernel
def cdf(z):
    return -expm1(-0.5 * z * z)


@kernel
def sf(z):
    return exp(-0.5 * z * z)


@kernel
def log_cdf(z):
    return 2.0 * log(z) - LOG_2 if z < NEAR else log1mexp(-0.5 * z * z)


@kernel
def log_sf(z):
    return -0.5 * z * z


@kernel
def icdf(p):
    return sqrt(-2.0 * log1p(-p))


@kernel
def isf(q):
    return sqrt(-2.0 * log(q))


@kernel
def draw(noise):
    return sqrt(-2.0 * log_of_uniform(noise[0]))


class Rayleigh(Distribution):
    r"""Rayleigh distribution: the length of a vector of two independent normal variates.

    .. math:: p(x) = \frac{x}{\sigma^2} \exp\left(-\frac{x^2}{2\sigma^2}\right), \quad x \ge 0

    Parameters
    ----------
    scale : array_like of positive
        Standard deviation :math:`\sigma` of either variate, which is the mode.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``rayleigh(scale=s)`` has ``scale = s``. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Rayleigh(scale=2.0)
    >>> d.mode(), d.cdf(1e-10)
    (np.float64(2.0), np.float64(1.25e-21))
    """

    scale = Parameter(constraints.positive)
    support = constraints.nonnegative
    has_rsample = True
    kernels = location_scale(
        loc=False,
        log_prob=log_prob,
        prob=prob,
        spread=spread,
        slope=slope,
        growth=growth,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        sampler=Sampler(draw, uniforms=1),
        mean=1.25331413731550025121,
        variance=0.42920367320510338077,
        skewness=0.63111065781893713819,
        kurtosis=0.24508930068763805760,
        median=1.17741002251547469101,
        mode=1.0,
        entropy=0.94203424217079377559,
    )

    def __init__(self, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, scale=scale)


@register_kl(Rayleigh, Rayleigh)
@kernel
def kl_rayleigh(scale, other):
    excess = (scale - other) / other
    twice = 2.0 * excess * (2.0 + excess)
    return excess * excess + 2.0 * deviance(other, scale) / other, twice / scale, -twice / other
