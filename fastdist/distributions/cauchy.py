"""Cauchy distribution."""

from __future__ import annotations

from math import atan2, log, log1p
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.engine.trigonometric import sincos_half_turn
from fastdist.kl import Formula, register_kl
from fastdist.location_scale import location_scale
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import log_tail
from fastdist.special.scaled import over

INF, NAN = float("inf"), float("nan")
INV_PI = 0.31830988618379067154
LOG_PI = 1.14472988584940017414
LOG_4PI = 2.53102424696929079215

# Beyond this, log(1 + z**2) is 2 log(z), and the square may overflow.
FAR = 1e8


@kernel
def log1p_square(z):
    """log(1 + z**2)."""
    size = abs(z)
    far = size > FAR
    return log1p(size - 1.0 if far else size * size) * (2.0 if far else 1.0)


@kernel
def log_prob(z):
    return -LOG_PI - log1p_square(z)


@kernel
def over_square(top, z, inverse):
    """top / (1 + z**2) / scale, of the scale's reciprocal, also where the square overflows, or the density at 0."""
    size = abs(z)
    far = size > FAR
    return over(top / (size if far else 1.0 + z * z), inverse) / (size if far else 1.0) if size != INF else 0.0


@kernel
def prob(z, c):
    return over_square(INV_PI, z, c[2])


@kernel
def spread(z, c):
    return over(INV_PI / (z + 1.0 / z), c[2])


@kernel
def slope(z):
    return -2.0 / z if abs(z) > FAR else -2.0 * z / (1.0 + z * z)


@kernel
def growth(z):
    return -2.0 if abs(z) > FAR else -2.0 * z * z / (1.0 + z * z)


@kernel
def cdf(z):
    return INV_PI * atan2(1.0, -z)


@kernel
def log_cdf(z):
    return log_tail(INV_PI * atan2(1.0, abs(z)), z > 0.0)


@kernel
def icdf(p):
    sine, cosine = sincos_half_turn(p)
    return -cosine / sine


@kernel
def draw(noise):
    return icdf(noise[0])


class Cauchy(Distribution):
    r"""Cauchy (Lorentz) distribution.

    .. math:: p(x) = \frac{1}{\pi\gamma} \left(1 + \left(\frac{x - x_0}{\gamma}\right)^2\right)^{-1}

    Parameters
    ----------
    loc : array_like of real
        Median and mode :math:`x_0`.
    scale : array_like of positive
        Half of the width at half of the height, :math:`\gamma`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``cauchy(loc, scale)`` is the same distribution. There is no mean, so there is no variance about it
    either, nor any higher moment: all are NaN, as in SciPy (torch's variance is inf). Draws are quantiles of uniform
    noise.

    Raises
    ------
    ValueError
        If `loc` is not finite or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Cauchy(loc=0.0, scale=[1.0, 2.0])
    >>> d.icdf(0.75)
    array([1., 2.])
    >>> d.cdf(-1e20)
    array([3.18309886e-21, 6.36619772e-21])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    support = constraints.real
    has_rsample = True
    kernels = location_scale(
        log_prob=log_prob,
        prob=prob,
        spread=spread,
        slope=slope,
        growth=growth,
        cdf=cdf,
        log_cdf=log_cdf,
        icdf=icdf,
        sampler=Sampler(draw, uniforms=1),
        mean=NAN,
        variance=NAN,
        skewness=NAN,
        kurtosis=NAN,
        median=0.0,
        mode=0.0,
        entropy=LOG_4PI,
    )

    def __init__(self, loc: Any, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale)


@kernel
def kl_cauchy_rough(loc, scale, other_loc, other_scale):
    """The divergence where squares do not overflow, else NaN."""
    d, gap = (loc - other_loc) / other_scale, (scale - other_scale) / other_scale
    beyond = (0.25 * (gap * gap + d * d)) / (scale / other_scale)
    return log1p(beyond) if beyond < INF else NAN


@kernel
def kl_cauchy(loc, scale, other_loc, other_scale):
    # log of ((s + t)^2 + d^2) / (4 s t), all in units of the other scale.
    d, s = (loc - other_loc) / other_scale, scale / other_scale
    gap = (scale - other_scale) / other_scale
    beyond = (0.25 * (gap * gap + d * d)) / s
    # In units of the larger part, the square of which may overflow.
    unit = 1.0 + s if 1.0 + s > abs(d) else abs(d)
    side, far = (1.0 + s) / unit, d / unit
    whole = side * side + far * far
    kl = log1p(beyond) if beyond < INF else 2.0 * log(0.5 * unit) + (log(whole) - log(s))
    in_loc = 2.0 * far / whole / unit / other_scale
    in_scale = (gap / unit * side - far * far) / (s * whole)
    in_other = (-gap / unit * side - far * far) / whole
    return kl, in_loc, in_scale / other_scale, -in_loc, in_other / other_scale


register_kl(Cauchy, Cauchy)(Formula(kl_cauchy, quick=(kl_cauchy_rough,)))
