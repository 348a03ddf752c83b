"""Generalised Pareto distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, devices
from fastdist.distribution import Distribution
from fastdist.engine.bits import LARGEST
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.location_scale import scaled_cdf_slopes
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import log1mexp
from fastdist.special.stretched import expm1_by, grown, log1p_by, log1p_by_shift, log1p_by_slope, over_grown

INF, NAN = float("inf"), float("nan")
LOG_2 = 0.69314718055994530942
# From here on z - 1 is z.
FAR = 1e17


@kernel
def prepare(loc, scale, concentration):
    end = loc - scale / concentration if concentration < 0.0 else INF
    return loc, scale, concentration, log(scale), end


@kernel
def bounds(c):
    return c[0], c[4]


@kernel
def hazard(x, c):
    """-log(sf): an exponential variate, if x is a draw."""
    return log1p_by(c[2], (x - c[0]) / c[1])


@kernel
def log_prob(x, c):
    # At a finite end the density is 0, finite or infinite with the sign of 1 + concentration.
    y = hazard(x, c)
    return -c[3] - ((c[2] + 1.0) * y if c[2] != -1.0 or y < INF else 0.0)


@kernel
def log_prob_and_grad(x, c):
    loc, scale, shape, _, _ = c
    z = (x - loc) / scale
    y = log1p_by(shape, z)
    unit = 1.0 / grown(shape, z)
    # A shape of -1 is a uniform density, up to its end.
    power = shape + 1.0
    apart = power != 0.0 or unit < INF
    pull = power * unit / scale if apart else 0.0
    near, far = (z - 1.0) * unit, over_grown(shape, z)
    in_scale = ((near if z < FAR else far) if apart else -1.0) / scale
    moved = power * log1p_by_slope(shape, z)
    finite = y if y < LARGEST else LARGEST
    in_shape = -finite - moved if apart else -y
    return log_prob(x, c), -pull, pull, in_scale, in_shape


@kernel
def cdf(x, c):
    return -expm1(-hazard(x, c))


@kernel
def sf(x, c):
    return exp(-hazard(x, c))


@kernel
def log_cdf(x, c):
    return log1mexp(-hazard(x, c))


@kernel
def log_sf(x, c):
    return -hazard(x, c)


@kernel
def icdf(p, c):
    return c[0] + c[1] * expm1_by(c[2], -log1p(-p))


@kernel
def isf(q, c):
    return c[0] + c[1] * expm1_by(c[2], -log(q))


@kernel
def cdf_and_grad(x, c):
    loc, scale, shape, _, _ = c
    z = (x - loc) / scale
    y = log1p_by(shape, z)
    slopes = scaled_cdf_slopes(z, -expm1(-y), log_prob(x, c) + c[3], c)
    tail = exp(-y)
    in_shape = tail * log1p_by_slope(shape, z) if tail > 0.0 else 0.0
    return (*slopes, in_shape)


@kernel
def draw(noise, c):
    return c[0] + c[1] * expm1_by(c[2], -log_of_uniform(noise[0]))


@kernel
def sample_grad(x, c):
    z = (x - c[0]) / c[1]
    return 1.0, z, -c[1] * log1p_by_shift(c[2], z)


@kernel
def mean(loc, scale, concentration):
    return INF if concentration >= 1.0 else loc + scale / (1.0 - concentration)


@kernel
def variance(loc, scale, concentration):
    if concentration >= 0.5:
        return INF
    relative = scale / (1.0 - concentration)
    return relative * relative / (1.0 - 2.0 * concentration)


@kernel
def stddev(loc, scale, concentration):
    if concentration >= 0.5:
        return INF
    return scale / (1.0 - concentration) / sqrt(1.0 - 2.0 * concentration)


@kernel
def skewness(loc, scale, concentration):
    a = concentration
    if a >= 1.0 / 3.0:
        return INF if a < 0.5 else NAN
    return 2.0 * (1.0 + a) * sqrt(1.0 - 2.0 * a) / (1.0 - 3.0 * a)


@kernel
def kurtosis(loc, scale, concentration):
    a = concentration
    if a >= 0.25:
        return INF if a < 0.5 else NAN
    return 6.0 * (1.0 + a * (1.0 - a * (6.0 + 2.0 * a))) / ((1.0 - 3.0 * a) * (1.0 - 4.0 * a))


@kernel
def median(loc, scale, concentration):
    return loc + scale * expm1_by(concentration, LOG_2)


@kernel
def mode(loc, scale, concentration):
    return loc if concentration >= -1.0 else loc - scale / concentration


@kernel
def entropy(loc, scale, concentration):
    return log(scale) + concentration + 1.0


@kernel
def wide(loc, scale, concentration):
    """Whether rounding leaves the upper end, where there is one, above loc."""
    return (concentration >= 0.0) | (loc - scale / (concentration - 1.0 * (concentration == 0.0)) > loc)


class GeneralizedPareto(Distribution):
    r"""Generalised Pareto distribution of excesses over a threshold.

    .. math:: p(x) = \frac{1}{\sigma} (1 + \xi z)^{-1-1/\xi}, \quad z = \frac{x-\mu}{\sigma} \ge 0,\ 1 + \xi z \ge 0

    Parameters
    ----------
    loc : array_like of real
        Threshold :math:`\mu`, the lower end.
    scale : array_like of positive
        Scale :math:`\sigma`.
    concentration : array_like of real
        Shape :math:`\xi`: above 0 the tail is a power, at 0 it is exponential, below 0 the support
        ends at :math:`\mu - \sigma / \xi`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``genpareto(c, loc, scale)`` has ``concentration = c``. The moment of order n is infinite
    for `concentration` from 1 / n on. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `loc` or `concentration` is not finite, `scale` is not positive and finite, or the support
        is shorter than float64 resolves at `loc`.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.GeneralizedPareto(loc=0.0, scale=1.0, concentration=[-0.5, 0.0, 1e-12, 0.5])
    >>> d.log_sf(1.5)
    array([-2.77258872, -1.5       , -1.5       , -1.11923158])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    concentration = Parameter(constraints.real)
    has_rsample = True
    _relations = (("the upper end must be above loc", wide),)
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

    def _end(self) -> Any:
        with np.errstate(divide="ignore", over="ignore"):
            end = np.subtract(self.loc, np.divide(self.scale, self.concentration))
        return np.where(np.less(self.concentration, 0.0), end, np.inf)[()]

    @constraints.dependent_property()
    @devices.host_only
    def support(self) -> Any:
        """The closed interval from loc to the upper end, which may be infinite."""
        return constraints.interval(self.loc, self._end())
