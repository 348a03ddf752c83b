"""Transforms of Duals: by what each says of how its values and its log determinant move."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist.forward.dual import Dual, remade


def call(transform: Any, x: Dual) -> Dual:
    """The value with its tangent."""
    return _pushed(transform, x)[0]


def log_det(transform: Any, x: Dual) -> Dual:
    """The log of the determinant with its tangent."""
    _, moved, start, y = _pushed(transform, x)
    return _of_log_det(transform, x, transform.log_abs_det_jacobian(start, y), start, y, moved)


def call_and_log_det(transform: Any, x: Dual) -> tuple[Dual, Dual]:
    """Both."""
    value, moved, start, y = _pushed(transform, x)
    return value, _of_log_det(transform, x, transform.log_abs_det_jacobian(start, y), start, y, moved)


def _pushed(transform: Any, x: Dual) -> tuple[Dual, np.ndarray, np.ndarray, np.ndarray]:
    """The value as a Dual, how it moves along last axes, the primal, and the value."""
    if isinstance(x.primal, Dual):
        raise TypeError(f"{type(transform).__name__}: there is no rule for second derivatives")
    start = np.asarray(x.primal, np.float64 if x.dtype.itemsize > 4 else np.float32)
    y = transform(start)
    with np.errstate(all="ignore"):
        shape = np.shape(y)[: np.ndim(y) - transform.codomain.event_dim]
        event = start.shape[start.ndim - transform.domain.event_dim :]
        whole = np.broadcast_to(start, shape + event)
        own = np.moveaxis(x._directions, 0, -1)
        tangent = np.broadcast_to(
            own.reshape((1,) * (whole.ndim - start.ndim) + own.shape), (*whole.shape, own.shape[-1])
        )
        moved = transform._push(whole, np.asarray(y), tangent)
    return remade(x, y, np.ascontiguousarray(np.moveaxis(moved, -1, 0))), moved, whole, np.asarray(y)


def _of_log_det(transform: Any, x: Dual, found: Any, start: np.ndarray, y: np.ndarray, moved: np.ndarray) -> Dual:
    with np.errstate(all="ignore"):
        pull = transform._pull(start, y, np.zeros_like(start))
        terms = -pull[..., np.newaxis] * moved
        ndim = transform.codomain.event_dim
        total = terms.sum(axis=tuple(range(-1 - ndim, -1))) if ndim else terms
    return remade(x, found, np.ascontiguousarray(np.moveaxis(total, -1, 0)))


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
