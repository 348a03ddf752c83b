"""Student's t distribution."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import Any

from fastdist import constraints, interpolate
from fastdist.distribution import Distribution
from fastdist.distributions.normal import Normal, kl_normal
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel, together
from fastdist.kernels import Kernels
from fastdist.kl import As, register_kl, through
from fastdist.location_scale import times_density
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants, propose_log_gamma
from fastdist.random.sampling import Sampler
from fastdist.special.beta import curvature_near, digamma_rise
from fastdist.special.scaled import over, reciprocal
from fastdist.special.student_t import (
    student_t_cdf_grad_prepared,
    student_t_cdf_prepared,
    student_t_constants,
    student_t_icdf_prepared,
    student_t_isf_prepared,
    student_t_log_cdf_prepared,
    student_t_log_sf_prepared,
    student_t_log_top,
    student_t_sample_grad_prepared,
    student_t_sf_prepared,
)
from fastdist.special.student_t_divergence import student_t_divergence, student_t_negentropy

INF, NAN = float("inf"), float("nan")

# A finite stand-in for infinitely many degrees of freedom: the normal limit to the last digit.
MANY = 1e300
# Beyond this ratio to sqrt(df), log(1 + ratio**2) is 2 log(ratio), and the square may overflow.
FAR = 1e8
# Below this ratio's square the curvature of the logarithm is that of its series.
NEAR = 0.4


@kernel
def prepare(df, loc, scale):
    nu = df if df < MANY else MANY
    log_norm = student_t_log_top(nu) - log(scale)
    inv_root = 1.0 / sqrt(nu)
    return loc, scale, nu, inv_root, 0.5 * (nu + 1.0), log_norm, inv_root * reciprocal(scale)


@kernel
def log_rise(ratio):
    """log(1 + ratio**2), also where the square overflows."""
    far = ratio > FAR
    return log1p(ratio - 1.0 if far else ratio * ratio) * (2.0 if far else 1.0)


@kernel
def log_prob(x, c):
    return c[5] - c[4] * log_rise(abs(over(x - c[0], c[6])))


@kernel
def prepare_grad(df, loc, scale):
    nu = df if df < MANY else MANY
    x = 0.5 * nu
    t = 1.0 / (x * x)
    # digamma(x + 1/2) - digamma(x) - 1 / (2 x), whose terms cancel for large x.
    step = t * (0.125 - t * (0.015625 - t * 0.0078125)) if x > 1e3 else digamma_rise(x, 0.5) - 0.5 / x
    return (*prepare(df, loc, scale), step)


@kernel
def log_prob_and_grad(x, c):
    loc, scale, nu, inv_root, half, log_norm, inv_unit, step = c
    z = (x - loc) / scale
    near = abs(z) < 1.0
    pull = 2.0 * half * (z if near else 1.0) / (fma(z, z, nu) if near else nu / z + z)
    ratio = abs(over(x - loc, inv_unit))
    w, rise = ratio * ratio, log_rise(ratio)
    low = w < 1.0
    inverse = 1.0 / (1.0 + (w if low else 1.0 / w))
    share = w * inverse if low else inverse
    # share - rise, which cancel next to 0.
    excess = w * w * (0.5 * curvature_near(w) - inverse) if w < NEAR else share - rise
    slope = pull / scale
    in_df = 0.5 * (step + excess + share * inv_root * inv_root)
    return log_norm - half * rise, -slope, in_df, slope, (2.0 * half * share - 1.0) / scale


@kernel
def prepare_cdf(df, loc, scale):
    return (loc, scale, *student_t_constants(df))


@kernel
def cdf(x, c):
    return student_t_cdf_prepared((x - c[0]) / c[1], c[2:])


@kernel
def sf(x, c):
    return student_t_sf_prepared((x - c[0]) / c[1], c[2:])


@kernel
def log_cdf(x, c):
    return student_t_log_cdf_prepared((x - c[0]) / c[1], c[2:])


@kernel
def log_sf(x, c):
    return student_t_log_sf_prepared((x - c[0]) / c[1], c[2:])


@kernel
def icdf(p, c):
    return c[0] + c[1] * student_t_icdf_prepared(p, c[2:])


@kernel
def isf(q, c):
    return c[0] + c[1] * student_t_isf_prepared(q, c[2:])


@kernel
def prepare_cdf_grad(df, loc, scale):
    return (*prepare(df, loc, scale), *student_t_constants(df))


@kernel
def cdf_and_grad(x, c):
    z = (x - c[0]) / c[1]
    p, slope = student_t_cdf_grad_prepared(z, c[7:])
    root = exp(0.5 * log_prob(x, c))
    density = root * root
    return p, density, slope, -density, -times_density(z, root)


@kernel
def df_slope(x, c):
    return c[1] * student_t_sample_grad_prepared((x - c[0]) / c[1], c[2:])


@kernel
def loc_slope(x, c):
    return 1.0


@kernel
def scale_slope(x, c):
    return (x - c[0]) / c[1]


@kernel
def prepare_draw(df, loc, scale):
    shape = 0.5 * (df if df < MANY else MANY)
    return (loc, scale, log(shape), *gamma_constants(shape))


@kernel
def draw(noise, c):
    log_chi = propose_log_gamma(noise[1], noise[2], noise[3], c[3], c[4], c[5])
    return c[0] + c[1] * (noise[0] * exp(0.5 * (c[2] - log_chi)))


@kernel
def mean(df, loc, scale):
    return loc if df > 1.0 else NAN


@kernel
def variance(df, loc, scale):
    if df > 2.0:
        return scale * scale * (df / (df - 2.0) if df < MANY else 1.0)
    return INF if df > 1.0 else NAN


@kernel
def stddev(df, loc, scale):
    if df > 2.0:
        return scale * (sqrt(df / (df - 2.0)) if df < MANY else 1.0)
    return INF if df > 1.0 else NAN


@kernel
def skewness(df, loc, scale):
    return 0.0 if df > 3.0 else NAN


@kernel
def kurtosis(df, loc, scale):
    if df > 4.0:
        return 6.0 / (df - 4.0)
    return INF if df > 2.0 else NAN


@kernel
def median(df, loc, scale):
    return loc


@kernel
def entropy(df, loc, scale):
    nu = df if df < MANY else MANY
    half = 0.5 * (nu + 1.0)
    return half * digamma_rise(0.5 * nu, 0.5) - student_t_log_top(nu) + log(scale)


class StudentT(Distribution):
    r"""Student's t distribution.

    .. math::

        p(x) = \frac{\Gamma\left(\frac{\nu+1}{2}\right)}{\sqrt{\nu\pi}\,\sigma\,\Gamma\left(\frac{\nu}{2}\right)}
               \left(1 + \frac{z^2}{\nu}\right)^{-(\nu+1)/2}, \quad z = \frac{x-\mu}{\sigma}

    Parameters
    ----------
    df : array_like of positive
        Degrees of freedom :math:`\nu`; infinity is the normal limit.
    loc : array_like of real
        Location :math:`\mu`.
    scale : array_like of positive
        Scale :math:`\sigma`, which is not the standard deviation.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``t(df, loc, scale)`` is the same distribution. The mean is NaN for `df` at most 1; the
    variance is infinite for `df` in (1, 2] and NaN below. Draws are a normal over the root of a
    gamma variate; the derivative of a draw in `df` is implicit.

    Raises
    ------
    ValueError
        If `df` or `scale` is not positive, or `loc` is not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.StudentT(df=[1.0, 5.0], loc=0.0, scale=1.0)
    >>> d.sf(1e10)
    array([3.18309886e-11, 9.49016725e-50])
    """

    df = Parameter(constraints.positive, infinite=True)
    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    support = constraints.real
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        quick=interpolate.METHODS,
        log_prob=log_prob,
        log_prob_and_grad=(prepare_grad, log_prob_and_grad),
        cdf=(prepare_cdf, cdf),
        sf=(prepare_cdf, sf),
        log_cdf=(prepare_cdf, log_cdf),
        log_sf=(prepare_cdf, log_sf),
        icdf=(prepare_cdf, icdf),
        isf=(prepare_cdf, isf),
        cdf_and_grad=(prepare_cdf_grad, cdf_and_grad),
        sampler=Sampler(draw, normals=2, uniforms=2, rejects=True, prepare=prepare_draw),
        sample_grad=(prepare_cdf, together(df_slope, loc_slope, scale_slope)),
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        median=median,
        mode=median,
        entropy=entropy,
    )

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool = True) -> None:
        self._freeze(validate_args, df=df, loc=loc, scale=scale)


register_kl(StudentT, StudentT)(student_t_divergence)
AS_STUDENT_T = As("loc, scale", "1e300, loc, scale", "g[1], g[2]")
register_kl(Normal, StudentT)(
    through(student_t_divergence, AS_STUDENT_T, As("a, b, c", "a, b, c", "g[0], g[1], g[2]"), 3)
)


@register_kl(StudentT, Normal)
@kernel
def kl_student_t_normal(df, loc, scale, other_loc, other_scale):
    # How far the normal distribution of the same mean and variance is, and how far that is from the other.
    finite = df > 2.0
    nu = (df if df < MANY else MANY) if finite else 3.0
    ratio = sqrt(nu / (nu - 2.0))
    beyond, slope = student_t_negentropy(nu)
    kl, in_loc, in_spread, in_other, in_scale = kl_normal(loc, scale * ratio, other_loc, other_scale)
    in_df = slope - in_spread * (scale * ratio) / nu / (nu - 2.0)
    slopes = in_df, in_loc, in_spread * ratio, in_other, in_scale
    return (beyond + kl, *slopes) if finite else (INF, NAN, NAN, NAN, NAN, NAN)
