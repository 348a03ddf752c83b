"""Transforms of the parts of an array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.forward.dual import Dual
from fastdist.reals import as_index
from fastdist.transforms.transform import Shape, Transform, sum_last


class _Joined(Transform):
    """What transforms of parts along an axis share."""

    transforms: tuple[Transform, ...]
    dim: int

    def _freeze(self, tseq: Sequence[Transform], dim: int) -> None:
        who = type(self).__name__
        if not isinstance(tseq, (list, tuple)) or not tseq or not all(isinstance(t, Transform) for t in tseq):
            raise TypeError(f"{who}: tseq must be a sequence of transforms, at least one; got {tseq!r}")
        level = max(t._level for t in tseq)
        self._set(transforms=tuple(tseq), dim=as_index(dim, who, "dim"), _level=level)

    @property
    def bijective(self) -> bool:
        """Whether all transforms are bijections."""
        return all(t.bijective for t in self.transforms)

    def _parts(self, value: Any) -> list[Any]:
        """The parts of a value."""
        raise NotImplementedError

    def _together(self, parts: list[Any], ndim: int) -> Any:
        """The values of the parts, as one; `ndim` axes had what the parts were taken from."""
        raise NotImplementedError

    def _length(self) -> int:
        raise NotImplementedError

    def _value(self, value: Any) -> Any:
        array = value if isinstance(value, Dual) else self._array(value)
        who = type(self).__name__
        if not -array.ndim <= self.dim < array.ndim:
            raise ValueError(f"{who}: there is no axis {self.dim} in a value of shape {array.shape}")
        if array.shape[self.dim] != self._length():
            raise ValueError(f"{who}: axis {self.dim} must have length {self._length()}; got shape {array.shape}")
        return array

    def _mapped(self, value: Any, maps: list[Callable[[Any], Any]]) -> Any:
        array = self._value(value)
        return self._together([f(part) for f, part in zip(maps, self._parts(array), strict=True)], array.ndim)

    def _call(self, x: Any) -> Any:
        return self._mapped(x, [t.__call__ for t in self.transforms])

    def _inverse(self, y: Any) -> Any:
        return self._mapped(y, [t.inv.__call__ for t in self.transforms])

    def _call_and_log_det(self, x: Any) -> tuple[Any, Any]:
        array = self._value(x)
        together = zip(self.transforms, self._parts(array), strict=True)
        pairs = [t.forward_and_log_det(p) if self._level else t._call_and_log_det(p) for t, p in together]
        events = max(t.domain.event_dim for t in self.transforms)
        terms = [
            sum_last(term, events - t.domain.event_dim, type(self).__name__)
            for t, (_, term) in zip(self.transforms, pairs, strict=True)
        ]
        axis = self.dim if self.dim < 0 else self.dim - array.ndim
        if axis >= -self.domain.event_dim:
            total = terms[0]
            for term in terms[1:]:
                total = total + term
        else:
            total = self._together(terms, array.ndim - events) if self.dim >= 0 else self._terms(terms, axis + events)
        return self._together([y for y, _ in pairs], array.ndim), total

    def _terms(self, terms: list[Any], axis: int) -> Any:
        raise NotImplementedError

    def _along(self, value: Any, ndim: int) -> list[Any]:
        """The parts of an array that has more axes behind its first `ndim`."""
        raise NotImplementedError

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        triples = zip(self._parts(x), self._parts(y), self._along(tangent, x.ndim), strict=True)
        parts = [t._push(*triple) for t, triple in zip(self.transforms, triples, strict=True)]
        return self._joined(parts, self.dim % y.ndim)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        triples = zip(self._parts(x), self._parts(y), self._parts(slope), strict=True)
        parts = [t._pull(*triple) for t, triple in zip(self.transforms, triples, strict=True)]
        return self._joined(parts, self.dim % y.ndim)

    def _moving(self, shape: Shape) -> dict[str, Any]:
        parts = self._parts(np.broadcast_to(0.0, shape))
        each = [t._moving(np.shape(part)) for t, part in zip(self.transforms, parts, strict=True)]
        return dict(self._placed(each, parts, len(shape)))

    def _moves(self, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        parts = self._parts(y)
        each = [t._moves(*pair) for t, *pair in zip(self.transforms, self._parts(x), parts, strict=True)]
        values, logs = (
            dict(self._placed([{name: pair[i] for name, pair in own.items()} for own in each], parts, y.ndim))
            for i in (0, 1)
        )
        return {name: (value, logs[name]) for name, value in values.items()}

    def _carried_call(self, x: Any) -> Any:
        return self._call(x)

    def _carried_log_det(self, x: Any) -> Any:
        return self._call_and_log_det(x)[1]

    def _inverted(self) -> Transform:
        if not self._level:
            return super()._inverted()
        inverse = type(self)(**{**self._arguments(), "tseq": [t.inv for t in self.transforms]})
        inverse._set(_inv=self)
        return inverse

    def _below(self, level: int) -> Transform:
        return type(self)(**{**self._arguments(), "tseq": [t._below(level) for t in self.transforms]})

    def _carried(self, shape: Shape, level: int) -> dict[str, Any]:
        parts = self._parts(np.broadcast_to(0.0, shape))
        each = [t._carried(np.shape(part), level) for t, part in zip(self.transforms, parts, strict=True)]
        return dict(self._placed(each, parts, len(shape)))

    def _placed(self, each: list[dict[str, Any]], parts: list[Any], ndim: int) -> Iterator[tuple[str, Any]]:
        """What is known of the parameters of each part, with the axes of the whole: 0 in the other parts."""
        for j, own in enumerate(each):
            for name, array in own.items():
                others = [np.zeros(np.shape(part)) for part in parts]
                others[j] = array
                yield f"transforms_{j}_{name}", self._joined(others, self.dim % ndim)

    def _joined(self, parts: list[Any], axis: int) -> np.ndarray:
        raise NotImplementedError


class CatTransform(_Joined):
    """Transforms of the parts of a value along an axis.

    Parameters
    ----------
    tseq : sequence of Transform
    dim : int
        The axis of the value.
    lengths : sequence of int, optional
        How long each part is: 1 if not given.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    TypeError, ValueError
        If `tseq` is not a sequence of transforms, or `lengths` do not fit.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms
    >>> t.CatTransform([t.ExpTransform(), t.identity_transform], lengths=[1, 2])([0.0, 1.0, 2.0])
    array([1., 1., 2.])
    """

    lengths: tuple[int, ...]

    def __init__(
        self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0
    ) -> None:
        super().__init__(cache_size)
        self._freeze(tseq, dim)
        given = (1,) * len(self.transforms) if lengths is None else tuple(lengths)
        if len(given) != len(self.transforms):
            raise ValueError(f"CatTransform: there are {len(self.transforms)} transforms and {len(given)} lengths")
        self._set(lengths=tuple(as_index(n, "CatTransform", "lengths") for n in given))
        if any(n < 0 for n in self.lengths):
            raise ValueError(f"CatTransform: lengths must not be negative; got {lengths!r}")

    @property
    def length(self) -> int:
        """The length of the axis."""
        return sum(self.lengths)

    @property
    def domain(self) -> Any:
        """The domains of the parts."""
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        """The codomains of the parts."""
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)

    def _length(self) -> int:
        return self.length

    def _parts(self, value: Any) -> list[Any]:
        return np.split(value, np.cumsum(self.lengths)[:-1], axis=self.dim)

    def _along(self, value: Any, ndim: int) -> list[Any]:
        return np.split(value, np.cumsum(self.lengths)[:-1], axis=self.dim % ndim)

    def _joined(self, parts: list[Any], axis: int) -> np.ndarray:
        return np.concatenate(parts, axis=axis)

    def _together(self, parts: list[Any], ndim: int) -> Any:
        return np.concatenate(parts, axis=self.dim)

    def _terms(self, terms: list[Any], axis: int) -> Any:
        return np.concatenate(terms, axis=axis)

    def _arguments(self) -> dict[str, Any]:
        return {"tseq": self.transforms, "dim": self.dim, "lengths": self.lengths}


class StackTransform(_Joined):
    """Transforms of the slices of a value along an axis, one for each.

    Parameters
    ----------
    tseq : sequence of Transform
    dim : int
        The axis of the value.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    TypeError
        If `tseq` is not a sequence of transforms.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms
    >>> t.StackTransform([t.ExpTransform(), t.identity_transform], dim=1)([[0.0, 1.0], [1.0, 2.0]])
    array([[1.        , 1.        ], [2.71828183, 2.        ]])
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self._freeze(tseq, dim)

    @property
    def domain(self) -> Any:
        """The domains of the slices."""
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        """The codomains of the slices."""
        return constraints.stack([t.codomain for t in self.transforms], self.dim)

    def _length(self) -> int:
        return len(self.transforms)

    def _parts(self, value: Any) -> list[Any]:
        return list(np.moveaxis(value, self.dim, 0))

    def _along(self, value: Any, ndim: int) -> list[Any]:
        return list(np.moveaxis(value, self.dim % ndim, 0))

    def _joined(self, parts: list[Any], axis: int) -> np.ndarray:
        return np.stack(parts, axis=axis)

    def _together(self, parts: list[Any], ndim: int) -> Any:
        return np.stack(parts, axis=self.dim)

    def _terms(self, terms: list[Any], axis: int) -> Any:
        return np.stack(terms, axis=axis)

    def _arguments(self) -> dict[str, Any]:
        return {"tseq": self.transforms, "dim": self.dim}


__all__ = ["CatTransform", "Shape", "StackTransform"]
