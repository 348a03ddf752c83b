"""Half-Cauchy distribution."""

from __future__ import annotations

from math import atan2, log1p
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.cauchy import Cauchy, growth, log1p_square, over_square, slope
from fastdist.distributions.images import image
from fastdist.engine.kernel import kernel
from fastdist.engine.trigonometric import sincos_half_turn
from fastdist.kl import register_kl
from fastdist.location_scale import location_scale
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import BIG, DOWN, LOG_SHIFT, SMALL, UP, log_tail
from fastdist.special.scaled import over
from fastdist.transforms.absolute import AbsTransform

INF, NAN = float("inf"), float("nan")
TWO_OVER_PI, HALF_PI = 0.63661977236758134308, 1.57079632679489661923
LOG_TWO_OVER_PI = -0.45158270528945486473
LOG_2PI = 1.83787706640934548356


@kernel
def log_prob(z):
    return LOG_TWO_OVER_PI - log1p_square(z)


@kernel
def prob(z, c):
    return over_square(TWO_OVER_PI, z, c[2])


@kernel
def spread(z, c):
    return over(TWO_OVER_PI / (z + 1.0 / z), c[2])


@kernel
def cdf(z):
    return TWO_OVER_PI * atan2(z, 1.0)


@kernel
def sf(z):
    return TWO_OVER_PI * atan2(1.0, z)


# The logarithms of tails are numbers where the ratio of a value to the scale is not one of float64: there a tail is a
# multiple of the ratio, or of its reciprocal.


@kernel
def log_cdf(x, c):
    under = x < c[1] * SMALL
    z = (x * (UP if under else 1.0)) / (c[1] * (DOWN if under else 1.0))
    above = z > 1.0 and not under
    tail = TWO_OVER_PI * z if under else (sf(z) if above else cdf(z))
    return log_tail(tail, above) - (LOG_SHIFT if under else 0.0)


@kernel
def log_sf(x, c):
    over = x > c[1] * BIG
    z = (x * (DOWN if over else 1.0)) / (c[1] * (UP if over else 1.0))
    above = z > 1.0 or over
    found = log_tail(HALF_PI * z if over else (sf(z) if above else cdf(z)), not above)
    return -LOG_SHIFT - found if over else found


@kernel
def icdf(p):
    sine, cosine = sincos_half_turn(0.5 * p)
    return sine / cosine


@kernel
def isf(q):
    sine, cosine = sincos_half_turn(0.5 * q)
    return cosine / sine


@kernel
def draw(noise):
    return icdf(noise[0])


class HalfCauchy(Distribution):
    r"""Distribution of the absolute value of a Cauchy variate with median 0.

    .. math:: p(x) = \frac{2}{\pi\gamma} \left(1 + \left(\frac{x}{\gamma}\right)^2\right)^{-1}, \quad x \ge 0

    Parameters
    ----------
    scale : array_like of positive
        Scale :math:`\gamma`, which is the median.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``halfcauchy(scale=s)`` has ``scale = s``. Mean and variance are infinite, skewness and
    kurtosis NaN. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.HalfCauchy(scale=2.0)
    >>> d.median(), d.sf(1e20)
    (np.float64(2.0), np.float64(1.2732395447351627e-20))
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
        of_x={"log_cdf": log_cdf, "log_sf": log_sf},
        icdf=icdf,
        isf=isf,
        sampler=Sampler(draw, uniforms=1),
        mean=INF,
        variance=INF,
        skewness=NAN,
        kurtosis=NAN,
        median=1.0,
        mode=0.0,
        entropy=LOG_2PI,
    )

    base_dist, transforms = image(lambda d: Cauchy(0.0, d.scale), lambda d: AbsTransform())

    def __init__(self, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, scale=scale)


@register_kl(HalfCauchy, HalfCauchy)
@kernel
def kl_half_cauchy(scale, other):
    gap, s = (scale - other) / other, scale / other
    slope = gap / (1.0 + s)
    return log1p(0.25 * (gap * gap) / s), slope / scale, -slope / other
