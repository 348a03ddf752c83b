"""Logistic distribution."""

from __future__ import annotations

from math import exp, log1p, tanh
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.location_scale import location_scale
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import expit, log_expit, logit
from fastdist.special.scaled import over


@kernel
def log_prob(z):
    size = abs(z)
    return -size - 2.0 * log1p(exp(-size))


@kernel
def prob(z, c):
    # By half of it, for a scale so small that the exponential underflows first.
    half = exp(-0.5 * abs(z))
    other = 1.0 + half * half
    return over(half, c[2]) * half / (other * other) if half != 0.0 else 0.0


@kernel
def spread(z, c):
    half = exp(-0.5 * abs(z))
    other = 1.0 + half * half
    return over(z * half, c[2]) * half / (other * other) if half != 0.0 else 0.0


@kernel
def slope(z):
    return -tanh(0.5 * z)


@kernel
def draw(noise):
    return log_of_uniform(noise[0]) - log_of_uniform(1.0 - noise[0])


class Logistic(Distribution):
    r"""Logistic distribution.

    .. math:: p(x) = \frac{e^{-z}}{s\,(1 + e^{-z})^2}, \quad z = \frac{x-\mu}{s}

    Parameters
    ----------
    loc : array_like of real
        Mean, median and mode :math:`\mu`.
    scale : array_like of positive
        Scale :math:`s`; the standard deviation is :math:`\pi s / \sqrt 3`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``logistic(loc, scale)`` is the same distribution. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `loc` is not finite or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Logistic(loc=0.0, scale=1.0)
    >>> d.cdf([-800.0, 0.0]), d.log_cdf(-800.0)
    (array([0. , 0.5]), np.float64(-800.0))
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
        cdf=expit,
        log_cdf=log_expit,
        icdf=logit,
        sampler=Sampler(draw, uniforms=1),
        mean=0.0,
        variance=3.28986813369645287294,
        skewness=0.0,
        kurtosis=1.2,
        median=0.0,
        mode=0.0,
        entropy=2.0,
    )

    def __init__(self, loc: Any, scale: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale)
