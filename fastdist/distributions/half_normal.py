"""Half-normal distribution."""

from __future__ import annotations

from math import log1p
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.images import image
from fastdist.distributions.normal import Normal
from fastdist.engine.kernel import kernel
from fastdist.kl import register_kl
from fastdist.location_scale import location_scale
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.erf import erf
from fastdist.special.gamma import deviance
from fastdist.special.logs import log_tail
from fastdist.special.normal import folded_ndtri, log_ndtr, ndtr, ndtri
from fastdist.transforms.absolute import AbsTransform

SQRT_HALF = 0.70710678118654752440
SQRT_TWO_OVER_PI = 0.79788456080286535588
HALF_LOG_HALF_PI = 0.22579135264472743236
LOG_2 = 0.69314718055994530942


@kernel(single=True)
def log_prob(z):
    return -HALF_LOG_HALF_PI - 0.5 * z * z


@kernel
def slope(z):
    return -z


@kernel
def cdf(z):
    return erf(SQRT_HALF * z)


@kernel
def sf(z):
    return 2.0 * ndtr(-z)


@kernel
def log_cdf(z):
    above = z > 0.6
    return log_tail(sf(z) if above else cdf(z), above)


@kernel
def log_sf(z):
    return LOG_2 + log_ndtr(-z) if z > 0.6 else log1p(-cdf(z))


@kernel
def icdf(p):
    return folded_ndtri(p)


@kernel
def isf(q):
    return -ndtri(0.5 * q)


@kernel
def draw(noise):
    return abs(noise[0])


class HalfNormal(Distribution):
    r"""Distribution of the absolute value of a normal variate with mean 0.

    .. math:: p(x) = \frac{1}{\sigma}\sqrt{\frac{2}{\pi}} \exp\left(-\frac{x^2}{2\sigma^2}\right), \quad x \ge 0

    Parameters
    ----------
    scale : array_like of positive
        Standard deviation :math:`\sigma` of the normal variate.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``halfnorm(scale=s)`` has ``scale = s``. Draws are absolute values of normal draws.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.HalfNormal(scale=[1.0, 2.0])
    >>> d.mean()
    array([0.79788456, 1.59576912])
    >>> d.log_sf(100.0)
    array([-5004.83106151, -1254.13821396])
    """

    scale = Parameter(constraints.positive)
    support = constraints.nonnegative
    has_rsample = True
    kernels = location_scale(
        loc=False,
        log_prob=log_prob,
        slope=slope,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        sampler=Sampler(draw, normals=1),
        mean=SQRT_TWO_OVER_PI,
        variance=0.36338022763241865692,
        skewness=0.99527174643115604243,
        kurtosis=0.86917730360597409640,
        median=0.67448975019608174320,
        mode=0.0,
        entropy=HALF_LOG_HALF_PI + 0.5,
    )

    base_dist, transforms = image(lambda d: Normal(0.0, d.scale), lambda d: AbsTransform())

    def __init__(self, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, scale=scale)


@register_kl(HalfNormal, HalfNormal)
@kernel
def kl_half_normal(scale, other):
    excess = (scale - other) / other
    squares = excess * (2.0 + excess)
    return 0.5 * excess * excess + deviance(other, scale) / other, squares / scale, -squares / other
