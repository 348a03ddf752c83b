"""Transforms after each other, and transforms of events along more axes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.constraints import Constraint
from fastdist.engine.device import negative, plus
from fastdist.forward.dual import Dual, as_array
from fastdist.reals import as_index
from fastdist.transforms import tangents
from fastdist.transforms.chain import Fused, Piece
from fastdist.transforms.elementwise import Elementwise
from fastdist.transforms.transform import Shape, Transform, sum_last


class ComposeTransform(Transform):
    """Transforms after each other, the first one first.

    Parts that are maps of single numbers and follow each other are compiled into one: the value, the inverse and the
    log determinant of such a chain are one pass over memory each.

    Parameters
    ----------
    parts : sequence of Transform
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    TypeError
        If a part is not a transform.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms
    >>> chain = t.ComposeTransform([t.AffineTransform(1.0, 2.0), t.ExpTransform()])
    >>> chain(0.0)
    np.float64(2.718281828459045)
    >>> chain.inv([1.0, 2.0])
    array([-0.5       , -0.15342641])
    >>> chain.log_abs_det_jacobian(0.0)
    np.float64(1.6931471805599454)
    """

    parts: tuple[Transform, ...]
    _event_dims: tuple[int, int]
    _prefixes: tuple[str, ...]

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        given = tuple(parts) if isinstance(parts, (list, tuple)) else ()
        if not isinstance(parts, (list, tuple)) or not all(isinstance(part, Transform) for part in given):
            raise TypeError(f"ComposeTransform: parts must be a sequence of transforms; got {parts!r}")
        self._set(parts=given, _level=max((part._level for part in given), default=0))
        self._set(_event_dims=(self._event_dim_of(True), self._event_dim_of(False)))
        self._runs()

    def _event_dim_of(self, domain: bool) -> int:
        """The axes that an event has on one side, of which each part has at least its own."""
        ends = [(part.domain.event_dim, part.codomain.event_dim) for part in self.parts]
        if domain:
            ends = [(after, before) for before, after in reversed(ends)]
        event_dim = ends[0][0] if ends else 0
        for before, after in ends:
            event_dim = max(event_dim + after - before, after)
        return event_dim

    def _end(self, constraint: Constraint, event_dim: int) -> Constraint:
        extra = event_dim - constraint.event_dim
        return constraints.independent(constraint, extra) if extra else constraint

    @property
    def domain(self) -> Any:
        """The domain of the first part; its events have the axes that any part needs."""
        return self._end(self.parts[0].domain, self._event_dims[0]) if self.parts else constraints.real

    @property
    def codomain(self) -> Any:
        """The codomain of the last part; its events have the axes that any part needs."""
        return self._end(self.parts[-1].codomain, self._event_dims[1]) if self.parts else constraints.real

    @property
    def bijective(self) -> bool:
        """Whether all parts are bijections."""
        return all(part.bijective for part in self.parts)

    @property
    def sign(self) -> Any:
        """The product of the signs of the parts."""
        sign: Any = 1
        for part in self.parts:
            sign = sign * part.sign
        return sign

    def _inverted(self) -> Transform:
        inverse = ComposeTransform([part.inv for part in reversed(self.parts)], self._cache_size)
        inverse._set(_inv=self, _cached_by=self)
        return inverse

    def __call__(self, x: Any) -> Any:
        """The value of the transform at `x`."""
        other = self.__dict__.get("_cached_by") if self._cache_size and not self._level else None
        return super().__call__(x) if other is None or type(x) is Dual else other._inv_call(x)

    def forward_shape(self, shape: Shape) -> Shape:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return tuple(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return tuple(shape)

    def log_abs_det_jacobian(self, x: Any, y: Any = None) -> Any:
        """Log of the absolute determinant of the Jacobian at `x`, whose value is `y`: of the batch's shape."""
        self._check_bijective("log_abs_det_jacobian")
        if type(x) is Dual or self._level:
            return tangents.log_det(self, x)
        pieces = self._pieces()
        if y is not None and pieces and all(piece.link.inverted for piece in pieces):
            return negative(self.inv._log_det(y))
        return self._log_det(x)

    def _runs(self) -> tuple[Transform, ...]:
        """The parts, of which those that are maps of numbers and follow each other are one."""
        runs = self.__dict__.get("_joined")
        if runs is None:
            found: list[Transform] = []
            prefixes: list[str] = []
            for fusible, group in itertools.groupby(enumerate(self.parts), lambda part: part[1]._pieces() is not None):
                numbers, members = zip(*group, strict=True)
                found += [_Chain(members, numbers[0])] if fusible else members
                prefixes += [""] if fusible else [f"{number}_" for number in numbers]
            runs = (_Chain((), 0),) if not found else tuple(found)
            self._set(_joined=runs, _prefixes=tuple(prefixes))
        return runs

    def _named_runs(self) -> list[tuple[Transform, str]]:
        """The same, each with what stands before its names of parameters to say of which part they are."""
        return list(zip(self._runs(), self._prefixes or ("",), strict=True))

    def _call(self, x: Any) -> Any:
        for part in self._runs():
            x = part(x)
        return x

    def _inverse(self, y: Any) -> Any:
        for part in reversed(self._runs()):
            y = part._inverse(y)
        return y

    def _log_det(self, x: Any) -> Any:
        runs = self._runs()
        return runs[0]._log_det(x) if len(runs) == 1 else self._call_and_log_det(x)[1]

    def _call_and_log_det(self, x: Any) -> tuple[Any, Any]:
        terms = []
        event_dim = self._event_dims[0]
        for part in self._runs():
            x, term = part._call_and_log_det(x)
            terms.append(sum_last(term, event_dim - part.domain.event_dim, type(self).__name__))
            event_dim += part.codomain.event_dim - part.domain.event_dim
        return x, functools.reduce(plus, terms)

    def _inverse_and_log_det(self, y: Any) -> tuple[Any, Any]:
        terms = []
        event_dim = self._event_dims[1]
        for part in reversed(self._runs()):
            y, term = part._inverse_and_log_det(y)
            terms.append(sum_last(term, event_dim - part.codomain.event_dim, type(self).__name__))
            event_dim += part.domain.event_dim - part.codomain.event_dim
        return y, functools.reduce(plus, terms)

    def _carried_call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x

    def _carried_log_det(self, x: Any) -> Any:
        total: Any = 0.0
        event_dim = self._event_dims[0]
        for part in self.parts:
            term = part.log_abs_det_jacobian(x)
            total = total + sum_last(term, event_dim - part.domain.event_dim, type(self).__name__)
            event_dim += part.codomain.event_dim - part.domain.event_dim
            x = part(x)
        return total

    def _below(self, level: int) -> Transform:
        if self._level < level:
            return self
        return ComposeTransform([part._below(level) for part in self.parts], self._cache_size)

    def _carried(self, shape: Shape, level: int) -> dict[str, Any]:
        found, first = {}, 0
        for part in self.parts:
            found.update({f"parts_{first}_{name}": dual for name, dual in part._carried(shape, level).items()})
            first += len(part._pieces() or ("one",))
        return found

    def _values(self, x: np.ndarray) -> list[tuple[Transform, np.ndarray, np.ndarray]]:
        """Each part with its value before and after."""
        found = []
        for part in self._runs():
            y = as_array(part(x))
            found.append((part, x, y))
            x = y
        return found

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        for part, before, after in self._values(x):
            tangent = part._push(before, after, tangent)
        return tangent

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        for part, before, after in self._values(x):
            slope = part._pull(before, after, slope)
        return slope

    def _moving(self, shape: Shape) -> dict[str, Any]:
        if self._pieces() is None:
            return {}
        return {f"parts_{name}": value for name, value in self._runs()[0]._moving(shape).items()}

    def _moves(self, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        if self._pieces() is None:
            return {}
        return {f"parts_{name}": found for name, found in self._runs()[0]._moves(x, y).items()}

    def forward_and_grad(self, x: Any) -> tuple[Any, ...]:
        """As :meth:`fastdist.transforms.AffineTransform.forward_and_grad`, where all parts are maps of numbers."""
        self._check_bijective("forward_and_grad")
        runs = self._runs()
        if len(runs) > 1 or not isinstance(runs[0], _Chain):
            raise NotImplementedError(f"{type(self).__name__}.forward_and_grad: not all parts are maps of numbers")
        return tangents.of_chain(runs[0], x) if self._level else runs[0].forward_and_grad(x)

    def _pieces(self) -> tuple[Piece, ...] | None:
        runs = self._runs()
        return runs[0]._pieces() if len(runs) == 1 and isinstance(runs[0], _Chain) else None

    def _arguments(self) -> dict[str, Any]:
        return {"parts": self.parts}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.parts)!r})"


