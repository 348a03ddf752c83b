"""Vectors whose numbers increase."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.engine.kernel import kernel
from fastdist.transforms.vectors import RowTransform, added


@kernel
def ordered(x, c, w, y):
    high, low = 0.0, 0.0
    for k in range(len(x)):
        high, low = added(high, low, x[k] if k == 0 else exp(x[k]))
        y[k] = high + low


@kernel
def steps(y, c, w, x):
    for k in range(len(y)):
        x[k] = y[k] if k == 0 else log(y[k] - y[k - 1])


@kernel
def term(x, c):
    return x if c[0] > 0.0 else 0.0 * x


class OrderedTransform(RowTransform):
    r"""The map :math:`y_1 = x_1`, :math:`y_k = y_{k-1} + e^{x_k}` to vectors whose numbers increase.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.OrderedTransform()
    >>> t([1.0, 0.0, 0.0])
    array([1., 2., 3.])
    >>> t.inv([1.0, 2.0, 3.0])
    array([1., 0., 0.])
    """

    domain = constraints.real_vector
    codomain = constraints.ordered_vector
    bijective = True
    forward = ordered
    inverse = steps
    term = term

    def _weights(self, size: int) -> list[Any]:
        return [np.arange(size) > 0]

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        steps = _behind(_steps(x), tangent)
        return np.cumsum(steps * tangent, axis=x.ndim - 1)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        own = slope - (np.arange(x.shape[-1]) > 0)
        own = own / _steps(x)
        return own - np.concatenate([own[..., 1:], np.zeros_like(own[..., :1])], axis=-1)


def _steps(x: np.ndarray) -> np.ndarray:
    """The slope of each step in its own number."""
    return np.concatenate([np.ones_like(x[..., :1]), np.exp(x[..., 1:])], axis=-1)


def _behind(value: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """`value` with as many axes as a tangent has."""
    return value.reshape(value.shape + (1,) * (tangent.ndim - value.ndim))
