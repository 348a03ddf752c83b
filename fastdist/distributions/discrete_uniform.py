"""Discrete uniform distribution."""

from __future__ import annotations

from math import ceil, floor, log
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import log_quotient, log_tail

INF, NAN = float("inf"), float("nan")
# Up to here float64 has all integers, and their differences to one unit.
WIDEST = 2.0**53
# How many values a uniform of 52 bits takes.
UNIFORMS = 2.0**52


@kernel
def prepare(low, high):
    count = high - low + 1.0
    return low, high, count, -log(count)


@kernel
def bounds(c):
    return c[0], c[1]


@kernel
def log_prob(x, c):
    return c[3]


@kernel
def prob(x, c):
    return 1.0 / c[2]


@kernel
def log_prob_and_grad(x, c):
    share = 1.0 / c[2]
    return c[3], share, -share


@kernel
def cdf(x, c):
    return (x - c[0] + 1.0) / c[2]


@kernel
def sf(x, c):
    return (c[1] - x) / c[2]


@kernel
def log_cdf(x, c):
    p, q = cdf(x, c), sf(x, c)
    return log_tail(p if p < q else q, q <= p)


@kernel
def log_sf(x, c):
    p, q = cdf(x, c), sf(x, c)
    return log_tail(p if p < q else q, p < q)


@kernel
def cdf_and_grad(x, c):
    p = cdf(x, c)
    return p, -sf(x, c) / c[2], -p / c[2]


# A level times the count rounds to an integer that is off by one at most, and beyond 2**53 counts by two: the cdf
# itself decides.


@kernel
def icdf(p, c):
    low, high, count, _ = c
    k = low + (ceil(p * count) - 1.0)
    k = k + 1.0 if cdf(k, c) < p else k
    k = k + 1.0 if cdf(k, c) < p else k
    k = k - 1.0 if cdf(k - 1.0, c) >= p else k
    k = k - 1.0 if cdf(k - 1.0, c) >= p else k
    k = k if k > low else low
    return k if k < high else high


@kernel
def isf(q, c):
    low, high, count, _ = c
    k = high - floor(q * count)
    k = k + 1.0 if sf(k, c) > q else k
    k = k + 1.0 if sf(k, c) > q else k
    k = k - 1.0 if sf(k - 1.0, c) <= q else k
    k = k - 1.0 if sf(k - 1.0, c) <= q else k
    k = k if k > low else low
    return k if k < high else high


@kernel
def prepare_draw(low, high):
    """The count, and how many of the values of a uniform each integer gets; 0 if there are more integers."""
    count = high - low + 1.0
    return low, count, floor(UNIFORMS / count)


@kernel
def draw(noise, c):
    """Cells of the same number of uniforms: what is left over after the last is rejected."""
    low, count, cell = c
    whole = floor(noise[0] * UNIFORMS)
    k = floor(whole / cell if cell > 0.0 else noise[0] * count)
    return low + k if k < count else NAN


@kernel
def mean(low, high):
    return 0.5 * low + 0.5 * high


@kernel
def variance(low, high):
    width = high - low
    return width * (width + 2.0) / 12.0


@kernel
def skewness(low, high):
    return 0.0 if high > low else NAN


@kernel
def kurtosis(low, high):
    width = high - low
    return -1.2 - 2.4 / (width * (width + 2.0)) if high > low else NAN


@kernel
def mode(low, high):
    return low


@kernel
def entropy(low, high):
    return log(high - low + 1.0)


@kernel
def ordered(low, high):
    """Whether there is an integer from low to high."""
    return low <= high


class DiscreteUniform(Distribution):
    r"""Uniform distribution on the integers from `low` to `high`, both included.

    .. math:: P(k) = \frac{1}{b - a + 1}, \quad k = a, a + 1, \dots, b

    Parameters
    ----------
    low : array_like of integer
        Smallest value :math:`a`.
    high : array_like of integer
        Largest value :math:`b`, not below `low`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    Both ends belong to the support. SciPy's ``randint(low, high + 1)`` and NumPy's
    ``integers(low, high + 1)`` are the same distribution: they leave their upper end out. Ends are integers of
    at most 2**53 in size. The mode is every integer of the support; `low` is given. Derivatives in the ends
    are those of the formulas, in which an end may move by less than 1. Draws are int64 and exactly
    uniform, as far as a uniform number of 52 bits is, up to 2**52 integers: each gets as many of its values, and the
    rest is rejected. A wider support is drawn as the scaled uniform, which leaves some integers out.

    Raises
    ------
    ValueError
        If an end is no integer or larger than 2**53 in size, or `low` is above `high`.

    Examples
    --------
    >>> import fastdist as fd
    >>> die = fd.DiscreteUniform(low=1, high=6)
    >>> die.cdf([0, 3, 6])
    array([0. , 0.5, 1. ])
    >>> die.enumerate_support()
    array([1, 2, 3, 4, 5, 6])
    """

    low = Parameter(constraints.integer_interval(-WIDEST, WIDEST))
    high = Parameter(constraints.integer_interval(-WIDEST, WIDEST))
    has_enumerate_support = True
    _relations = (("low must not be above high", ordered),)
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        log_prob=log_prob,
        prob=prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, uniforms=1, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, low: Any, high: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, low=low, high=high)

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """The integers from `low` to `high`."""
        return constraints.integer_interval(self.low, self.high)

    def enumerate_support(self, expand: bool = True) -> np.ndarray:
        """The integers from `low` to `high` along a new first axis: all members of a batch must have the same."""
        lows, highs = np.unique(self.low), np.unique(self.high)
        if len(lows) != 1 or len(highs) != 1:
            raise NotImplementedError(
                f"{type(self).__name__}.enumerate_support: the members of a batch must have one support; got {self!r}"
            )
        values = np.arange(int(lows[0]), int(highs[0]) + 1).reshape((-1, *(1,) * len(self.batch_shape)))
        return np.broadcast_to(values, (len(values), *self.batch_shape)).copy() if expand else values


@register_kl(DiscreteUniform, DiscreteUniform)
@kernel
def kl_discrete_uniform(low, high, other_low, other_high):
    value = log_quotient(other_high - other_low + 1.0, high - low + 1.0)
    return (value if other_low <= low and high <= other_high else INF,)
