"""Affine maps."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.engine.bits import fma
from fastdist.engine.device import refuse
from fastdist.engine.kernel import kernel
from fastdist.forward.dual import without_tangent
from fastdist.reals import as_index
from fastdist.transforms.chain import Formula
from fastdist.transforms.elementwise import Elementwise
from fastdist.transforms.parameters import FINITE, NOT_ZERO


@kernel
def prepare(loc, scale):
    return loc, scale, log(abs(scale))


@kernel(single=True)
def forward(x, c):
    return fma(c[1], x, c[0])


@kernel(single=True)
def inverse(y, c):
    return (y - c[0]) / c[1]


@kernel(single=True)
def log_slope(x, c):
    return c[2]


@kernel
def forward_and_grad(x, c):
    return forward(x, c), c[2], c[1], 0.0, 1.0, x, 0.0, 1.0 / c[1]


AFFINE = Formula(
    forward, inverse, log_slope, forward_and_grad, prepare, parameters=("loc", "scale"), affine=True, turned_by="scale"
)


class AffineTransform(Elementwise):
    r"""The map :math:`y = \text{loc} + \text{scale} \cdot x`.

    Parameters
    ----------
    loc : array_like of real
    scale : array_like of real
        Not 0.
    event_dim : int
        How many last axes make up an event, over which log determinants are summed.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    ValueError
        If a parameter is not finite, or `scale` is 0.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.AffineTransform(loc=1.0, scale=-2.0)
    >>> t([0.0, 3.0])
    array([ 1., -5.])
    >>> t.inv(-5.0), t.sign
    (np.float64(3.0), -1)
    """

    formula = AFFINE
    loc: Any
    scale: Any
    _event_dim: int

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        loc, scale = self._parameter("loc", loc), self._parameter("scale", scale)
        self._check("loc", loc, FINITE)
        self._check("scale", scale, NOT_ZERO)
        ndim = as_index(event_dim, type(self).__name__, "event_dim")
        if ndim < 0:
            raise ValueError(f"{type(self).__name__}: event_dim must not be negative; got {ndim}")
        self._set(loc=loc, scale=scale, _event_dim=ndim)
        if type(loc) is not float and type(scale) is not float and np.ndim(loc) and np.ndim(scale):
            self._fused.batch_shape  # noqa: B018 - an error about shapes now, not at the first call

    @property
    def domain(self) -> Any:
        """All real numbers, or arrays of them."""
        return constraints.independent(constraints.real, self._event_dim) if self._event_dim else constraints.real

    @property
    def codomain(self) -> Any:
        """The same as the domain."""
        return self.domain

    @property
    def sign(self) -> Any:
        """The sign of the scale."""
        scale = without_tangent(self.scale)
        if type(scale) is float:
            return 1 if scale > 0.0 else -1
        refuse(scale, f"{type(self).__name__}.sign")
        return np.sign(scale).astype(int) if np.ndim(scale) else (1 if scale > 0 else -1)

    def _parameters(self) -> dict[str, Any]:
        return {"loc": self.loc, "scale": self.scale}

    def _arguments(self) -> dict[str, Any]:
        own = self._parameters()
        return {**own, "event_dim": self._event_dim} if self._event_dim else own

    def _identity(self) -> tuple[Any, ...]:
        return type(self), self.loc, self.scale, self._event_dim
