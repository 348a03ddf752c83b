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
