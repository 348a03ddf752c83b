"""Transforms of Duals, or with Duals for parameters: by what each says of how its values and log determinant move."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist.forward.dual import Dual, duals_in, level_of, made


def call(transform: Any, x: Any) -> Any:
    """The value with its tangent."""
    return transform._carried_call(x) if transform._carries else pushed(transform, x, {})


def log_det(transform: Any, x: Any) -> Any:
    """The log of the determinant with its tangent."""
    return transform._carried_log_det(x) if transform._carries else log_det_of(transform, x, {})


def pushed(transform: Any, x: Any, parameters: dict[str, Dual]) -> Dual:
    """The value of a transform whose parameters of these names, each with a number for each of the value, move."""
    return _Motion(transform, x, parameters).value()


def log_det_of(transform: Any, x: Any, parameters: dict[str, Dual]) -> Dual:
    """The log of its determinant."""
    return _Motion(transform, x, parameters).log_det()


class _Motion:
    """What moves at the value of a transform when x and parameters do, along the directions on a last axis."""

    def __init__(self, transform: Any, x: Any, parameters: dict[str, Dual]) -> None:
        level = max(map(level_of, (x, *parameters.values())))
        if level > 1:
            raise TypeError(f"{type(transform).__name__}: there is no rule for second derivatives")
        self._found = duals_in([x, *parameters.values()], level)
        self._transform = transform
        carries = isinstance(x, Dual)
        primal = np.asarray(x.primal if carries else x)
        start = primal.astype(np.float32 if primal.dtype == np.float32 else np.float64, copy=False)
        self._y = transform(start)
        with np.errstate(all="ignore"):
            shape = np.shape(self._y)[: np.ndim(self._y) - transform.codomain.event_dim]
            self._x = np.broadcast_to(start, shape + start.shape[start.ndim - transform.domain.event_dim :])
            self._by_x = transform._push(self._x, np.asarray(self._y), _along(x, self._x.shape)) if carries else 0.0
            moves = transform._moves(self._x, np.asarray(self._y)) if parameters else {}
        self._moves = [(*moves[name], _along(dual, np.shape(self._y))) for name, dual in parameters.items()]

    def value(self) -> Dual:
        """The value."""
        with np.errstate(all="ignore"):
            return self._made(self._y, self._by_x + sum(in_y[..., np.newaxis] * own for in_y, _, own in self._moves))

    def log_det(self) -> Dual:
        """The log of the determinant."""
        y, ndim = np.asarray(self._y), self._transform.codomain.event_dim
        with np.errstate(all="ignore"):
            pull = self._transform._pull(self._x, y, np.zeros_like(self._x))
            terms = -pull[..., np.newaxis] * self._by_x
            terms = terms + sum(in_log[..., np.newaxis] * own for _, in_log, own in self._moves)
            total = terms.sum(axis=tuple(range(-1 - ndim, -1))) if ndim else terms
        return self._made(self._transform.log_abs_det_jacobian(self._x, y), total)

    def _made(self, primal: Any, tangent: np.ndarray) -> Dual:
        directions = np.ascontiguousarray(np.moveaxis(tangent, -1, 0))
        return made(primal, directions, all(dual._single for dual in self._found), self._found[0]._level)


def _along(x: Dual, shape: tuple[int, ...]) -> np.ndarray:
    """Directions on a last axis, of what is broadcast to a shape."""
    own = np.moveaxis(x._directions, 0, -1)
    own = own.reshape((1,) * (len(shape) - own.ndim + 1) + own.shape)
    return np.broadcast_to(own, (*shape, own.shape[-1]))


def through_inverse(forward: Any, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """How x = inverse(y) moves when y does, of the map from x to y."""
    ndim = forward.codomain.event_dim
    axes = tuple(range(y.ndim - ndim, y.ndim))
    event = x.shape[x.ndim - forward.domain.event_dim :]
    nothing = forward._pull(x, y, np.zeros_like(x))
    found = np.empty(x.shape + tangent.shape[y.ndim :])
    for place in np.ndindex(event):
        unit = np.zeros_like(x)
        unit[(..., *place)] = 1.0
        row = forward._pull(x, y, unit) - nothing
        along = row.reshape(row.shape + (1,) * (tangent.ndim - y.ndim)) * tangent
        found[(..., *place, *(slice(None),) * (tangent.ndim - y.ndim))] = along.sum(axis=axes) if axes else along
    return found
