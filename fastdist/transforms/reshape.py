"""Transforms that move numbers and change none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.reals import as_index
from fastdist.transforms.transform import Shape, Transform


class ReshapeTransform(Transform):
    """The events' last axes in another shape.

    Parameters
    ----------
    in_shape, out_shape : tuple of int
        The shapes of an event before and after, with the same number of elements.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    ValueError
        If the numbers of elements differ.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.transforms.ReshapeTransform((4,), (2, 2))([1.0, 2.0, 3.0, 4.0])
    array([[1., 2.], [3., 4.]])
    """

    bijective = True
    in_shape: Shape
    out_shape: Shape

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        shapes = {}
        for name, shape in (("in_shape", in_shape), ("out_shape", out_shape)):
            entries = shape if isinstance(shape, (tuple, list)) else (shape,)
            shapes[name] = tuple(as_index(n, type(self).__name__, name) for n in entries)
            if any(n < 0 for n in shapes[name]):
                raise ValueError(f"{type(self).__name__}: {name} must not be negative; got {shape!r}")
        if math.prod(shapes["in_shape"]) != math.prod(shapes["out_shape"]):
            raise ValueError(f"{type(self).__name__}: in_shape {in_shape} and out_shape {out_shape} differ in size")
        self._set(**shapes)

    @property
    def domain(self) -> Any:
        """Real arrays of `in_shape`."""
        return constraints.independent(constraints.real, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        """Real arrays of `out_shape`."""
        return constraints.independent(constraints.real, len(self.out_shape))

    def forward_shape(self, shape: Shape) -> Shape:
        return self._other(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return self._other(shape, self.out_shape, self.in_shape)

    def _other(self, shape: Shape, own: Shape, other: Shape) -> Shape:
        shape = self._at_least(shape, len(own))
        cut = len(shape) - len(own)
        if shape[cut:] != own:
            raise ValueError(f"{type(self).__name__}: a value must end in the axes {own}; got shape {shape}")
        return shape[:cut] + other

    def _call(self, x: Any) -> Any:
        x = self._array(x)
        return x.reshape(self.forward_shape(x.shape))

    def _inverse(self, y: Any) -> Any:
        y = self._array(y)
        return y.reshape(self.inverse_shape(y.shape))

    def _log_det(self, x: Any) -> Any:
        x = self._array(x)
        self.forward_shape(x.shape)
        return np.zeros(x.shape[: x.ndim - len(self.in_shape)], x.dtype)[()]

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        return tangent.reshape(y.shape + tangent.shape[x.ndim :])

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        return slope.reshape(y.shape)

    def _arguments(self) -> dict[str, Any]:
        return {"in_shape": self.in_shape, "out_shape": self.out_shape}


class PermuteTransform(Transform):
    """The numbers along an axis in another order.

    Parameters
    ----------
    permutation : array_like of int
        Entry i of the result is entry ``permutation[i]`` of the value.
    axis : int
        An axis of the event, counted from the last: negative.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    ValueError
        If `permutation` does not hold each of 0, ..., n - 1 once, or `axis` is not negative.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.PermuteTransform([2, 0, 1])
    >>> t([10.0, 20.0, 30.0])
    array([30., 10., 20.])
    >>> t.inv(t([10.0, 20.0, 30.0]))
    array([10., 20., 30.])
    """

    bijective = True
    permutation: np.ndarray
    axis: int
    _back: np.ndarray

    def __init__(self, permutation: Any, axis: int = -1, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        order = np.array(permutation)
        if order.dtype.kind not in "iu" and order.size:
            raise TypeError(f"{type(self).__name__}: permutation must be integers; got {permutation!r}")
        if order.ndim != 1 or not np.array_equal(np.sort(order), np.arange(order.size)):
            raise ValueError(
                f"{type(self).__name__}: permutation must hold each of 0, ..., n - 1 once; got {permutation!r}"
            )
        axis = as_index(axis, type(self).__name__, "axis")
        if axis >= 0:
            raise ValueError(f"{type(self).__name__}: axis must be negative; got {axis}")
        order = order.astype(np.intp)
        order.flags.writeable = False
        self._set(permutation=order, axis=axis, _back=np.argsort(order))

    @property
    def domain(self) -> Any:
        """Real arrays."""
        return constraints.independent(constraints.real, -self.axis)

    @property
    def codomain(self) -> Any:
        """Real arrays."""
        return self.domain

    def forward_shape(self, shape: Shape) -> Shape:
        shape = self._at_least(shape, -self.axis)
        if shape[self.axis] != len(self.permutation):
            raise ValueError(
                f"{type(self).__name__}: axis {self.axis} must have length {len(self.permutation)}; got shape {shape}"
            )
        return shape

    def inverse_shape(self, shape: Shape) -> Shape:
        return self.forward_shape(shape)

    def _moved(self, value: Any, order: np.ndarray) -> Any:
        value = self._array(value)
        self.forward_shape(value.shape)
        return np.take(value, order, axis=self.axis)

    def _call(self, x: Any) -> Any:
        return self._moved(x, self.permutation)

    def _inverse(self, y: Any) -> Any:
        return self._moved(y, self._back)

    def _log_det(self, x: Any) -> Any:
        x = self._array(x)
        self.forward_shape(x.shape)
        return np.zeros(x.shape[: self.axis], x.dtype)[()]

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        return np.take(tangent, self.permutation, axis=x.ndim + self.axis)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        return np.take(slope, self.permutation, axis=self.axis)

    def _arguments(self) -> dict[str, Any]:
        return {"permutation": self.permutation, "axis": self.axis}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(permutation={self.permutation.tolist()}, axis={self.axis})"
