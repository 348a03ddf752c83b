"""The logistic function and its integral."""

from __future__ import annotations

from math import exp, log, log1p
from typing import Any

import numpy as np

from fastdist import constraints, devices
from fastdist.engine.device import on_device
from fastdist.engine.kernel import kernel
from fastdist.special.logs import expit, log1mexp, log1pexp, log_expit, log_ratio, logit
from fastdist.transforms import parameters
from fastdist.transforms.chain import Formula
from fastdist.transforms.elementwise import Elementwise

INF, NAN = float("inf"), float("nan")


@kernel
def sigmoid(x, c):
    # The distance to the nearer end is rounded, then the result: 1 / (1 + e) would be rounded from a float above 1.
    e = exp(-abs(x))
    share = e / (1.0 + e)
    return share if x < 0.0 else 1.0 - share


@kernel
def sigmoid_inverse(y, c):
    return logit(y)


@kernel
def sigmoid_log_slope(x, c):
    size = abs(x)
    return -size - 2.0 * log1p(exp(-size))


@kernel
def sigmoid_and_grad(x, c):
    y, rest = sigmoid(x, c), expit(-x)
    return y, sigmoid_log_slope(x, c), y * rest, rest - y


SIGMOID = Formula(sigmoid, sigmoid_inverse, sigmoid_log_slope, sigmoid_and_grad)


class SigmoidTransform(Elementwise):
    r"""The map :math:`y = 1 / (1 + e^{-x})`, whose inverse is the logit.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    Results are rounded to the nearest float, so that from x = 37.5 on (17 in float32) they are 1, and below -745 they
    are 0; the inverse of 1 is inf. torch clips them to ``[tiny, 1 - eps]``, which moves all values beyond x = 36 to one
    point and hides from the inverse that it left the range of the floats. The log determinant is taken from x and is
    right everywhere.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.SigmoidTransform()
    >>> t([-800.0, 0.0, 800.0])
    array([0. , 0.5, 1. ])
    >>> t.log_abs_det_jacobian(-800.0)
    np.float64(-800.0)
    """

    formula = SIGMOID
    codomain = constraints.unit_interval
    sign = 1


@kernel
def prepare_interval(lower, upper):
    return lower, upper, upper - lower, log(upper - lower)


@kernel
def interval(x, c):
    # From the nearer end: there the distance to it has all its digits, and no result is beyond it.
    share = c[2] * expit(-abs(x))
    return c[0] + share if x < 0.0 else c[1] - share


@kernel
def interval_inverse(y, c):
    return log_ratio(y - c[0], c[1] - y) if y >= c[0] and y <= c[1] else NAN


@kernel
def interval_log_slope(x, c):
    return c[3] + sigmoid_log_slope(x, c)


@kernel
def interval_and_grad(x, c):
    share, rest = expit(x), expit(-x)
    inverse = 1.0 / c[2]
    return (
        interval(x, c),
        interval_log_slope(x, c),
        c[2] * (share * rest),
        rest - share,
        rest,
        share,
        -inverse,
        inverse,
    )


INTERVAL = Formula(
    interval,
    interval_inverse,
    interval_log_slope,
    interval_and_grad,
    prepare_interval,
    parameters=("lower_bound", "upper_bound"),
    size=4,
)


class IntervalTransform(Elementwise):
    r"""The map :math:`y = a + (b - a) / (1 + e^{-x})` to an interval.

    Parameters
    ----------
    lower_bound, upper_bound : array_like of real
        The ends, the first below the second.
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    It is a :class:`SigmoidTransform` followed by an :class:`AffineTransform`, but y is never beyond an end, and its
    distance to the nearer end has all the digits that a float leaves it, in the inverse too.

    Raises
    ------
    ValueError
        If an end or their distance is not finite, or they are not in order.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.IntervalTransform(-1.0, 3.0)
    >>> t([-800.0, 0.0, 800.0])
    array([-1.,  1.,  3.])
    """

    formula = INTERVAL
    sign = 1
    lower_bound: Any
    upper_bound: Any

    def __init__(self, lower_bound: Any, upper_bound: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        lower, upper = self._parameter("lower_bound", lower_bound), self._parameter("upper_bound", upper_bound)
        self._set(lower_bound=lower, upper_bound=upper)
        shape = self._fused.batch_shape
        if on_device(lower) or on_device(upper):
            if parameters.holds(parameters.difference(upper, lower), parameters.POSITIVE):
                return
            lower, upper = devices.on_host(lower), devices.on_host(upper)
        lower, upper = np.broadcast_to(lower, shape), np.broadcast_to(upper, shape)
        with np.errstate(over="ignore", invalid="ignore"):
            width = upper - lower
        self._require("upper_bound", upper, parameters.POSITIVE.holds(width), "above lower_bound, both finite")

    @property
    def codomain(self) -> Any:
        """The interval."""
        return constraints.interval(self.lower_bound, self.upper_bound)

    def _arguments(self) -> dict[str, Any]:
        return {"lower_bound": self.lower_bound, "upper_bound": self.upper_bound}


@kernel
def softplus(x, c):
    return log1pexp(x)


@kernel
def softplus_inverse(y, c):
    return y + log1mexp(-y) if y < INF else y


@kernel
def softplus_log_slope(x, c):
    return log_expit(x)


@kernel
def softplus_and_grad(x, c):
    return log1pexp(x), log_expit(x), expit(x), expit(-x)


SOFTPLUS = Formula(softplus, softplus_inverse, softplus_log_slope, softplus_and_grad)


class SoftplusTransform(Elementwise):
    r"""The map :math:`y = \log(1 + e^x)`.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.SoftplusTransform()
    >>> t([-700.0, 0.0, 700.0])
    array([9.85967654e-305, 6.93147181e-001, 7.00000000e+002])
    >>> t.inv(1e-300)
    np.float64(-690.7755278982137)
    """

    formula = SOFTPLUS
    codomain = constraints.positive
    sign = 1
