"""Transforms of single numbers: calls, inverses and log determinants are fused loops over the formula."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastdist import constraints, devices
from fastdist.engine.device import described, on_device
from fastdist.engine.evaluate import F32, F64
from fastdist.forward.dual import Dual, as_array, level_of, without_tangent
from fastdist.transforms import parameters, tangents
from fastdist.transforms.chain import Formula, Fused, Link, Piece
from fastdist.transforms.parameters import Condition
from fastdist.transforms.transform import Shape, Transform, rebuilt, sum_last


class Elementwise(Transform):
    """A transform of single numbers, given by a :class:`~fastdist.transforms.chain.Formula`.

    Parameters that are arrays broadcast with the values.
    """

    formula: ClassVar[Formula]

    @property
    def domain(self) -> Any:
        """All real numbers, unless the class says otherwise."""
        return constraints.real

    @property
    def codomain(self) -> Any:
        """All real numbers, unless the class says otherwise."""
        return constraints.real

    @property
    def bijective(self) -> bool:
        """Whether the inverse undoes the transform: all maps of numbers but one."""
        return True

    def _call(self, x: Any) -> Any:
        return self._fused("forward", x, type(self).__name__)

    def _inverse(self, y: Any) -> Any:
        return self._fused("inverse", y, f"{type(self).__name__}.inv")

    def _log_det(self, x: Any) -> Any:
        return self._summed(self._fused("log_slope", x, type(self).__name__))

    def _call_and_log_det(self, x: Any) -> tuple[Any, Any]:
        y, log_slope = self._fused("forward_and_log", x, type(self).__name__)
        return y, self._summed(log_slope)

    def _inverse_and_log_det(self, y: Any) -> tuple[Any, Any]:
        x, log_slope = self._fused("inverse_and_log", y, f"{type(self).__name__}.inv")
        return x, self._summed(log_slope)

    def forward_and_grad(self, x: Any) -> tuple[Any, ...]:
        """The value, the log of the slope, the derivatives of both in `x`, those of the value in each parameter, and
        those of the log of the slope in each."""
        self._check_bijective("forward_and_grad")
        if type(x) is Dual or self._level:
            return tangents.of_chain(self, x)
        return self._fused("forward_and_grad", x, type(self).__name__)

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        slope = self.forward_and_grad(x)[2]
        return slope.reshape(slope.shape + (1,) * (tangent.ndim - slope.ndim)) * tangent

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        _, _, in_x, of_log, *_ = self.forward_and_grad(x)
        return (slope - of_log) / in_x

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self._set(_level=max(self._level, level_of(value)))

    def _parameter(self, name: str, value: Any) -> Any:
        if type(value) is float:
            return value
        if isinstance(value, Dual):
            self._set(_level=max(self._level, level_of(value)))
            return value
        if on_device(value):
            return parameters.moved(value, name, type(self).__name__)
        return super()._parameter(name, value)

    def _check(self, name: str, value: Any, condition: Condition) -> None:
        """Raise a ValueError unless a condition holds for a parameter."""
        if type(value) is float and condition.accepts(value):
            return
        if on_device(value):
            if parameters.holds(value, condition):
                return
            value = devices.on_host(value)
        self._require(name, value, condition.holds(value), condition.what)

    def _below(self, level: int) -> Transform:
        if self._level < level:
            return self
        lower = self.__dict__.get("_lower")
        if lower is None:
            given = {name: v.primal if level_of(v) == level else v for name, v in self._made_of().items()}
            lower = rebuilt(type(self), given, self._cache_size)
            self._set(_lower=lower)
        return lower

    def _carried(self, shape: Shape, level: int) -> dict[str, Any]:
        own = self._parameters().items() if self._level else ()
        return {name: np.broadcast_to(value, shape) for name, value in own if level_of(value) == level}

    def _name(self, link: int, name: str) -> str:
        """What a parameter of a link of the chain is called."""
        return name

    def _moving(self, shape: Shape) -> dict[str, Any]:
        fused = self._fused
        places = fused.chain.places()
        return {self._name(*key): np.broadcast_to(fused.arguments[k], shape) for key, k in places.items()}

    def _moves(self, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        chain = self._fused.chain
        places = chain.places()
        if not places:
            return {}
        results = self.forward_and_grad(x)[4:]
        return {
            self._name(*key): (as_array(results[k]), as_array(results[chain.parameters + k]))
            for key, k in places.items()
        }

    def forward_shape(self, shape: Shape) -> Shape:
        shape = self._at_least(shape, self.domain.event_dim)
        try:
            return np.broadcast_shapes(shape, self._fused.batch_shape)
        except ValueError:
            raise ValueError(
                f"{type(self).__name__}: shape {shape} does not broadcast with parameters of"
                f" shape {self._fused.batch_shape}"
            ) from None

    def inverse_shape(self, shape: Shape) -> Shape:
        return self.forward_shape(shape)

    @property
    def _fused(self) -> Fused:
        fused = self.__dict__.get("_fused_chain")
        if fused is None:
            pieces = self._pieces()
            assert pieces is not None
            fused = Fused(pieces, type(self).__name__)
            self._set(_fused_chain=fused)
        return fused

    def _pieces(self) -> tuple[Piece, ...] | None:
        kept: tuple[Piece, ...] | None = self.__dict__.get("_kept_pieces")
        if kept is None:
            kept = (self._piece(),)
            self._set(_kept_pieces=kept)
        return kept

    def _piece(self) -> Piece:
        own = tuple(self._parameters().values())
        arguments = tuple(map(without_tangent, own))
        dtypes = [described(value).dtype for value in arguments if type(value) is not float]
        narrow = F32 if all(dtype == F32 for dtype in dtypes) else F64
        given = tuple(value if np.ndim(value) or on_device(value) else float(value) for value in arguments)
        return Piece(Link(self.formula, False), given, narrow if dtypes else None, own if self._level else None)

    def _parameters(self) -> dict[str, Any]:
        """The parameters of the formula, in its order."""
        return self._arguments()

    def _summed(self, log_slope: Any) -> Any:
        return sum_last(log_slope, self.domain.event_dim, type(self).__name__)