class _Chain(Elementwise):
    """Consecutive maps of numbers, as one."""

    _all: tuple[Piece, ...]
    _events: Constraint
    _first: int

    def __init__(self, parts: tuple[Transform, ...], first: int) -> None:
        super().__init__()
        pieces: list[Piece] = []
        for part in parts:
            pieces += part._pieces() or ()
        event_dim = max((part.domain.event_dim for part in parts), default=0)
        self._set(
            _events=constraints.independent(constraints.real, event_dim) if event_dim else constraints.real,
            _all=tuple(pieces),
            _first=first,
            _fused_chain=Fused(tuple(pieces), "ComposeTransform"),
        )

    @property
    def domain(self) -> Any:
        return self._events

    @property
    def codomain(self) -> Any:
        return self._events

    def _pieces(self) -> tuple[Piece, ...]:
        return self._all

    def _name(self, link: int, name: str) -> str:
        return f"{self._first + link}_{name}"


identity_transform = ComposeTransform([])
"""The map of each number to itself."""


class IndependentTransform(Transform):
    """A transform whose events have more axes: log determinants are summed over them.

    Parameters
    ----------
    base_transform : Transform
    reinterpreted_batch_ndims : int
        How many more of the last axes belong to an event.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    TypeError, ValueError
        If `base_transform` is not a transform, or `reinterpreted_batch_ndims` is not a nonnegative integer.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.IndependentTransform(fd.transforms.ExpTransform(), 1)
    >>> t.log_abs_det_jacobian([1.0, 2.0])
    np.float64(3.0)
    """

    base_transform: Transform
    reinterpreted_batch_ndims: int

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        who = type(self).__name__
        if not isinstance(base_transform, Transform):
            raise TypeError(f"{who}: base_transform must be a transform; got {base_transform!r}")
        ndims = as_index(reinterpreted_batch_ndims, who, "reinterpreted_batch_ndims")
        if ndims < 0:
            raise ValueError(f"{who}: reinterpreted_batch_ndims must not be negative; got {ndims}")
        self._set(base_transform=base_transform, reinterpreted_batch_ndims=ndims, _level=base_transform._level)

    @property
    def domain(self) -> Any:
        """The domain of the base, along more axes."""
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @property
    def codomain(self) -> Any:
        """The codomain of the base, along more axes."""
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self) -> bool:
        """Whether the base is a bijection."""
        return self.base_transform.bijective

    @property
    def sign(self) -> Any:
        """The sign of the base."""
        return self.base_transform.sign

    def forward_shape(self, shape: Shape) -> Shape:
        return self.base_transform.forward_shape(self._at_least(shape, self.domain.event_dim))

    def inverse_shape(self, shape: Shape) -> Shape:
        return self.base_transform.inverse_shape(self._at_least(shape, self.codomain.event_dim))

    def _call(self, x: Any) -> Any:
        self._at_least(np.shape(x), self.domain.event_dim)
        return self.base_transform(x)

    def _inverse(self, y: Any) -> Any:
        self._at_least(np.shape(y), self.codomain.event_dim)
        return self.base_transform._inverse(y)

    def _log_det(self, x: Any) -> Any:
        return self._summed(self.base_transform._log_det(x))

    def _call_and_log_det(self, x: Any) -> tuple[Any, Any]:
        y, term = self.base_transform._call_and_log_det(x)
        return y, self._summed(term)

    def _inverse_and_log_det(self, y: Any) -> tuple[Any, Any]:
        x, term = self.base_transform._inverse_and_log_det(y)
        return x, self._summed(term)

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        return self.base_transform._push(x, y, tangent)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        return self.base_transform._pull(x, y, slope)

    def _carried_call(self, x: Any) -> Any:
        self._at_least(np.shape(x), self.domain.event_dim)
        return self.base_transform(x)

    def _carried_log_det(self, x: Any) -> Any:
        return self._summed(self.base_transform.log_abs_det_jacobian(x))

    def _inverted(self) -> Transform:
        if not self._level:
            return super()._inverted()
        inverse = IndependentTransform(self.base_transform.inv, self.reinterpreted_batch_ndims, self._cache_size)
        inverse._set(_inv=self)
        return inverse

    def _below(self, level: int) -> Transform:
        return type(self)(**{**self._arguments(), "base_transform": self.base_transform._below(level)})

    def _carried(self, shape: Shape, level: int) -> dict[str, Any]:
        return self.base_transform._carried(shape, level)

    def _moving(self, shape: Shape) -> dict[str, Any]:
        return self.base_transform._moving(shape)

    def _moves(self, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return self.base_transform._moves(x, y)

    def _summed(self, term: Any) -> Any:
        return sum_last(term, self.reinterpreted_batch_ndims, type(self).__name__)

    def _pieces(self) -> tuple[Piece, ...] | None:
        return self.base_transform._pieces()

    def _arguments(self) -> dict[str, Any]:
        return {
            "base_transform": self.base_transform,
            "reinterpreted_batch_ndims": self.reinterpreted_batch_ndims,
        }


def leaves(transforms: Any) -> list[Transform]:
    """Transforms that are not made of others, in order."""
    given = [transforms] if isinstance(transforms, Transform) else transforms
    found: list[Transform] = []
    for transform in given if isinstance(given, (list, tuple)) else (None,):
        if not isinstance(transform, Transform):
            raise TypeError(
                f"TransformedDistribution: transforms must be a transform or a sequence of them; got {transforms!r}"
            )
        if isinstance(transform, ComposeTransform):
            found += leaves(transform.parts)
        elif isinstance(transform, IndependentTransform) and not transform.reinterpreted_batch_ndims:
            found += leaves(transform.base_transform)
        elif isinstance(transform, IndependentTransform):
            inner, more = leaves(transform.base_transform), transform.reinterpreted_batch_ndims
            same = len(inner) == 1 and inner[0] is transform.base_transform
            found += [transform] if same else [IndependentTransform(step, more) for step in inner]
        else:
            found.append(transform)
    return found
