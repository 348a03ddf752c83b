"""Laplace distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.normal import Normal, kl_normal
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kl import infinite, register_kl
from fastdist.location_scale import location_scale
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.excess import ratio_excess
from fastdist.special.logs import exp_excess, log_tail

LOG_2 = 0.69314718055994530942
ROOT_2 = 1.41421356237309504880
# How far the normal distribution of the same mean and variance is.
NEGENTROPY = 0.072364942924700087072
INF, NAN = float("inf"), float("nan")


@kernel(single=True)
def log_prob(z):
    return -LOG_2 - abs(z)


@kernel
def slope(z):
    return 0.0 if z == 0.0 else (-1.0 if z > 0.0 else 1.0)


@kernel
def cdf(z):
    tail = 0.5 * exp(-abs(z))
    return 1.0 - tail if z > 0.0 else tail


@kernel
def log_cdf(z):
    return log_tail(0.5 * exp(-abs(z)), True) if z > 0.0 else z - LOG_2


@kernel
def icdf(p):
    above = p > 0.5
    y = log(2.0 * (1.0 - p if above else p))
    return -y if above else y


@kernel
def draw(noise):
    u = noise[0]
    above = u > 0.5
    y = log_of_uniform(2.0 * (1.0 - u if above else u))
    return -y if above else y


class Laplace(Distribution):
    r"""Laplace (double exponential) distribution.

    .. math:: p(x) = \frac{1}{2b} \exp\left(-\frac{|x-\mu|}{b}\right)

    Parameters
    ----------
    loc : array_like of real
        Mean, median and mode :math:`\mu`.
    scale : array_like of positive
        Mean distance :math:`b` from `loc`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``laplace(loc, scale)`` is the same distribution. The derivative of the log density at
    `loc`, where the density has a kink, is given as 0. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `loc` is not finite or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Laplace(loc=0.0, scale=[1.0, 2.0])
    >>> d.sf(40.0)
    array([2.12417713e-18, 1.03057681e-09])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    support = constraints.real
    has_rsample = True
    kernels = location_scale(
        log_prob=log_prob,
        slope=slope,
        cdf=cdf,
        log_cdf=log_cdf,
        icdf=icdf,
        sampler=Sampler(draw, uniforms=1),
        mean=0.0,
        variance=2.0,
        skewness=0.0,
        kurtosis=3.0,
        median=0.0,
        mode=0.0,
        entropy=1.0 + LOG_2,
    )

    def __init__(self, loc: Any, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale)


@register_kl(Laplace, Laplace)
@kernel
def kl_laplace(loc, scale, other_loc, other_scale):
    distance, ratio = abs(loc - other_loc) / scale, scale / other_scale
    gap = (scale - other_scale) / other_scale
    side = 1.0 if loc > other_loc else -1.0
    pulled, beyond = -expm1(-distance), exp_excess(-distance)
    # 1 - exp(-t) (1 + t) is what is left of the gap of the scales over the first: far off they cancel.
    tail, close = exp(-distance), distance < 1.0
    near = (gap / ratio - tail * exp_excess(distance if close else 0.0)) / other_scale
    far = (1.0 + (distance if tail > 0.0 else 0.0)) * tail / other_scale - 1.0 / scale
    in_scale = near if close else far
    kl = ratio * beyond + ratio_excess(scale, other_scale)
    in_loc = side * pulled / other_scale
    return kl, in_loc, in_scale, -in_loc, -(gap + ratio * beyond) / other_scale


infinite(Laplace, "Beta", "ContinuousBernoulli", "Exponential", "Gamma", "Pareto", "Uniform")


@register_kl(Laplace, Normal)
@kernel
def kl_laplace_normal(loc, scale, other_loc, other_scale):
    kl, in_loc, in_spread, in_other, in_scale = kl_normal(loc, ROOT_2 * scale, other_loc, other_scale)
    return NEGENTROPY + kl, in_loc, ROOT_2 * in_spread, in_other, in_scale


@register_kl(Laplace, "Gumbel")
@kernel
def kl_laplace_gumbel(loc, scale, other_loc, other_scale):
    # Of -z = (loc - x) / scale the exponential has a mean for a smaller ratio of the scales only.
    z, ratio = (loc - other_loc) / other_scale, scale / other_scale
    finite = ratio < 1.0
    t = ratio if finite else 0.5
    rest = (1.0 + t) * ((other_scale - scale) / other_scale if finite else 0.5)
    u = -z - (log1p(-t * t) if t < 0.5 else log(rest))
    pull = expm1(u)
    kl = exp_excess(u) - log(2.0 * t * rest)
    in_ratio = exp(u) * (2.0 * t / rest) - 1.0 / t
    slopes = -pull / other_scale, in_ratio / other_scale, pull / other_scale, (z * pull - t * in_ratio) / other_scale
    return (kl, *slopes) if finite else (INF, NAN, NAN, NAN, NAN)
