"""The absolute value."""

from __future__ import annotations

import numpy as np

from fastdist import constraints
from fastdist.engine.kernel import kernel
from fastdist.transforms.chain import Formula
from fastdist.transforms.elementwise import Elementwise


@kernel(single=True)
def forward(x, c):
    return abs(x)


@kernel(single=True)
def inverse(y, c):
    return y


ABSOLUTE = Formula(forward, inverse)


class AbsTransform(Elementwise):
    """The map :math:`y = |x|`, which is not a bijection: its inverse gives the positive number.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    torch calls the codomain positive; here 0 belongs to it.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.AbsTransform()([-2.0, 3.0])
    array([2., 3.])
    """

    formula = ABSOLUTE
    bijective = False
    codomain = constraints.nonnegative

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        return np.sign(x).reshape(x.shape + (1,) * (tangent.ndim - x.ndim)) * tangent
