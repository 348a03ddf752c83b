"""Constraints on vectors."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from fastdist.constraints.constraint import Constraint, GreaterThan, Independent, Real, plain

# How far sums and norms may be from what they should be, as in torch.
TOLERANCE = 1e-6


class RealVector(Independent):
    """A vector of finite numbers."""

    def __init__(self) -> None:
        super().__init__(Real(), 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PositiveVector(Independent):
    """A vector of positive finite numbers."""

    def __init__(self) -> None:
        super().__init__(GreaterThan(0.0), 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class OneHot(Constraint):
    """A vector of zeros and a single one."""

    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return ((value == 0) | (value == 1)).all(axis=-1) & (value.sum(axis=-1) == 1)


class Multinomial(Constraint):
    """A vector of nonnegative integers with the sum `total_count`, which torch only takes for an upper bound."""

    is_discrete = True
    event_dim = 1

    def __init__(self, total_count: Any) -> None:
        self.total_count = total_count

    def check(self, value: Any) -> Any:
        value = self._events(value)
        whole = ((value >= 0) & (value == np.floor(value))).all(axis=-1)
        return whole & (value.sum(axis=-1) == self.total_count)

    def _identity(self) -> tuple[Any, ...]:
        return (self.total_count,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(total_count={plain(self.total_count)!r})"


class Simplex(Constraint):
    """A vector of nonnegative numbers with sum 1, to 1e-6."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return (value >= 0).all(axis=-1) & (abs(value.sum(axis=-1) - 1) < 1e-6)


class Weights(Constraint):
    """A vector of nonnegative finite numbers that are not all 0."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return ((value >= 0) & (value < inf)).all(axis=-1) & (value > 0).any(axis=-1)


class Logits(Constraint):
    """A vector of numbers below inf that are not all -inf."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return (value < inf).all(axis=-1) & (value > -inf).any(axis=-1)


class OrderedVector(Constraint):
    """A vector of finite numbers, each above the one before it."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return np.isfinite(value).all(axis=-1) & (value[..., 1:] > value[..., :-1]).all(axis=-1)


class Sphere(Constraint):
    """A vector of Euclidean norm 1, to 1e-6."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return abs(np.sqrt(np.square(finite(value)).sum(axis=-1)) - 1) < TOLERANCE


def finite(value: Any) -> Any:
    """NaN in the place of numbers whose squares are of no interest, because they overflow."""
    return np.where(abs(value) < 1e18, value, np.nan)
