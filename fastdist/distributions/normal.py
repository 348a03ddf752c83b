"""Normal distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import Formula, infinite, register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.distance import normal_distance
from fastdist.special.excess import log_excess, moderate_ratio_excess, ratio_excess
from fastdist.special.logs import exp_excess
from fastdist.special.normal import log_ndtr, ndtr, ndtri
from fastdist.special.scaled import over, reciprocal

HALF_LOG_2PI = 0.91893853320467274178
INV_SQRT_2PI = 0.39894228040143267794
ROOT_TWO_OVER_PI = 0.79788456080286535588
# The least divergences of a Gumbel and of a Laplace distribution from a normal one.
NEAREST_GUMBEL, NEAREST_LAPLACE = 0.081061466795327258197, 0.048417294710545135274


@kernel
def prepare(loc, scale):
    return loc, scale, reciprocal(scale), -log(scale) - HALF_LOG_2PI


@kernel
def standard(z):
    return -HALF_LOG_2PI - 0.5 * z * z


@kernel(single=True)
def log_prob(x, c):
    loc, _, inverse, log_norm = c
    z = over(x - loc, inverse)
    return log_norm - 0.5 * z * z


@kernel
def log_prob_and_grad(x, c):
    loc, _, inverse, log_norm = c
    z = over(x - loc, inverse)
    slope = over(z, inverse)
    return log_norm - 0.5 * z * z, -slope, slope, over(z * z - 1.0, inverse)


@kernel
def cdf(x, c):
    return ndtr((x - c[0]) / c[1])


@kernel
def sf(x, c):
    return ndtr((c[0] - x) / c[1])


@kernel
def log_cdf(x, c):
    return log_ndtr((x - c[0]) / c[1])


@kernel
def log_sf(x, c):
    return log_ndtr((c[0] - x) / c[1])


@kernel
def icdf(p, c):
    return c[0] + c[1] * ndtri(p)


@kernel
def isf(p, c):
    return c[0] - c[1] * ndtri(p)


@kernel
def cdf_and_grad(x, c):
    loc, scale, inverse, _ = c
    z = (x - loc) / scale
    # By half of it, for a scale so small that the exponential underflows first.
    half = exp(-0.25 * z * z)
    density = over(INV_SQRT_2PI * half, inverse) * half if half != 0.0 else 0.0
    return ndtr(z), density, -density, -z * density if density != 0.0 else 0.0


@kernel
def draw(noise, c):
    return c[0] + c[1] * noise[0]


@kernel
def sample_grad(x, c):
    return 1.0, over(x - c[0], c[2])


@kernel
def mean(loc, scale):
    return loc


@kernel
def variance(loc, scale):
    return scale * scale


@kernel
def stddev(loc, scale):
    return scale


@kernel
def zero(loc, scale):
    return 0.0


@kernel
def entropy(loc, scale):
    return log(scale) + 0.5 + HALF_LOG_2PI


class Normal(Distribution):
    r"""Normal (Gaussian) distribution.

    .. math:: p(x) = \frac{1}{\sigma\sqrt{2\pi}} \exp\left(-\frac{(x-\mu)^2}{2\sigma^2}\right)

    Parameters
    ----------
    loc : array_like of real
        Mean :math:`\mu`.
    scale : array_like of positive
        Standard deviation :math:`\sigma`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``norm(loc, scale)`` is the same distribution. Draws are made by the method of Box and
    Muller (1958, doi:10.1214/aoms/1177706645) and are differentiable as ``loc + scale * noise``.

    Raises
    ------
    ValueError
        If `loc` is not finite or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Normal(loc=0.0, scale=[1.0, 2.0])
    >>> d.log_prob(1.0)
    array([-1.41893853, -1.73708571])
    >>> d.sf(40.0)
    array([0.00000000e+000, 2.75362412e-089])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    support = constraints.real
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
        sampler=Sampler(draw, normals=1),
        sample_grad=sample_grad,
        standard=standard,
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=zero,
        kurtosis=zero,
        median=mean,
        mode=mean,
        entropy=entropy,
    )

    def __init__(self, loc: Any, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale)


@kernel
def kl_normal(loc, scale, other_loc, other_scale):
    z, excess = (loc - other_loc) / other_scale, (scale - other_scale) / other_scale
    kl = 0.5 * (z * z + excess * excess) + ratio_excess(scale, other_scale)
    squares = excess * (2.0 + excess)
    return kl, z / other_scale, squares / scale, -z / other_scale, -(z * z + squares) / other_scale


@kernel
def kl_normal_of_moderate_scales(loc, scale, other_loc, other_scale):
    inverse = 1.0 / other_scale
    z, excess = (loc - other_loc) * inverse, (scale - other_scale) * inverse
    return fma(0.5, fma(z, z, excess * excess), moderate_ratio_excess(scale, other_scale))


register_kl(Normal, Normal)(Formula(kl_normal, quick=(kl_normal_of_moderate_scales,)))
infinite(Normal, "Beta", "ContinuousBernoulli", "Exponential", "Gamma", "Pareto", "Uniform")


@kernel
def normal_over_gumbel(z, ratio):
    """The divergence of a Gumbel distribution from a normal one whose mean is z of its scales above its loc.

    `ratio` is that of the scales. Derivatives in both follow, and z and the ratio times these: they may overflow.
    """
    excess, u = ratio - 1.0, 0.5 * ratio * ratio - z
    pull = expm1(u)
    kl = exp_excess(u) + (0.5 * excess * excess + log_excess(ratio, excess)) + NEAREST_GUMBEL
    squares = excess * (1.0 + ratio)
    # Where the exponential is negligible the squares of the ratio cancel.
    if pull > -0.5:
        return kl, -pull, squares / ratio + ratio * pull, squares + (u + 0.5 * ratio * ratio) * pull
    power = exp(u)
    return kl, -pull, ratio * power - 1.0 / ratio, (z - 1.0) + (u + 0.5 * ratio * ratio) * power


@register_kl(Normal, "Gumbel")
@kernel
def kl_normal_gumbel(loc, scale, other_loc, other_scale):
    z, ratio = (loc - other_loc) / other_scale, scale / other_scale
    kl, in_z, in_ratio, in_both = normal_over_gumbel(z, ratio)
    in_loc = in_z / other_scale
    return kl, in_loc, in_ratio / other_scale, -in_loc, -in_both / other_scale


@register_kl(Normal, "Laplace")
@kernel
def kl_normal_laplace(loc, scale, other_loc, other_scale):
    z = (loc - other_loc) / scale
    beyond, share, fall = normal_distance(z)
    nearest = ROOT_TWO_OVER_PI * scale
    distance = nearest * (1.0 + beyond)
    # At the scale that is the mean distance, and how far that scale is from it.
    kl = (NEAREST_LAPLACE + log1p(beyond)) + ratio_excess(distance, other_scale)
    in_loc, gap = share / other_scale, (other_scale - distance) / other_scale
    return kl, in_loc, (fall * nearest - other_scale) / other_scale / scale, -in_loc, gap / other_scale
