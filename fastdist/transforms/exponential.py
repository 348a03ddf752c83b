"""Exponentials, logarithms and powers."""

from __future__ import annotations

from math import exp, log, pow
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.engine.bits import fma
from fastdist.engine.device import refuse
from fastdist.engine.kernel import kernel
from fastdist.forward.dual import without_tangent
from fastdist.special.logs import xlogy
from fastdist.transforms.chain import Formula, Link, Piece
from fastdist.transforms.elementwise import Elementwise
from fastdist.transforms.parameters import NOT_ZERO

INF, NAN = float("inf"), float("nan")


@kernel(single=True)
def forward(x, c):
    return exp(x)


@kernel(single=True)
def inverse(y, c):
    return log(y)


@kernel(single=True)
def log_slope(x, c):
    return x


@kernel
def forward_and_grad(x, c):
    y = exp(x)
    return y, x, y, 1.0


EXP = Formula(forward, inverse, log_slope, forward_and_grad)


class ExpTransform(Elementwise):
    r"""The map :math:`y = e^x`.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.ExpTransform()
    >>> t([0.0, 1.0])
    array([1.        , 2.71828183])
    >>> t.inv == fd.transforms.LogTransform()
    True
    """

    formula = EXP
    codomain = constraints.positive
    sign = 1


class LogTransform(Elementwise):
    r"""The map :math:`y = \log x`: it equals ``ExpTransform().inv``.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.LogTransform()(1.0)
    np.float64(0.0)
    """

    formula = EXP
    domain = constraints.positive
    sign = 1

    def _pieces(self) -> tuple[Piece, ...]:
        return (Piece(Link(EXP, True), (), None),)

    def _identity(self) -> tuple[Any, ...]:
        return ExpTransform()._inverse_identity()

    def _inverse_identity(self) -> tuple[Any, ...]:
        return ExpTransform()._identity()


@kernel
def prepare_power(exponent):
    # The reciprocal and what it lacks: a root by the rounded reciprocal alone would be off by log(y) / 2 ulp.
    reciprocal = 1.0 / exponent
    return exponent, reciprocal, fma(-reciprocal, exponent, 1.0) / exponent, log(abs(exponent))


@kernel
def power(x, c):
    return pow(abs(x), c[0]) if x >= 0.0 else NAN


@kernel
def root(y, c):
    x = pow(abs(y), c[1])
    x = x * (1.0 + c[2] * log(abs(y))) if x > 0.0 and x < INF and y > 0.0 and y < INF else x
    return x if y >= 0.0 else NAN


@kernel
def power_log_slope(x, c):
    slope = c[3] + xlogy(c[0] - 1.0, abs(x))
    return slope if x >= 0.0 else NAN


@kernel
def power_and_grad(x, c):
    y = power(x, c)
    log_x = log(x)
    log_slope = power_log_slope(x, c)
    slope = c[0] * pow(x, c[0] - 1.0)
    return y, log_slope, slope, (c[0] - 1.0) / x, xlogy(y, x), c[1] + log_x


POWER = Formula(
    power, root, power_log_slope, power_and_grad, prepare_power, parameters=("exponent",), turned_by="exponent"
)


class PowerTransform(Elementwise):
    r"""The map :math:`y = x^{\text{exponent}}` of positive numbers.

    Parameters
    ----------
    exponent : array_like of real
        Not 0.
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    0 and inf are mapped to their limits. A negative number gives NaN, whatever the exponent: it is outside the domain,
    where there is no inverse.

    Raises
    ------
    ValueError
        If `exponent` is 0 or not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.PowerTransform(2.0)
    >>> t(3.0), t.inv(9.0)
    (np.float64(9.0), np.float64(3.0))
    """

    formula = POWER
    domain = constraints.positive
    codomain = constraints.positive
    exponent: Any

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        exponent = self._parameter("exponent", exponent)
        self._check("exponent", exponent, NOT_ZERO)
        self._set(exponent=exponent)

    @property
    def sign(self) -> Any:
        """The sign of the exponent."""
        exponent = without_tangent(self.exponent)
        refuse(exponent, f"{type(self).__name__}.sign")
        return np.sign(exponent).astype(int) if np.ndim(exponent) else (1 if exponent > 0 else -1)

    def _arguments(self) -> dict[str, Any]:
        return {"exponent": self.exponent}
