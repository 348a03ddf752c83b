"""Constraints: the sets in which parameters and values lie.

Names and meaning are those of ``torch.distributions.constraints``. A constraint is called on
arrays through :meth:`Constraint.check`; two constraints on the same set are equal.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

__all__ = [
    "Constraint",
    "boolean",
    "dependent",
    "greater_than",
    "greater_than_eq",
    "half_open_interval",
    "integer_interval",
    "interval",
    "is_dependent",
    "less_than",
    "nonnegative",
    "nonnegative_integer",
    "open_interval",
    "positive",
    "positive_integer",
    "real",
    "real_vector",
    "simplex",
    "unit_interval",
]


class Constraint:
    """A set of values.

    Attributes
    ----------
    lower, upper : float or array or None
        The ends of an interval; None where they depend on a distribution's parameters.
    closed_lower, closed_upper : bool
        Whether an end belongs to the set.
    is_discrete : bool
        Whether the set holds integers only.
    event_dim : int
        How many of the value's last axes make up one event.
    """

    lower: Any = -inf
    upper: Any = inf
    closed_lower = False
    closed_upper = False
    is_discrete = False
    event_dim = 0

    def check(self, value: Any) -> Any:
        """Whether each event of `value` lies in the set: booleans of the batch's shape."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        mine, others = self._identity(), other._identity()
        return all(np.array_equal(a, b) for a, b in zip(mine, others, strict=True))

    def __hash__(self) -> int:
        return hash(type(self).__name__)

    def _identity(self) -> tuple[Any, ...]:
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Interval(Constraint):
    """An interval of reals or of integers."""

    _ends: tuple[str, ...] = ("lower_bound", "upper_bound")

    def __init__(self, lower: Any = -inf, upper: Any = inf) -> None:
        self.lower = lower
        self.upper = upper

    @property
    def lower_bound(self) -> Any:
        """The lower end."""
        return self.lower

    @property
    def upper_bound(self) -> Any:
        """The upper end."""
        return self.upper

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        above = value >= self.lower if self.closed_lower else value > self.lower
        below = value <= self.upper if self.closed_upper else value < self.upper
        inside = above & below
        return inside & (value == np.floor(value)) if self.is_discrete else inside

    def _identity(self) -> tuple[Any, ...]:
        return self.lower, self.upper

    def __repr__(self) -> str:
        ends = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._ends)
        return f"{type(self).__name__}({ends})"


class Interval(_Interval):
    """lower <= value <= upper."""

    closed_lower = closed_upper = True


class OpenInterval(_Interval):
    """lower < value < upper."""


class HalfOpenInterval(_Interval):
    """lower <= value < upper."""

    closed_lower = True


class GreaterThan(_Interval):
    """value > lower."""

    _ends = ("lower_bound",)

    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lower=lower_bound)


class GreaterThanEq(GreaterThan):
    """value >= lower."""

    closed_lower = True


class LessThan(_Interval):
    """value < upper."""

    _ends = ("upper_bound",)

    def __init__(self, upper_bound: Any) -> None:
        super().__init__(upper=upper_bound)


class Real(_Interval):
    """Any finite number."""

    _ends = ()

    def __init__(self) -> None:
        super().__init__()


class IntegerInterval(_Interval):
    """lower <= value <= upper, integers only."""

    is_discrete = True
    closed_lower = closed_upper = True


class IntegerGreaterThanEq(_Interval):
    """value >= lower, integers only."""

    is_discrete = True
    closed_lower = True
    _ends = ("lower_bound",)

    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lower=lower_bound)


class Boolean(Constraint):
    """0 or 1."""

    is_discrete = True
    lower, upper = 0.0, 1.0
    closed_lower = closed_upper = True

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        return (value == 0) | (value == 1)


class RealVector(Constraint):
    """A vector of finite numbers."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        return np.isfinite(value).all(axis=-1)


class Simplex(Constraint):
    """A vector of nonnegative numbers with sum 1, to 1e-6."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        return (value >= 0).all(axis=-1) & (abs(value.sum(axis=-1) - 1) < 1e-6)


class Weights(Constraint):
    """A vector of nonnegative finite numbers that are not all 0."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        return ((value >= 0) & (value < inf)).all(axis=-1) & (value > 0).any(axis=-1)


class Logits(Constraint):
    """A vector of numbers below inf that are not all -inf."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        return (value < inf).all(axis=-1) & (value > -inf).any(axis=-1)


class Dependent(Constraint):
    """A set that depends on a distribution's parameters: ask an instance for it."""

    lower = upper = None

    def __init__(self, is_discrete: bool = False, event_dim: int = 0, closed: bool = True) -> None:
        self.is_discrete = is_discrete
        self.event_dim = event_dim
        self.closed_lower = self.closed_upper = closed

    def check(self, value: Any) -> Any:
        raise ValueError("a dependent constraint has no set of its own: take it from an instance")

    def _identity(self) -> tuple[Any, ...]:
        return self.is_discrete, self.event_dim


def is_dependent(constraint: Constraint) -> bool:
    """Whether the set depends on a distribution's parameters."""
    return isinstance(constraint, Dependent)


boolean = Boolean()
dependent = Dependent()
greater_than = GreaterThan
greater_than_eq = GreaterThanEq
half_open_interval = HalfOpenInterval
integer_interval = IntegerInterval
interval = Interval
less_than = LessThan
open_interval = OpenInterval
nonnegative = GreaterThanEq(0.0)
nonnegative_integer = IntegerGreaterThanEq(0)
positive = GreaterThan(0.0)
positive_integer = IntegerGreaterThanEq(1)
real = Real()
real_vector = RealVector()
simplex = Simplex()
unit_interval = Interval(0.0, 1.0)
logits = Logits()
weights = Weights()


class dependent_property(property):
    """A support that depends on the parameters: of a class a `Dependent`, of an instance the set itself."""

    def __init__(
        self, getter: Any = None, *, is_discrete: bool = False, event_dim: int = 0, closed: bool = True
    ) -> None:
        super().__init__(getter)
        self._dependent = Dependent(is_discrete, event_dim, closed)

    def __call__(self, getter: Any) -> dependent_property:
        self.__init__(  # type: ignore[misc]
            getter,
            is_discrete=self._dependent.is_discrete,
            event_dim=self._dependent.event_dim,
            closed=self._dependent.closed_lower,
        )
        return self

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._dependent if instance is None else super().__get__(instance, owner)
