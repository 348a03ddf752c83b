"""Continuous uniform distribution."""

from __future__ import annotations

from math import log, log1p
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import log_quotient

INF, NAN = float("inf"), float("nan")


@kernel
def prepare(low, high):
    width = high - low
    return low, high, width, -log(width)


@kernel
def bounds(c):
    return c[0], c[1]


@kernel(single=True)
def log_prob(x, c):
    return c[3]


@kernel
def log_prob_and_grad(x, c):
    inv_width = 1.0 / c[2]
    return c[3], 0.0, inv_width, -inv_width


@kernel
def cdf(x, c):
    return (x - c[0]) / c[2]


@kernel
def sf(x, c):
    return (c[1] - x) / c[2]


@kernel
def log_cdf(x, c):
    low, high, width, _ = c
    p = (x - low) / width
    return log(p) if p < 0.5 else log1p(-(high - x) / width)


@kernel
def log_sf(x, c):
    low, high, width, _ = c
    q = (high - x) / width
    return log(q) if q < 0.5 else log1p(-(x - low) / width)


@kernel
def icdf(p, c):
    low, high, width, _ = c
    return low + width * p if p < 0.5 else high - width * (1.0 - p)


@kernel
def isf(q, c):
    low, high, width, _ = c
    return high - width * q if q < 0.5 else low + width * (1.0 - q)


@kernel
def cdf_and_grad(x, c):
    low, high, width, _ = c
    p, q = (x - low) / width, (high - x) / width
    return p, 1.0 / width, -q / width, -p / width


@kernel
def draw(noise, c):
    return c[0] + c[2] * noise[0]


@kernel
def sample_grad(x, c):
    low, high, width, _ = c
    return (high - x) / width, (x - low) / width


@kernel
def mean(low, high):
    return 0.5 * low + 0.5 * high


@kernel
def variance(low, high):
    width = high - low
    return width * width / 12.0


@kernel
def skewness(low, high):
    return 0.0


@kernel
def kurtosis(low, high):
    return -1.2


@kernel
def mode(low, high):
    return low


@kernel
def entropy(low, high):
    return log(high - low)


class Uniform(Distribution):
    r"""Uniform distribution on an interval.

    .. math:: p(x) = \frac{1}{b - a}, \quad a \le x \le b

    Parameters
    ----------
    low : array_like of real
        Lower end :math:`a`.
    high : array_like of real
        Upper end :math:`b`, above `low`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``uniform(loc, scale)`` has ``loc = low`` and ``scale = high - low``. Both ends belong to
    the support, as there. The mode is every point of the interval; `low` is given. A float64 draw
    is ``low + (high - low) * u`` with 52 random bits and u strictly between 0 and 1.

    Raises
    ------
    ValueError
        If `low` is not below `high`, or an end is not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Uniform(low=-1.0, high=3.0)
    >>> d.cdf([-2.0, 0.0, 5.0])
    array([0.  , 0.25, 1.  ])
    """

    low = Parameter(constraints.real)
    high = Parameter(constraints.real)
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
        skewness=skewness,
        kurtosis=kurtosis,
        median=mean,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, low: Any, high: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, low=low, high=high)
        if validate_args:
            with np.errstate(over="ignore"):
                width = np.subtract(self.high, self.low)
            self._require("low must be below high, by a finite difference", (width > 0) & (width < np.inf))

    @constraints.dependent_property()
    def support(self) -> Any:
        """The closed interval between the ends."""
        return constraints.interval(self.low, self.high)


@register_kl(Uniform, Uniform)
@kernel
def kl_uniform(low, high, other_low, other_high):
    inner, outer = 1.0 / (high - low), 1.0 / (other_high - other_low)
    inside = other_low <= low and high <= other_high
    kl = log_quotient(0.5 * other_high - 0.5 * other_low, 0.5 * high - 0.5 * low)
    return (kl, inner, -inner, -outer, outer) if inside else (INF, NAN, NAN, NAN, NAN)
