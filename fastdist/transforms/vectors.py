"""Transforms of vectors and matrices, as compiled loops over events."""

from __future__ import annotations

import functools
import math
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from fastdist.composition import executed
from fastdist.engine import evaluate, rows
from fastdist.engine.device import cuda, described, on_device, plain, refuse
from fastdist.engine.evaluate import F32, F64, Constants
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import Program
from fastdist.engine.row_programs import RowProgram
from fastdist.engine.rows import Table
from fastdist.transforms.transform import Shape, Transform, sum_last

INF = float("inf")

_NO_PARAMETERS = Table((), ())


@kernel
def added(high, low, term):
    """The sum of high + low and a term, as an unevaluated pair: the error of the addition is kept in `low`."""
    total = high + term
    part = total - high
    lost = (high - (total - part)) + (term - part)
    return total, low + (lost if abs(total) < INF else 0.0)


class RowTransform(Transform):
    """A transform of events, given by kernels.

    ``forward(x, constants, scratch, y)`` and ``inverse(y, constants, scratch, x)`` fill the last argument; `scratch` is
    a tuple of `rows` rows, which the stages `before` make ready for the former: see
    :class:`fastdist.engine.row_programs.RowProgram`. The log determinant is a sum over the numbers of an event,
    ``term(x, weights)`` of each with its :meth:`_weights`.
    """

    forward: ClassVar[FunctionType]
    inverse: ClassVar[FunctionType]
    before: ClassVar[tuple[Any, ...]] = ()
    term: ClassVar[FunctionType | None] = None
    rows: ClassVar[int] = 0

    def _weights(self, size: int) -> list[Any]:
        """What `term` takes beside the numbers of an event of this size: arrays of that size."""
        raise NotImplementedError

    def _out(self, event: Shape) -> Shape:
        """The shape of an event's value."""
        return event

    def _back(self, event: Shape) -> Shape:
        """The shape of the event that a value of this shape belongs to."""
        return event

    def _table(self) -> Table:
        """The constants of the parameter sets."""
        return _NO_PARAMETERS

    def _narrow(self) -> bool:
        """Whether float32 values give float32 results."""
        return True

    def forward_shape(self, shape: Shape) -> Shape:
        return self._mapped(shape, self.domain.event_dim, self._out)

    def inverse_shape(self, shape: Shape) -> Shape:
        return self._mapped(shape, self.codomain.event_dim, self._back)

    def _mapped(self, shape: Shape, ndim: int, other: Any) -> Shape:
        shape = self._at_least(shape, ndim)
        cut = len(shape) - ndim
        try:
            batch = np.broadcast_shapes(shape[:cut], self._table().batch_shape)
        except ValueError:
            raise ValueError(
                f"{type(self).__name__}: a value of shape {shape} does not broadcast with parameters of"
                f" batch_shape {self._table().batch_shape}"
            ) from None
        return batch + other(shape[cut:])

    def _call(self, x: Any) -> Any:
        return self._evaluated("forward", x)

    def _inverse(self, y: Any) -> Any:
        return self._evaluated("inverse", y)

    def _log_det(self, x: Any) -> Any:
        x = self._array(x, 1)
        cls: Any = type(self)
        shape = described(x).shape
        size = shape[-1]
        self.forward_shape(shape)
        weights = Constants(np.array(self._weights(size), F64).reshape(-1, size), (size,))
        if on_device(x):
            weights = cuda().placed(weights, cuda().Place(x))
        terms = evaluate.pointwise(_terms(cls), x, weights, F64, True, cls.__name__)
        return sum_last(terms, 1, cls.__name__)

    def _array(self, value: Any, ndim: int = 0) -> Any:
        if not on_device(value):
            return super()._array(value, ndim)
        self._at_least(described(cuda().real(value, type(self).__name__)).shape, ndim)
        return value

    def _evaluated(self, name: str, value: Any) -> Any:
        """A kernel over the events of `value`."""
        inverted = name == "inverse"
        ndim = (self.codomain if inverted else self.domain).event_dim
        x = self._array(value, ndim)
        given = described(x)
        event = given.shape[given.ndim - ndim :]
        filled = (self._back if inverted else self._out)(event)
        cls: Any = type(self)
        own = F32 if given.dtype == F32 and self._narrow() else F64
        if not math.prod(event):  # the results are all the same
            refuse(x, cls.__name__)
            constants = tuple(array[0] for array in self._table().arrays)
            result = np.empty(filled)
            formula = cls.inverse if inverted else cls.forward
            formula(x[(0,) * (x.ndim - ndim)] if x.size else np.empty(event), constants, (np.empty(1),), result)
            return np.broadcast_to(result, x.shape[: x.ndim - ndim] + filled).astype(own)
        who = f"{cls.__name__}.inv" if inverted else cls.__name__
        program, kinds = _program(cls, name, len(filled)), ((), filled)
        return plain(rows.evaluate(program, x, self._table(), event, kinds, own, who)[1])


@functools.cache
def _program(cls: Any, name: str, ndim: int) -> RowProgram:
    """The loops of a kernel of a class, which gives no number: the first result is not used."""
    source = f"def formula(x, c, w, y):\n    {name.upper()}(x, c, w, y)\n    return 0.0"
    formula = executed(source, "formula", **{name.upper(): getattr(cls, name)})
    before = cls.before if name == "forward" else ()
    return RowProgram(name, (*before, formula), (0, ndim), scratch=cls.rows)


@functools.cache
def _terms(cls: Any) -> Program:
    """The loops of the terms of a log determinant."""
    return Program("log_det", cls.term)
