"""The union of the supports of a mixture's components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastdist.constraints import Constraint


class AnyOf(Constraint):
    """Events that lie in at least one of several sets; `lower` and `upper` are the ends of all of them together.

    Parameters
    ----------
    cseq : sequence of Constraint
        The sets, or one that stands for all components: then its ends have those along their last axis.
    """

    def __init__(self, cseq: Sequence[Constraint]) -> None:
        self.cseq = tuple(cseq)
        first = self.cseq[0]
        self.is_discrete, self.event_dim = first.is_discrete, first.event_dim
        lows, highs = [c.lower for c in self.cseq], [c.upper for c in self.cseq]
        if len(self.cseq) == 1:
            self.lower = np.min(lows[0], axis=-1) if np.ndim(lows[0]) else lows[0]
            self.upper = np.max(highs[0], axis=-1) if np.ndim(highs[0]) else highs[0]
        else:
            self.lower = np.min(np.broadcast_arrays(*lows), axis=0)[()]
            self.upper = np.max(np.broadcast_arrays(*highs), axis=0)[()]
        self.closed_lower = any(c.closed_lower for c in self.cseq)
        self.closed_upper = any(c.closed_upper for c in self.cseq)

    def check(self, value: Any) -> Any:
        value = self._events(value)
        if len(self.cseq) == 1:
            return np.any(self.cseq[0].check(np.expand_dims(value, value.ndim - self.event_dim)), axis=-1)
        return np.logical_or.reduce(np.broadcast_arrays(*(c.check(value) for c in self.cseq)))

    def _identity(self) -> tuple[Any, ...]:
        return self.cseq

    def __eq__(self, other: object) -> bool:
        return self.cseq == other.cseq if isinstance(other, AnyOf) else NotImplemented

    __hash__ = Constraint.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.cseq)!r})"


def union(sets: Sequence[Constraint]) -> Constraint:
    """The set of events that lie in any of these sets."""
    distinct = [c for i, c in enumerate(sets) if c not in sets[:i]]
    if len(distinct) > 1:
        return AnyOf(distinct)
    return distinct[0]
