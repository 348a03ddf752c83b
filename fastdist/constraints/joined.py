"""Constraints on parts of a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastdist.constraints.constraint import Constraint


def _constraints(who: str, given: Sequence[Constraint]) -> tuple[Constraint, ...]:
    """The constraints of a sequence that is not empty."""
    found = tuple(given)
    if not found or not all(isinstance(c, Constraint) for c in found):
        raise TypeError(f"{who}: cseq must be constraints, at least one; got {given!r}")
    return found


def _axis(self: Cat | Stack, value: Any, length: int) -> int:
    """The axis along which parts lie, counted from the first; it must have this length."""
    if not -value.ndim <= self.dim < value.ndim:
        raise ValueError(f"{self!r}: there is no axis {self.dim} in a value of shape {value.shape}")
    if value.shape[self.dim] != length:
        raise ValueError(f"{self!r}: axis {self.dim} must have length {length}; got shape {value.shape}")
    return self.dim % value.ndim


def _together(self: Cat | Stack, checks: list[Any], axis: int, joined: Any) -> Any:
    """The results of the parts along an axis of the value, counted from its last, or all as one inside an event."""
    events = max(c.event_dim for c in self.cseq)
    parts = []
    for constraint, check in zip(self.cseq, checks, strict=True):
        extra = events - constraint.event_dim
        parts.append(np.asarray(check).all(axis=tuple(range(-extra, 0))) if extra else check)
    if axis >= -self.event_dim:
        return np.logical_and.reduce(parts)
    return joined(parts, axis=axis + events)


class Cat(Constraint):
    """Constraints on the parts of a value along an axis.

    Parameters
    ----------
    cseq : sequence of Constraint
    dim : int
        The axis of the value.
    lengths : sequence of int, optional
        How long each part is: 1 if not given.

    Notes
    -----
    :meth:`check` puts the results of the parts together along the axis; where the axis belongs to an event it says
    whether all parts are valid.
    """

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        self.cseq = _constraints("cat", cseq)
        self.lengths = (1,) * len(self.cseq) if lengths is None else tuple(int(length) for length in lengths)
        if len(self.lengths) != len(self.cseq):
            raise ValueError(f"cat: there are {len(self.cseq)} constraints and {len(self.lengths)} lengths")
        self.dim = dim
        self.is_discrete = any(c.is_discrete for c in self.cseq)
        self.event_dim = max(c.event_dim for c in self.cseq)

    def check(self, value: Any) -> Any:
        value = self._events(value)
        axis = _axis(self, value, sum(self.lengths))
        ends = np.cumsum(self.lengths)[:-1]
        parts = np.split(value, ends, axis=axis)
        checks = [c.check(part) for c, part in zip(self.cseq, parts, strict=True)]
        return _together(self, checks, axis - value.ndim, np.concatenate)

    def _identity(self) -> tuple[Any, ...]:
        return self.cseq, self.dim, self.lengths

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Cat) else NotImplemented

    __hash__ = Constraint.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.cseq)!r}, dim={self.dim}, lengths={list(self.lengths)})"


class Stack(Constraint):
    """Constraints on the slices of a value along an axis, one for each.

    Parameters
    ----------
    cseq : sequence of Constraint
    dim : int
        The axis of the value.
    """

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        self.cseq = _constraints("stack", cseq)
        self.dim = dim
        self.is_discrete = any(c.is_discrete for c in self.cseq)
        own = max(c.event_dim for c in self.cseq)
        self.event_dim = own + (-own <= dim < 0)

    def check(self, value: Any) -> Any:
        value = self._events(value)
        axis = _axis(self, value, len(self.cseq))
        slices = np.moveaxis(value, axis, 0)
        if not len(self.cseq):
            return np.full(value.shape, True)
        checks = [c.check(part) for c, part in zip(self.cseq, slices, strict=True)]
        return _together(self, checks, axis - value.ndim, np.stack)

    def _identity(self) -> tuple[Any, ...]:
        return self.cseq, self.dim

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Stack) else NotImplemented

    __hash__ = Constraint.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.cseq)!r}, dim={self.dim})"
