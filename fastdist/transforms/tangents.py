"""Transforms of Duals, or with Duals for parameters: by what each says of how its values and log determinant move.

What a transform says holds for Duals as for arrays: so derivatives of derivatives are made of the same formulas.
"""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import numpy as np

from fastdist.composition import executed
from fastdist.engine import evaluate
from fastdist.forward.dual import Dual, as_array, duals_in, level_of, made, without_tangent
from fastdist.forward.kernels import applied
from fastdist.transforms.chain import Chain


def call(transform: Any, x: Any) -> Any:
    """The value with its tangent."""
    return transform._carried_call(x) if transform._level else pushed(transform, x, {})


def log_det(transform: Any, x: Any) -> Any:
    """The log of the determinant with its tangent."""
    return transform._carried_log_det(x) if transform._level else log_det_of(transform, x, {})


def pushed(transform: Any, x: Any, parameters: dict[str, Dual]) -> Dual:
    """The value of a transform whose parameters of these names, each with a number for each of the value, move."""
    return _Motion(transform, x, parameters).value()


def log_det_of(transform: Any, x: Any, parameters: dict[str, Dual]) -> Dual:
    """The log of its determinant."""
    return _Motion(transform, x, parameters).log_det()


class _Motion:
    """What moves at the value of a transform when x and parameters do, along the directions on a last axis.

    All that moves has Duals of one level; below it, x and the transform may carry others.
    """

    def __init__(self, transform: Any, x: Any, parameters: dict[str, Dual]) -> None:
        level = max(map(level_of, (x, *parameters.values())))
        self._found = duals_in([x, *parameters.values()], level)
        self._transform = transform
        carries = level_of(x) == level
        start = as_array(x.primal if carries else x)
        if not isinstance(start, Dual):
            start = start.astype(np.float32 if start.dtype == np.float32 else np.float64, copy=False)
        self._y = transform(start)
        with np.errstate(all="ignore"):
            shape = np.shape(self._y)[: np.ndim(self._y) - transform.codomain.event_dim]
            self._x = np.broadcast_to(start, shape + start.shape[start.ndim - transform.domain.event_dim :])
            self._by_x = transform._push(self._x, as_array(self._y), _along(x, self._x.shape)) if carries else 0.0
            moves = transform._moves(self._x, as_array(self._y)) if parameters else {}
        self._moves = [(*moves[name], _along(dual, np.shape(self._y))) for name, dual in parameters.items()]

    def value(self) -> Dual:
        """The value."""
        with np.errstate(all="ignore"):
            return self._made(self._y, self._by_x + sum(in_y[..., np.newaxis] * own for in_y, _, own in self._moves))

    def log_det(self) -> Dual:
        """The log of the determinant."""
        y, ndim = as_array(self._y), self._transform.codomain.event_dim
        with np.errstate(all="ignore"):
            pull = self._transform._pull(self._x, y, np.zeros_like(self._x))
            terms = -pull[..., np.newaxis] * self._by_x
            terms = terms + sum(in_log[..., np.newaxis] * own for _, in_log, own in self._moves)
            total = np.sum(terms, axis=tuple(range(-1 - ndim, -1))) if ndim else terms
        return self._made(self._transform.log_abs_det_jacobian(self._x, y), total)

    def _made(self, primal: Any, tangent: Any) -> Dual:
        directions = np.moveaxis(tangent, -1, 0)
        if not isinstance(directions, Dual):
            directions = np.ascontiguousarray(directions)
        return made(primal, directions, all(dual._single for dual in self._found), self._found[0]._level)


def _along(x: Dual, shape: tuple[int, ...]) -> Any:
    """Directions on a last axis, of what is broadcast to a shape."""
    own = np.moveaxis(x._directions, 0, -1)
    own = np.reshape(own, (1,) * (len(shape) - own.ndim + 1) + own.shape)
    return np.broadcast_to(own, (*shape, own.shape[-1]))


def through_inverse(forward: Any, x: Any, y: Any, tangent: Any) -> Any:
    """How x = inverse(y) moves when y does, of the map from x to y."""
    ndim = forward.codomain.event_dim
    axes = tuple(range(y.ndim - ndim, y.ndim))
    more = tangent.shape[y.ndim :]
    event = x.shape[x.ndim - forward.domain.event_dim :]
    nothing = forward._pull(x, y, np.zeros_like(x))
    found: list[Any] = []
    for place in np.ndindex(event):
        unit = np.zeros(x.shape)
        unit[(..., *place)] = 1.0
        row = forward._pull(x, y, unit) - nothing
        along = np.reshape(row, row.shape + (1,) * len(more)) * tangent
        found.append(np.sum(along, axis=axes) if axes else along)
    if not found:
        return np.zeros(x.shape + more)
    return np.reshape(np.stack(found, axis=x.ndim - len(event)), x.shape + more)


def of_chain(transform: Any, x: Any) -> tuple[Any, ...]:
    """The value and derivatives of a map of numbers, of an x or of parameters that are Duals."""
    fused, given = transform._fused, without_tangent(x)
    arguments = [argument for piece in fused.pieces for argument in piece.moving or piece.arguments]
    shape = evaluate.broadcast_shape(np.shape(given), fused.batch_shape, type(transform).__name__)
    dtype = evaluate.result_dtype(np.asarray(given), fused.dtype, fused.weak, evaluate.is_python_scalar(given))
    return applied(_with_gradient(fused.chain), (x, *arguments), shape, dtype, type(transform).__name__)


@functools.cache
def _with_gradient(chain: Chain) -> FunctionType:
    """The kernel of a number and of the parameters of a chain that gives its value and derivatives."""
    names = [f"p{i}" for i in range(chain.parameters)]
    lines, joined, kernels = chain.prepare(names)
    lines += [f"c = ({joined},)" if joined else "c = (0.0,)", "return FORWARD(x, c)"]
    source = "\n    ".join([f"def formula({', '.join(['x', *names])}):", *lines])
    function: FunctionType = executed(source, "formula", FORWARD=chain.kernel("forward_and_grad"), **kernels)
    return function
