"""Gumbel distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.images import image
from fastdist.distributions.laplace import Laplace
from fastdist.distributions.normal import Normal, kl_normal
from fastdist.distributions.uniform import Uniform
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kl import infinite, register_kl
from fastdist.location_scale import location_scale
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.binet import gumbel_divergence
from fastdist.special.distance import gumbel_distance
from fastdist.special.excess import ratio_excess
from fastdist.special.logs import log1mexp
from fastdist.transforms.affine import AffineTransform
from fastdist.transforms.exponential import ExpTransform

EULER = 0.57721566490153286061
# The standard deviation, and how far the normal distribution of the same mean and variance is.
SPREAD, NEGENTROPY = 1.28254983016186409554, 0.090573019538512554911

# From here on the upper tail is exp(-z) to the last digit; below the lowest z the log density is -inf.
FAR, LOWEST = 37.0, -1e3


@kernel
def log_prob(z):
    z = z if not z < LOWEST else LOWEST
    return -z - exp(-z)


@kernel
def slope(z):
    return expm1(-z)


@kernel
def cdf(z):
    return exp(-exp(-z))


@kernel
def sf(z):
    return -expm1(-exp(-z))


@kernel
def log_cdf(z):
    return -exp(-z)


@kernel
def log_sf(z):
    return -z if z > FAR else log1mexp(-exp(-z))


@kernel
def icdf(p):
    return -log(-log(p))


@kernel
def isf(q):
    return -log(-log1p(-q))


@kernel
def draw(noise):
    return -log(-log_of_uniform(noise[0]))


class Gumbel(Distribution):
    r"""Gumbel (type I extreme value) distribution of maxima.

    .. math:: p(x) = \frac{1}{\beta} e^{-z - e^{-z}}, \quad z = \frac{x-\mu}{\beta}

    Parameters
    ----------
    loc : array_like of real
        Mode :math:`\mu`.
    scale : array_like of positive
        Scale :math:`\beta`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``gumbel_r(loc, scale)`` is the same distribution. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `loc` is not finite or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Gumbel(loc=0.0, scale=1.0)
    >>> d.mean(), d.mode()
    (np.float64(0.5772156649015329), np.float64(0.0))
    >>> d.log_cdf(-5.0), d.sf(50.0)
    (np.float64(-148.4131591025766), np.float64(1.9287498479639178e-22))
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    support = constraints.real
    has_rsample = True
    kernels = location_scale(
        log_prob=log_prob,
        slope=slope,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        sampler=Sampler(draw, uniforms=1),
        mean=EULER,
        variance=1.64493406684822643647,
        skewness=1.13954709940464865749,
        kurtosis=2.4,
        median=0.36651292058166432701,
        mode=0.0,
        entropy=1.0 + EULER,
    )

    base_dist, transforms = image(
        lambda d: Uniform(0.0, 1.0),
        lambda d: ExpTransform().inv,
        lambda d: AffineTransform(0.0, -1.0),
        lambda d: ExpTransform().inv,
        lambda d: AffineTransform(d.loc, -d.scale),
    )

    def __init__(self, loc: Any, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale)


@register_kl(Gumbel, Gumbel)
@kernel
def kl_gumbel(loc, scale, other_loc, other_scale):
    d, ratio = (other_loc - loc) / other_scale, scale / other_scale
    kl, in_d, in_ratio, in_both = gumbel_divergence(d, ratio)
    in_loc = -in_d / other_scale
    return kl, in_loc, in_ratio / other_scale, -in_loc, -in_both / other_scale


infinite(Gumbel, "Beta", "ContinuousBernoulli", "Exponential", "Gamma", "Pareto", "Uniform")


@register_kl(Gumbel, Normal)
@kernel
def kl_gumbel_normal(loc, scale, other_loc, other_scale):
    mean = loc + EULER * scale
    kl, in_mean, in_spread, in_loc, in_scale = kl_normal(mean, SPREAD * scale, other_loc, other_scale)
    return NEGENTROPY + kl, in_mean, EULER * in_mean + SPREAD * in_spread, in_loc, in_scale


@register_kl(Gumbel, Laplace)
@kernel
def kl_gumbel_laplace(loc, scale, other_loc, other_scale):
    distance, share, in_scale = gumbel_distance((other_loc - loc) / scale)
    mean = scale * distance
    # At the scale that is the mean distance, and how far that scale is from it.
    kl = (log(2.0 * distance) - EULER) + ratio_excess(mean, other_scale)
    in_loc, own = share / other_scale, (scale * in_scale - other_scale) / scale / other_scale
    return kl, -in_loc, own, in_loc, (other_scale - mean) / other_scale / other_scale
