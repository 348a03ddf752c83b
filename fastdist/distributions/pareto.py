"""Pareto distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.exponential import AS_GAMMA, Exponential
from fastdist.distributions.gamma import Gamma
from fastdist.distributions.images import image
from fastdist.distributions.laplace import Laplace
from fastdist.distributions.normal import Normal, kl_normal
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import As, infinite, register_kl, through
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.beta import inverse_curvature, log_curvature
from fastdist.special.excess import ratio_excess
from fastdist.special.gamma import deviance, log_minus_digamma, stirling_error
from fastdist.special.logs import log1mexp, log_quotient
from fastdist.special.scaled import log1p_over, over, reciprocal
from fastdist.transforms.affine import AffineTransform
from fastdist.transforms.exponential import ExpTransform

INF, NAN = float("inf"), float("nan")
LOG_2 = 0.69314718055994530942
# The logarithm of a variate is exponential: how far a normal distribution is from that.
NEGENTROPY = 0.41893853320467274178


@kernel
def prepare(scale, alpha):
    return scale, alpha, reciprocal(scale), 1.0 / alpha, log(alpha) - log(scale)


@kernel
def bounds(c):
    return c[0], INF


@kernel
def distance(x, c):
    """log(x / scale): the difference to the scale is exact where the quotient would be rounded to 1."""
    return log1p_over(x - c[0], c[2])


@kernel
def log_prob(x, c):
    return c[4] - (c[1] + 1.0) * distance(x, c)


@kernel
def log_prob_and_grad(x, c):
    _, alpha, inv_scale, inv_alpha, _ = c
    far = distance(x, c)
    return c[4] - (alpha + 1.0) * far, -(alpha + 1.0) / x, over(alpha, inv_scale), inv_alpha - far


@kernel
def cdf(x, c):
    return -expm1(-c[1] * distance(x, c))


@kernel
def sf(x, c):
    return exp(-c[1] * distance(x, c))


@kernel
def log_cdf(x, c):
    return log1mexp(-c[1] * distance(x, c))


@kernel
def log_sf(x, c):
    return -c[1] * distance(x, c)


@kernel
def icdf(p, c):
    return c[0] * exp(-log1p(-p) / c[1])


@kernel
def isf(q, c):
    return c[0] * exp(-log(q) / c[1])


@kernel
def cdf_and_grad(x, c):
    scale, alpha, _, _, _ = c
    far = distance(x, c)
    tail = exp(-alpha * far)
    return -expm1(-alpha * far), alpha / x * tail, -alpha / scale * tail, far * tail


@kernel
def draw(noise, c):
    return c[0] * exp(-log_of_uniform(noise[0]) * c[3])


@kernel
def sample_grad(x, c):
    return over(x, c[2]), -x * (distance(x, c) * c[3])


@kernel
def mean(scale, alpha):
    return INF if alpha <= 1.0 else scale * (alpha / (alpha - 1.0))


@kernel
def variance(scale, alpha):
    if alpha <= 2.0:
        return INF
    relative = scale / (alpha - 1.0)
    return relative * relative * (alpha / (alpha - 2.0))


@kernel
def stddev(scale, alpha):
    return scale / (alpha - 1.0) * sqrt(alpha / (alpha - 2.0)) if alpha > 2.0 else INF


@kernel
def skewness(scale, alpha):
    if alpha <= 3.0:
        return INF if alpha > 2.0 else NAN
    return 2.0 * (1.0 + alpha) / (alpha - 3.0) * sqrt((alpha - 2.0) / alpha)


@kernel
def kurtosis(scale, alpha):
    if alpha <= 4.0:
        return INF if alpha > 2.0 else NAN
    r = 1.0 / alpha
    return 6.0 * (1.0 + r * (1.0 - r * (6.0 + 2.0 * r))) / ((1.0 - 3.0 * r) * (1.0 - 4.0 * r))


@kernel
def median(scale, alpha):
    return scale * exp(LOG_2 / alpha)


@kernel
def mode(scale, alpha):
    return scale


@kernel
def entropy(scale, alpha):
    return log(scale) - log(alpha) + 1.0 + 1.0 / alpha


class Pareto(Distribution):
    r"""Pareto (type I) distribution.

    .. math:: p(x) = \frac{\alpha}{x} \left(\frac{\sigma}{x}\right)^\alpha, \quad x \ge \sigma

    Parameters
    ----------
    scale : array_like of positive
        Smallest value :math:`\sigma`, which is the mode.
    alpha : array_like of positive
        Tail index :math:`\alpha`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``pareto(b, scale=s)`` has ``alpha = b`` and ``scale = s``. The moment of order n is
    infinite for `alpha` at most n. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Pareto(scale=1.0, alpha=[1.0, 3.0])
    >>> d.mean()
    array([inf, 1.5])
    >>> d.sf(1e10)
    array([1.e-10, 1.e-30])
    """

    scale = Parameter(constraints.positive)
    alpha = Parameter(constraints.positive)
    has_rsample = True
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
        median=median,
        mode=mode,
        entropy=entropy,
    )

    base_dist, transforms = image(
        lambda d: Exponential(d.alpha), lambda d: ExpTransform(), lambda d: AffineTransform(0.0, d.scale)
    )

    def __init__(self, scale: Any, alpha: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, scale=scale, alpha=alpha)

    @constraints.dependent_property()
    def support(self) -> Any:
        """Everything from the scale on."""
        return constraints.greater_than_eq(self.scale)


@register_kl(Pareto, Pareto)
@kernel
def kl_pareto(scale, alpha, other_scale, other_alpha):
    distance, slower = log_quotient(scale, other_scale), (alpha - other_alpha) / alpha
    kl = ratio_excess(other_alpha, alpha) + other_alpha * distance
    inside = scale >= other_scale
    slopes = other_alpha / scale, slower / alpha, -other_alpha / other_scale, distance - slower / other_alpha
    return (kl, *slopes) if inside else (INF, NAN, NAN, NAN, NAN)


infinite(Pareto, "Beta", "ContinuousBernoulli", "Uniform")


@register_kl(Pareto, Gamma)
@kernel
def kl_pareto_gamma(scale, alpha, a, rate):
    # The least divergence for a shape is that of the rate with the same mean.
    finite = alpha > 1.0
    alpha = alpha if finite else 2.0
    over, r = alpha - 1.0, 1.0 / alpha
    y = rate * scale * (alpha / over)
    curvature = inverse_curvature(alpha)
    # 2 a (-log(1 - r) - r), r = 1 / alpha: for large ones that is the variance of the logarithm, times the shape.
    square = a * r * r * curvature
    kl = deviance(a, y) + 0.5 * (deviance(1.0, square) + log(curvature)) + (stirling_error(a) + NEGENTROPY)
    in_alpha = (1.0 + a * r - y / over) * r
    in_a = log_quotient(a, y) - log_minus_digamma(a) + 0.5 * r * r * curvature
    return (kl, (y - a) / scale, in_alpha, in_a, (y - a) / rate) if finite else (INF, NAN, NAN, NAN, NAN)


register_kl(Pareto, Exponential)(through(kl_pareto_gamma, As("x, y", "x, y", "g[0], g[1]"), AS_GAMMA, 2))


@register_kl(Pareto, Normal)
@kernel
def kl_pareto_normal(scale, alpha, loc, other_scale):
    finite = alpha > 2.0
    one, two = (alpha - 1.0, alpha - 2.0) if finite else (2.0, 1.0)
    r = 1.0 / alpha if finite else 0.25
    mean, spread = scale * (alpha / one), scale * sqrt(alpha / two) / one
    kl, in_mean, in_spread, in_loc, in_other = kl_normal(mean, spread, loc, other_scale)
    # How far the normal distribution of the same mean and variance is.
    beyond = NEGENTROPY + 0.5 * (r * r * log_curvature(-r) - log(two * r))
    in_scale = (mean * in_mean + spread * in_spread) / scale
    in_alpha = -r * r * (1.0 / one + alpha / two) - in_mean * scale / one / one
    in_alpha = in_alpha - in_spread * spread * (1.0 / one + r / two)
    return (beyond + kl, in_scale, in_alpha, in_loc, in_other) if finite else (INF, NAN, NAN, NAN, NAN)


@register_kl(Pareto, Laplace)
@kernel
def kl_pareto_laplace(scale, alpha, loc, other_scale):
    finite = alpha > 1.0
    over = alpha - 1.0 if finite else 1.0
    r = 1.0 / alpha if finite else 0.5
    gap = (loc - scale) / scale
    inside = gap > 0.0
    log_gap = log1p(gap if inside else 0.0)
    tail = exp(-over * log_gap)
    # The mean distance from the other's loc, over the scale.
    distance = gap + (2.0 * tail - 1.0) / over if inside else 1.0 / over - gap
    mean = scale * distance
    kl = (log(2.0 * alpha * distance) - r) + ratio_excess(mean, other_scale)
    share = -expm1(LOG_2 - alpha * log_gap) if inside else -1.0
    in_scale = ((2.0 * tail - 1.0) if inside else 1.0) * (alpha / over) / other_scale - 1.0 / scale
    slope = ((1.0 - 2.0 * tail) / over - 2.0 * log_gap * tail) / over if inside else -1.0 / over / over
    in_alpha = r * (1.0 + r) + scale * slope / other_scale
    slopes = in_scale, in_alpha, share / other_scale, (other_scale - mean) / other_scale / other_scale
    return (kl, *slopes) if finite else (INF, NAN, NAN, NAN, NAN)
