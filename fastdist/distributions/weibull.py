"""Weibull distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.exponential import AS_GAMMA as EXPONENTIAL_AS_GAMMA
from fastdist.distributions.exponential import Exponential
from fastdist.distributions.gamma import Gamma
from fastdist.distributions.gumbel import NEGENTROPY, SPREAD
from fastdist.distributions.images import image
from fastdist.distributions.normal import kl_normal
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import As, register_kl, through
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.beta import log_beyond
from fastdist.special.binet import binet_divergence, gammaln_divergence, gumbel_divergence, log_gamma1p_beyond
from fastdist.special.gamma import deviance, digamma, log_gamma1p, log_minus_digamma, stirling_error
from fastdist.special.logs import log1mexp, log_quotient, log_ratio
from fastdist.special.stretched import stretched_moments
from fastdist.transforms.affine import AffineTransform
from fastdist.transforms.exponential import PowerTransform

INF = float("inf")
EULER = 0.57721566490153286061
# Of the least divergence of a gamma distribution from one of a large concentration, 0.0906, what is not log(pi**2/6)/2.
NARROW = -0.158277131696860
LOG_LOG_2 = -0.36651292058166432701

# Below this the cdf is the hazard to the last digit, and the hazard itself may underflow.
NEAR = -40.0


@kernel
def prepare(scale, concentration):
    k = concentration
    return scale, k, 1.0 / k, log(k) - log(scale)


@kernel
def log_prob(x, c):
    far = log_ratio(x, c[0])
    # The power 0 of a distance is 1 at x = 0 too.
    return c[3] + ((c[1] - 1.0) * far if c[1] != 1.0 or x > 0.0 else 0.0) - exp(c[1] * far)


@kernel
def log_prob_and_grad(x, c):
    scale, k, inv_k, _ = c
    far = log_ratio(x, scale)
    excess = expm1(k * far)
    in_x = ((k - 1.0) - k * exp(k * far)) / x if k != 1.0 or x > 0.0 else -1.0 / scale
    return log_prob(x, c), in_x, k * excess / scale, inv_k - far * excess


@kernel
def cdf(x, c):
    return -expm1(-exp(c[1] * log_ratio(x, c[0])))


@kernel
def sf(x, c):
    return exp(-exp(c[1] * log_ratio(x, c[0])))


@kernel
def log_cdf(x, c):
    power = c[1] * log_ratio(x, c[0])
    return log1mexp(-exp(power)) if power > NEAR else power


@kernel
def log_sf(x, c):
    return -exp(c[1] * log_ratio(x, c[0]))


@kernel
def icdf(p, c):
    return c[0] * exp(log(-log1p(-p)) * c[2])


@kernel
def isf(q, c):
    return c[0] * exp(log(-log(q)) * c[2])


@kernel
def cdf_and_grad(x, c):
    scale, k, _, _ = c
    far = log_ratio(x, scale)
    hazard = exp(k * far)
    slope = exp(k * far - hazard)
    return -expm1(-hazard), exp(log_prob(x, c)), -k / scale * slope, far * slope


@kernel
def draw(noise, c):
    return c[0] * exp(log(-log_of_uniform(noise[0])) * c[2])


@kernel
def sample_grad(x, c):
    return x / c[0], -x * (log_ratio(x, c[0]) * c[2]) if x > 0.0 else 0.0


@kernel
def mean(scale, concentration):
    return scale * exp(log_gamma1p(1.0 / concentration))


@kernel
def variance(scale, concentration):
    _, spread, _, _ = stretched_moments(-1.0 / concentration)
    return scale / concentration * (scale / concentration) * spread


@kernel
def stddev(scale, concentration):
    _, spread, _, _ = stretched_moments(-1.0 / concentration)
    return scale / concentration * sqrt(spread)


@kernel
def skewness(scale, concentration):
    return -stretched_moments(-1.0 / concentration)[2]


@kernel
def kurtosis(scale, concentration):
    return stretched_moments(-1.0 / concentration)[3]


@kernel
def median(scale, concentration):
    return scale * exp(LOG_LOG_2 / concentration)


@kernel
def mode(scale, concentration):
    return scale * exp(log1p(-1.0 / concentration) / concentration) if concentration > 1.0 else 0.0


@kernel
def entropy(scale, concentration):
    return EULER * (1.0 - 1.0 / concentration) + log(scale) - log(concentration) + 1.0


class Weibull(Distribution):
    r"""Weibull distribution.

    .. math::

        p(x) = \frac{k}{\lambda} \left(\frac{x}{\lambda}\right)^{k-1} e^{-(x/\lambda)^k}, \quad x \ge 0

    Parameters
    ----------
    scale : array_like of positive
        Scale :math:`\lambda`.
    concentration : array_like of positive
        Shape :math:`k`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``weibull_min(c, scale=s)`` has ``concentration = c`` and ``scale = s``. Draws are
    quantiles of uniform noise.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Weibull(scale=1.0, concentration=[0.5, 2.0])
    >>> d.variance()
    array([20.        ,  0.2146018])
    >>> d.cdf(1e-20)
    array([1.e-10, 1.e-40])
    """

    scale = Parameter(constraints.positive)
    concentration = Parameter(constraints.positive)
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

    base_dist, transforms = image(
        lambda d: Exponential(1.0),
        lambda d: PowerTransform(d.concentration_reciprocal),
        lambda d: AffineTransform(0.0, d.scale),
    )

    @property
    def concentration_reciprocal(self) -> Any:
        """1 / `concentration`, the power of an exponential variate."""
        return 1.0 / self.concentration

    def __init__(self, scale: Any, concentration: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, scale=scale, concentration=concentration)


@register_kl(Weibull, Weibull)
@kernel
def kl_weibull(scale, concentration, other_scale, other_concentration):
    # -log of a Weibull variate is a Gumbel one, of scale 1 / concentration.
    distance, ratio = log_ratio(scale, other_scale), other_concentration / concentration
    kl, in_d, in_ratio, in_both = gumbel_divergence(other_concentration * distance, ratio)
    in_scale = other_concentration * in_d
    in_other = in_both / other_concentration
    return kl, in_scale / scale, -ratio * in_ratio / concentration, -in_scale / other_scale, in_other


@register_kl(Weibull, Gamma)
@kernel(heavy=True)
def kl_weibull_gamma(scale, concentration, a, rate):
    v = 1.0 / concentration
    beyond, slope = log_gamma1p_beyond(v)
    y = rate * scale * exp(log_gamma1p(v))
    if 0.4 < a < 2.5 and 0.4 < v < 2.5:
        # About shapes of 1, of which both are exponential distributions.
        near = gammaln_divergence(1.0 + v, 2.0)[0]
        rest = a * near + (a - 1.0) * ((1.0 - concentration) * v) + deviance(1.0, v)
        rest = rest + (0.5 * deviance(1.0, a) + binet_divergence(a, 1.0)[0])
    else:
        # In large shapes the first is the square of a ratio of scales.
        w = 2.0 * a * beyond
        rest = 0.5 * (deviance(1.0, w) + log(2.0 * (beyond / v / v))) + (stirling_error(a) + NARROW)
    in_v = a * slope + (y - a) * digamma(1.0 + v) - concentration
    in_a = log_quotient(a, y) - log_minus_digamma(a) + beyond
    return deviance(a, y) + rest, (y - a) / scale, -v * v * in_v, in_a, (y - a) / rate


ITSELF = As("x, y", "x, y", "g[0], g[1]")
register_kl(Weibull, Exponential)(through(kl_weibull_gamma, ITSELF, EXPONENTIAL_AS_GAMMA, 2))


@register_kl(Weibull, "LogNormal")
@kernel
def kl_weibull_log_normal(scale, concentration, loc, other_scale):
    # The logarithm is minus a Gumbel variate of scale v.
    v = 1.0 / concentration
    gap = log_beyond(scale, 1.0, loc) - EULER * v
    kl, in_mean, in_spread, in_loc, in_other = kl_normal(gap, SPREAD * v, 0.0, other_scale)
    return NEGENTROPY + kl, in_mean / scale, v * v * (EULER * in_mean - SPREAD * in_spread), in_loc, in_other
