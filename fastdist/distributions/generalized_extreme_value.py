"""Generalised extreme value distribution."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, devices
from fastdist.distribution import Distribution
from fastdist.distributions.gumbel import cdf as gumbel_cdf
from fastdist.distributions.gumbel import draw as gumbel_draw
from fastdist.distributions.gumbel import icdf as gumbel_icdf
from fastdist.distributions.gumbel import isf as gumbel_isf
from fastdist.distributions.gumbel import log_cdf as gumbel_log_cdf
from fastdist.distributions.gumbel import log_sf as gumbel_log_sf
from fastdist.distributions.gumbel import sf as gumbel_sf
from fastdist.distributions.gumbel import slope as gumbel_slope
from fastdist.engine.bits import LARGEST
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.location_scale import scaled_cdf_slopes
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.stretched import (
    expm1_by,
    grown,
    log1p_by,
    log1p_by_shift,
    log1p_by_slope,
    over_grown,
    stretched_moments,
)

INF = float("inf")
EULER = 0.57721566490153286061
GUMBEL_MEDIAN = 0.36651292058166432701


@kernel
def prepare(loc, scale, concentration):
    end = loc - scale / concentration if concentration != 0.0 else INF
    low = end if concentration > 0.0 else -INF
    return loc, scale, concentration, log(scale), low, end if concentration < 0.0 else INF


@kernel
def bounds(c):
    return c[4], c[5]


@kernel
def straight(x, c):
    """The Gumbel variate of which x is the stretched image."""
    return log1p_by(c[2], (x - c[0]) / c[1])


@kernel
def log_prob(x, c):
    y = straight(x, c)
    # At an upper end the density is 0, finite or infinite with the sign of 1 + concentration.
    powers = (c[2] + 1.0) * y if c[2] != -1.0 or y < INF else 0.0
    return -c[3] - (powers + exp(-y) if y > -INF else INF)


@kernel
def log_prob_and_grad(x, c):
    loc, scale, shape, _, _, _ = c
    z = (x - loc) / scale
    y = log1p_by(shape, z)
    excess = gumbel_slope(y)
    rest = grown(shape, z)
    unit = 1.0 / rest
    pull = (excess - shape) * unit / scale
    in_scale = -(over_grown(shape, z) * excess + unit) / scale
    in_shape = (excess - shape) * log1p_by_slope(shape, z) - (y if y < LARGEST else LARGEST)
    # At a lower end, or far below loc, the exponential outgrows every power.
    low = excess == INF
    pull, in_scale, in_shape = INF if low else pull, INF if low else in_scale, -INF if low else in_shape
    # At an upper end the sign is that of a power, or a power of 0 leaves this.
    high = (rest == 0.0) & (shape < 0.0)
    power, last = shape + 1.0, 1.0 / scale
    limit = INF if power > 0.0 else -INF
    pull = (-limit if power != 0.0 else last) if high else pull
    in_scale = (limit if power != 0.0 else -2.0 * last) if high else in_scale
    in_shape = limit if high else in_shape
    return log_prob(x, c), pull, -pull, in_scale, in_shape


@kernel
def cdf(x, c):
    return gumbel_cdf(straight(x, c))


@kernel
def sf(x, c):
    return gumbel_sf(straight(x, c))


@kernel
def log_cdf(x, c):
    return gumbel_log_cdf(straight(x, c))


@kernel
def log_sf(x, c):
    return gumbel_log_sf(straight(x, c))


@kernel
def icdf(p, c):
    return c[0] + c[1] * expm1_by(c[2], gumbel_icdf(p))


@kernel
def isf(q, c):
    return c[0] + c[1] * expm1_by(c[2], gumbel_isf(q))


@kernel
def cdf_and_grad(x, c):
    loc, scale, shape, _, _, _ = c
    z = (x - loc) / scale
    y = log1p_by(shape, z)
    slopes = scaled_cdf_slopes(z, gumbel_cdf(y), log_prob(x, c) + c[3], c)
    weight = exp(-y - exp(-y))
    in_shape = weight * log1p_by_slope(shape, z) if weight > 0.0 else 0.0
    return (*slopes, in_shape)


@kernel
def draw(noise, c):
    return c[0] + c[1] * expm1_by(c[2], gumbel_draw(noise))


@kernel
def sample_grad(x, c):
    z = (x - c[0]) / c[1]
    return 1.0, z, -c[1] * log1p_by_shift(c[2], z)


@kernel
def mean(loc, scale, concentration):
    return loc + scale * stretched_moments(concentration)[0]


@kernel
def variance(loc, scale, concentration):
    return scale * scale * stretched_moments(concentration)[1]


@kernel
def stddev(loc, scale, concentration):
    return scale * sqrt(stretched_moments(concentration)[1])


@kernel
def skewness(loc, scale, concentration):
    return stretched_moments(concentration)[2]


@kernel
def kurtosis(loc, scale, concentration):
    return stretched_moments(concentration)[3]


@kernel
def median(loc, scale, concentration):
    return loc + scale * expm1_by(concentration, GUMBEL_MEDIAN)


@kernel
def mode(loc, scale, concentration):
    if concentration <= -1.0:
        return loc - scale / concentration
    return loc + scale * expm1_by(concentration, -log1p(concentration))


@kernel
def entropy(loc, scale, concentration):
    return log(scale) + EULER * concentration + EULER + 1.0


class GeneralizedExtremeValue(Distribution):
    r"""Generalised extreme value distribution of maxima.

    .. math:: p(x) = \frac{1}{\sigma} t^{\xi+1} e^{-t}, \quad t = (1 + \xi z)^{-1/\xi}, \quad z = \frac{x-\mu}{\sigma}

    Parameters
    ----------
    loc : array_like of real
        Location :math:`\mu`.
    scale : array_like of positive
        Scale :math:`\sigma`.
    concentration : array_like of real
        Shape :math:`\xi`: above 0 (Fréchet) the support begins at :math:`\mu - \sigma / \xi`, at 0
        (Gumbel) it is the whole line, below 0 (reversed Weibull) it ends there.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``genextreme(c, loc, scale)`` has ``concentration = -c``. The moment of order n is
    infinite for `concentration` from 1 / n on. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `loc` or `concentration` is not finite, or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.GeneralizedExtremeValue(loc=0.0, scale=1.0, concentration=[-0.5, 0.0, 1e-12, 0.5])
    >>> d.cdf(1.0)
    array([0.77880078, 0.69220063, 0.69220063, 0.64118039])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    concentration = Parameter(constraints.real)
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

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale, concentration=concentration)

    @constraints.dependent_property()
    @devices.host_only
    def support(self) -> Any:
        """The interval that ends, or begins, at loc - scale / concentration."""
        with np.errstate(divide="ignore", over="ignore"):
            end = np.subtract(self.loc, np.divide(self.scale, self.concentration))
        low = np.where(np.greater(self.concentration, 0.0), end, -np.inf)
        high = np.where(np.less(self.concentration, 0.0), end, np.inf)
        return constraints.interval(low[()], high[()])
