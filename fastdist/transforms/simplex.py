"""Ways from vectors of real numbers to the simplex."""

from __future__ import annotations

from math import log, log1p
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.engine.bits import fma
from fastdist.engine.elementary import exp
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import Flat, largest_of, total_of
from fastdist.special.logs import log_ratio
from fastdist.transforms.exponential import LogTransform
from fastdist.transforms.transform import Shape
from fastdist.transforms.vectors import RowTransform, added

INF, NAN = float("inf"), float("nan")
# Beyond it the exponential would overflow, and log(1 + exp(x) / n) is x - log(n).
LARGE = 700.0


@kernel
def distances(x, c, w):
    """What each number is below the largest one."""
    row = w[0]
    top = largest_of(x)
    for k in range(len(x)):
        row[k] = x[k] - top if top < INF else (0.0 if x[k] == INF else (-INF if x[k] == x[k] else NAN))


@kernel
def softmax(x, c, w, y):
    row = w[0]
    total = total_of(row[: len(x)])
    for k in range(len(x)):
        y[k] = row[k] / total


@kernel
def logs(y, c, w, x):
    for k in range(len(y)):
        x[k] = log(y[k])


class SoftmaxTransform(RowTransform):
    r"""The map :math:`y_k = e^{x_k} / \sum_j e^{x_j}` to the simplex, which is not a bijection.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    The inverse gives the logarithms of y: one of the vectors that are mapped to y.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.SoftmaxTransform()([0.0, 0.0, 1000.0])
    array([0., 0., 1.])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    before = (distances, Flat(0, exp))
    forward = softmax
    inverse = logs
    rows = 1

    def _inverse(self, y: Any) -> Any:
        return LogTransform()(self._array(y, 1))

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        share = y.reshape(y.shape + (1,) * (tangent.ndim - x.ndim))
        return share * (tangent - np.sum(share * tangent, axis=y.ndim - 1, keepdims=True))


@kernel
def sizes(x, c, w):
    row = w[0]
    for k in range(len(x)):
        row[k] = -abs(x[k])


@kernel
def stick_breaking(x, c, w, y):
    exponentials = w[0]
    # The stick that is left is a pair of floats: after 10^5 breaks it has lost nothing.
    n = len(x)
    high, low = 1.0, 0.0
    for k in range(n):
        pieces = float(n - k)
        e = exponentials[k]
        left = x[k] <= 0.0
        part = e if left else 1.0
        rest = pieces if left else pieces * e
        inverse = 1.0 / (part + rest)
        share, others = part * inverse, rest * inverse
        y[k] = fma(low, share, high * share)
        # The smaller of the two products is exact as a pair; what a small piece leaves is a difference of floats.
        small = share < 0.5
        factor = share if small else others
        product = high * factor
        lost = fma(high, factor, -product)
        new = high - product if small else product
        low = fma(low, others, ((high - new) - product) - lost if small else lost)
        high = new + low
        low = (new - high) + low
    y[n] = high + low


@kernel
def stick_joining(y, c, w, x):
    # What is left after a break is the sum of the later pieces, which cancels nothing.
    n = len(x)
    high, low = y[n], 0.0
    for j in range(n):
        k = n - 1 - j
        pieces = float(n - k)
        left = high + low
        ratio = y[k] * pieces / left
        if y[k] == 0.0 and left == 0.0:
            x[k] = 0.0  # any number gives these
        elif ratio > 1e-300 and ratio < 1e300:
            x[k] = log(ratio)
        else:
            x[k] = log_ratio(y[k], left) + log(pieces)
        high, low = added(high, low, y[k])


@kernel
def stick_term(x, c):
    # Break k counts in the slopes of all later pieces.
    v = x - c[1]
    near = v - (c[0] + 1.0) * log1p(exp(x) / c[0])
    return -c[0] * v if x > LARGE else near


class StickBreakingTransform(RowTransform):
    r"""The map from K - 1 real numbers to the simplex of K by breaking a stick of length 1.

    Break k takes the share :math:`1 / (1 + (K - k) e^{-x_k})` of what is left; zeros give equal pieces.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    The map is torch's. What is left of the stick is kept as a sum of two floats, and the inverse adds up the later
    pieces instead of subtracting the earlier ones from 1, so that nothing cancels for any K. The log determinant is
    that of the first K - 1 entries of y.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.StickBreakingTransform()
    >>> t([0.0, 0.0])
    array([0.33333333, 0.33333333, 0.33333333])
    >>> t.inv([0.5, 0.25, 0.25])
    array([0.69314718, 0.        ])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True
    before = (sizes, Flat(0, exp))
    forward = stick_breaking
    inverse = stick_joining
    term = stick_term
    rows = 1

    def _weights(self, size: int) -> list[Any]:
        pieces = np.arange(size, 0.0, -1.0)
        return [pieces, np.log(pieces)]

    def _out(self, event: Shape) -> Shape:
        return (event[0] + 1,)

    def _back(self, event: Shape) -> Shape:
        if not event[0]:
            raise ValueError(f"{type(self).__name__}.inv: a point of a simplex has at least one entry; got none")
        return (event[0] - 1,)

    def _shares(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What each break takes of the stick that is left, and what it leaves."""
        with np.errstate(over="ignore"):
            odds = np.exp(x - np.log(np.arange(x.shape[-1], 0.0, -1.0)))
            return np.where(odds < np.inf, odds / (1.0 + odds), 1.0), 1.0 / (1.0 + odds)

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        axis = x.ndim - 1
        more = (1,) * (tangent.ndim - x.ndim)
        share, rest = (v.reshape(v.shape + more) for v in self._shares(x))
        nothing = np.zeros_like(np.take(tangent, [0] if x.shape[-1] else [], axis=axis))
        lost = np.concatenate([nothing, np.cumsum(share * tangent, axis=axis)], axis=axis)
        gained = np.concatenate([rest * tangent, nothing], axis=axis)
        return y.reshape(y.shape + more) * (gained - lost)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """The last number of y is what the others leave: the derivative in it is 0."""
        share, rest = self._shares(x)
        own = slope - (rest - np.arange(x.shape[-1], 0.0, -1.0) * share)
        left = np.cumsum(y[..., :0:-1], axis=-1)[..., ::-1]  # after each break
        later = np.cumsum((own / left)[..., ::-1], axis=-1)[..., ::-1]
        return np.concatenate([own / y[..., :-1] + later, np.zeros_like(y[..., :1])], axis=-1)
