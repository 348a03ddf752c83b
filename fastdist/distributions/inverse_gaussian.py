"""Inverse Gaussian distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

from fastdist import constraints, interpolate
from fastdist.distribution import Distribution
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.erf import erfcx_of_sum
from fastdist.special.erf_integral import erfcx_drop, ierfcx
from fastdist.special.exponential_integral import exp1_scaled, exp1_scaled_plus_log
from fastdist.special.gamma import deviance
from fastdist.special.normal import folded_ndtri, ndtri
from fastdist.tails import from_smaller

INF = float("inf")
HALF_LOG_2PI = 0.91893853320467274178
INV_SQRT_PI = 0.5641895835477563
SQRT_PI = 1.772453850905516
LOG_2 = 0.6931471805599453
MOST_STEPS = 60


@kernel
def prepare(loc, concentration):
    return loc, 0.5 * concentration, 0.5 * concentration / loc, 1.0 / loc, 0.5 * log(concentration) - HALF_LOG_2PI


@kernel
def exponent(x, c):
    """concentration (x - loc)**2 / (2 loc**2 x), and x / loc - 1: each factor of the product stays in range."""
    loc, half, half_shape, inv_loc, _ = c
    gap = x - loc
    excess = gap * inv_loc
    above = x > loc
    return ((gap if above else half) / x) * ((half_shape if above else excess) * excess), excess


@kernel
def log_prob(x, c):
    q, _ = exponent(x, c)
    return c[4] - 1.5 * log(x) - q


@kernel
def log_prob_and_grad(x, c):
    loc, half, half_shape, inv_loc, log_norm = c
    q, excess = exponent(x, c)
    pull = half_shape * inv_loc * ((x - loc) / x) * (1.0 + loc / x)
    # Next to 0 both terms overflow: the second is of higher order.
    in_x = -1.5 / x - pull if pull > -INF else INF
    return log_norm - 1.5 * log(x) - q, in_x, 2.0 * half_shape * inv_loc * excess, (0.25 - 0.5 * q) / half


@kernel
def tail_parts(x, c):
    """(q, factor, lower): exp(-q) * factor is the lower or the upper tail, made of positive terms.

    With s = sqrt(concentration / (2 x)), a = s (x / loc - 1) and b = s (x / loc + 1) the cdf is exp(-a*a)
    (erfcx(-a) + erfcx(b)) / 2 and the upper tail exp(-a*a) (erfcx(a) - erfcx(b)) / 2.
    """
    q, excess = exponent(x, c)
    s = sqrt(c[1] / x)
    low, middle = s * excess, s * (x * c[3])
    drop, close = erfcx_drop(low, middle, s)
    lower = low < 0.0 and not close
    factor = 0.5 * (erfcx_of_sum(abs(low), 0.0) + erfcx_of_sum(middle + s, 0.0) if lower else drop)
    # Where this would underflow, q is beyond 1e200.
    return q, factor if factor > 1e-300 else 1e-300, lower


@kernel
def tail(x, c):
    q, factor, lower = tail_parts(x, c)
    return -q, factor, lower


TAILS = from_smaller(tail)
cdf = TAILS["cdf"]


@kernel(heavy=True)
def standard_tail(t, shape):
    """`tail_parts` at loc = 1, with the density at t times t exp(q)."""
    return *tail_parts(t, (1.0, 0.5 * shape, 0.5 * shape, 1.0, 0.0)), INV_SQRT_PI * sqrt(0.5 * shape / t)


@kernel
def root_of(z, shape):
    """The t with sqrt(shape / t) (t - 1) = z."""
    w = 0.5 * z * z / shape
    larger = 1.0 + (w + sqrt(w * (w + 2.0)))
    return larger if z > 0.0 else 1.0 / larger


@kernel(heavy=True)
def start(p, q, shape):
    """A first guess of the quantile at loc = 1: the normal tail with the leading factor of ours, 2 / (1 + t)."""
    if p <= q:
        t = root_of(ndtri(p), shape)
        return root_of(ndtri(0.5 * p * (1.0 + t)), shape)
    root = folded_ndtri(q)
    t = shape / root / root
    if shape * t < 0.3:
        # As without drift: the tail is erf(sqrt(shape / (2 t))).
        return t
    t = root_of(-ndtri(q), shape)
    level = 0.5 * q * (1.0 + t)
    return root_of(-ndtri(level if level < 0.3 else 0.3) if t > 1.0 else -ndtri(level), shape)


@kernel(heavy=True)
def standard_quantile(p, q, shape):
    """The t where the cdf at loc = 1 is p = 1 - q: Halley's iteration in log t for the log of the smaller tail."""
    wants_lower = p <= q
    sign = 1.0 if wants_lower else -1.0
    target = log(p if wants_lower else q)
    t = start(p, q, shape)
    for _ in range(MOST_STEPS):
        exponent, factor, lower, rate = standard_tail(t, shape)
        if lower == wants_lower:
            miss = log(factor) - exponent - target
            rate /= factor
        else:
            small = exp(-exponent)
            miss = log1p(-small * factor) - target
            rate *= small / (1.0 - small * factor)
        newton = miss / rate
        bend = 1.0 + 0.5 * newton * (rate + sign * (0.5 + 0.5 * shape * (t - 1.0) * (1.0 + 1.0 / t)))
        step = -sign * newton / (bend if bend > 0.5 else 0.5)
        step = step if step < 2.0 else 2.0
        step = step if step > -2.0 else -2.0
        moved = fma(t, expm1(step), t)
        if moved == t or abs(step) * (1.0 + rate) < 1e-5:
            return moved
        t = moved
    return t


