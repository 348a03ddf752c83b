"""Log-normal distribution."""

from __future__ import annotations

from math import exp, expm1, log, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.exponential import AS_GAMMA as EXPONENTIAL_AS_GAMMA
from fastdist.distributions.exponential import Exponential
from fastdist.distributions.gamma import AS_GAMMA, SMALLEST, Gamma
from fastdist.distributions.images import image
from fastdist.distributions.inverse_gamma import RECIPROCAL, InverseGamma
from fastdist.distributions.normal import Normal, kl_normal, kl_normal_of_moderate_scales, normal_over_gumbel
from fastdist.distributions.normal import cdf as normal_cdf
from fastdist.distributions.normal import cdf_and_grad as normal_cdf_and_grad
from fastdist.distributions.normal import draw as normal_draw
from fastdist.distributions.normal import icdf as normal_icdf
from fastdist.distributions.normal import isf as normal_isf
from fastdist.distributions.normal import log_cdf as normal_log_cdf
from fastdist.distributions.normal import log_prob as normal_log_prob
from fastdist.distributions.normal import log_prob_and_grad as normal_log_prob_and_grad
from fastdist.distributions.normal import log_sf as normal_log_sf
from fastdist.distributions.normal import prepare as normal_prepare
from fastdist.distributions.normal import sf as normal_sf
from fastdist.distributions.weibull import Weibull
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import As, Formula, register_kl, through
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.beta import log_beyond
from fastdist.special.gamma import deviance, log_minus_digamma, stirling_error
from fastdist.special.logs import log_quotient
from fastdist.special.scaled import over
from fastdist.transforms.exponential import ExpTransform

HALF_LOG_2PI = 0.91893853320467274178


@kernel
def log_prob(x, c):
    y = log(x)
    return normal_log_prob(y, c) - y


@kernel
def log_prob_and_grad(x, c):
    y = log(x)
    log_density, in_y, in_loc, in_scale = normal_log_prob_and_grad(y, c)
    return log_density - y, (in_y - 1.0) / x, in_loc, in_scale


@kernel
def cdf(x, c):
    return normal_cdf(log(x), c)


@kernel
def sf(x, c):
    return normal_sf(log(x), c)


@kernel
def log_cdf(x, c):
    return normal_log_cdf(log(x), c)


@kernel
def log_sf(x, c):
    return normal_log_sf(log(x), c)


@kernel
def icdf(p, c):
    return exp(normal_icdf(p, c))


@kernel
def isf(q, c):
    return exp(normal_isf(q, c))


@kernel
def cdf_and_grad(x, c):
    y = log(x)
    p, _, in_loc, in_scale = normal_cdf_and_grad(y, c)
    # The density may overflow where x is tiny, but not its logarithm.
    return p, exp(normal_log_prob(y, c) - y), in_loc, in_scale


@kernel
def draw(noise, c):
    return exp(normal_draw(noise, c))


@kernel
def sample_grad(x, c):
    return x, x * over(log(x) - c[0], c[2]) if x > 0.0 else 0.0


@kernel
def mean(loc, scale):
    return exp(loc + 0.5 * scale * scale)


@kernel
def variance(loc, scale):
    square = scale * scale
    return expm1(square) * exp(2.0 * loc + square)


@kernel
def stddev(loc, scale):
    # Of a small scale the square underflows, of a large one it overflows sooner than the result.
    square = scale * scale
    return exp(loc + square) * (sqrt(-expm1(-square)) if scale > 1e-8 else scale)


@kernel
def skewness(loc, scale):
    w = expm1(scale * scale)
    return (w + 3.0) * sqrt(w)


@kernel
def kurtosis(loc, scale):
    w = expm1(scale * scale)
    return w * (16.0 + w * (15.0 + w * (6.0 + w)))


@kernel
def median(loc, scale):
    return exp(loc)


@kernel
def mode(loc, scale):
    return exp(loc - scale * scale)


@kernel
def entropy(loc, scale):
    return loc + log(scale) + 0.5 + HALF_LOG_2PI


class LogNormal(Distribution):
    r"""Distribution of the exponential of a normal variate.

    .. math::

        p(x) = \frac{1}{x\sigma\sqrt{2\pi}} \exp\left(-\frac{(\log x-\mu)^2}{2\sigma^2}\right), \quad x > 0

    Parameters
    ----------
    loc : array_like of real
        Mean :math:`\mu` of the logarithm.
    scale : array_like of positive
        Standard deviation :math:`\sigma` of the logarithm.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``lognorm(s, scale=m)`` has ``scale = s`` and ``loc = log(m)``. Draws are exponentials of
    normal draws.

    Raises
    ------
    ValueError
        If `loc` is not finite or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.LogNormal(loc=0.0, scale=[0.5, 1.0])
    >>> d.mean()
    array([1.13314845, 1.64872127])
    >>> d.log_cdf(1e-30)
    array([-9549.26396679, -2391.00852753])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    support = constraints.positive
    has_rsample = True
    kernels = Kernels(
        prepare=normal_prepare,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, normals=1),
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

    base_dist, transforms = image(lambda d: Normal(d.loc, d.scale), lambda d: ExpTransform())

    def __init__(self, loc: Any, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale)


register_kl(LogNormal, LogNormal)(Formula(kl_normal, quick=(kl_normal_of_moderate_scales,)))


@register_kl(LogNormal, Gamma)
@kernel
def kl_log_normal_gamma(loc, scale, a, rate):
    half = 0.5 * scale * scale
    y = rate * exp(loc + half)
    # The mean may be below float64.
    seen = y > SMALLEST
    ratio = log_quotient(a, y) if seen else log(a) - log(rate) - loc - half
    own = deviance(a, y) if seen else a * (ratio - 1.0)
    kl = own + stirling_error(a) + 0.5 * deviance(1.0, 2.0 * a * half)
    in_scale = y * scale - 1.0 / scale
    return kl, y - a, in_scale, ratio - log_minus_digamma(a) + half, (y - a) / rate


ITSELF = As("x, y", "x, y", "g[0], g[1]")
register_kl(LogNormal, Exponential)(through(kl_log_normal_gamma, ITSELF, EXPONENTIAL_AS_GAMMA, 2))
register_kl(LogNormal, InverseGamma)(through(kl_log_normal_gamma, RECIPROCAL, AS_GAMMA, 2))


@register_kl(LogNormal, Weibull)
@kernel
def kl_log_normal_weibull(loc, scale, other_scale, concentration):
    # Minus the logarithms: a normal and a Gumbel distribution.
    distance = log_beyond(other_scale, 1.0, loc)
    z, ratio = concentration * distance, concentration * scale
    kl, in_z, in_ratio, in_both = normal_over_gumbel(z, ratio)
    in_loc = concentration * in_z
    return kl, -in_loc, concentration * in_ratio, in_loc / other_scale, in_both / concentration