@kernel
def icdf(p, c):
    return c[0] * standard_quantile(p, 1.0 - p, 2.0 * c[2])


@kernel
def isf(q, c):
    return c[0] * standard_quantile(1.0 - q, q, 2.0 * c[2])


@kernel
def sample_grad(x, c):
    ratio = x * c[3]
    excess = (x - c[0]) * c[3]
    s = sqrt(c[1] / x)
    b = s * (2.0 + excess)
    in_loc = 2.0 * SQRT_PI * ratio * (ratio * s * erfcx_of_sum(b, 0.0))
    share = 1.0 / (2.0 + excess)
    in_concentration = x * (2.0 * SQRT_PI * (ratio * share) * ierfcx(b) - excess * share)
    return in_loc, 0.5 * in_concentration / c[1]


@kernel(heavy=True)
def cdf_and_grad(x, c):
    density = exp(log_prob(x, c))
    in_loc, in_concentration = sample_grad(x, c)
    inside = density > 0.0
    return cdf(x, c), density, -density * in_loc if inside else 0.0, -density * in_concentration if inside else 0.0


@kernel
def draw(noise, c):
    z, u = noise
    w = 0.25 * z * z / c[2]
    larger = 1.0 + (w + sqrt(w * (w + 2.0)))
    return c[0] * (larger if u * (1.0 + larger) < 1.0 else 1.0 / larger)


@kernel
def mean(loc, concentration):
    return loc


@kernel
def variance(loc, concentration):
    return loc * loc / (concentration / loc)


@kernel
def stddev(loc, concentration):
    return loc * (sqrt(loc) / sqrt(concentration))


@kernel
def skewness(loc, concentration):
    return 3.0 * sqrt(loc / concentration)


@kernel
def kurtosis(loc, concentration):
    return 15.0 * (loc / concentration)


@kernel
def mode(loc, concentration):
    h = 1.5 * (loc / concentration)
    return loc / (h + (sqrt(1.0 + h * h) if h < 1e8 else h))


@kernel
def entropy(loc, concentration):
    twice = 2.0 * (concentration / loc)
    if twice < 1.0:
        # The logarithms of the shape cancel on paper.
        return 0.5 + HALF_LOG_2PI + log(concentration) + 1.5 * (LOG_2 - exp1_scaled_plus_log(twice))
    return 0.5 + HALF_LOG_2PI + log(loc) - 0.5 * log(0.5 * twice) - 1.5 * exp1_scaled(twice)


class InverseGaussian(Distribution):
    r"""Inverse Gaussian distribution, also called Wald's: when a Brownian motion with drift first passes a level.

    .. math::

        p(x) = \sqrt{\frac{\lambda}{2 \pi x^3}} \exp\left(-\frac{\lambda (x - \mu)^2}{2 \mu^2 x}\right), \quad x > 0

    Parameters
    ----------
    loc : array_like of positive
        Mean :math:`\mu`.
    concentration : array_like of positive
        Shape :math:`\lambda`; the variance is :math:`\mu^3 / \lambda`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``invgauss(loc / concentration, scale=concentration)`` is the same distribution. Both tails
    are sums of positive terms: the scaled error function, and its integral where a difference would
    cancel. Draws are made by the method of Michael, Schucany and Haas (1976,
    doi:10.1080/00031305.1976.10479147), with the roots of the quadratic in a form that does not
    cancel; their derivatives are implicit, in closed form.

    Raises
    ------
    ValueError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.InverseGaussian(loc=1.0, concentration=[0.5, 2.0])
    >>> d.variance()
    array([2. , 0.5])
    >>> d.sf(30.0)
    array([5.26188760e-06, 2.19223182e-15])
    """

    loc = Parameter(constraints.positive)
    concentration = Parameter(constraints.positive)
    support = constraints.positive
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        quick=interpolate.METHODS,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        **TAILS,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, normals=1, uniforms=1),
        sample_grad=sample_grad,
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, loc: Any, concentration: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, concentration=concentration)


@register_kl(InverseGaussian, InverseGaussian)
@kernel
def kl_inverse_gaussian(loc, concentration, other_loc, other_concentration):
    d = (loc - other_loc) / other_loc
    square = d * d / loc
    kl = 0.5 * (other_concentration * square + deviance(concentration, other_concentration) / concentration)
    slower = (concentration - other_concentration) / concentration
    in_loc = 0.5 * other_concentration * d * (1.0 / other_loc + 1.0 / loc) / loc
    in_other = -other_concentration * d / (other_loc * other_loc)
    in_rates = 0.5 * slower / concentration, 0.5 * (square - slower / other_concentration)
    return kl, in_loc, in_rates[0], in_other, in_rates[1]
